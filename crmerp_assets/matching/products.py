"""How products are matched: by the code both systems know them by, then by name, sizes and unit."""

from crmerp_assets.matching import fragments as f
from crmerp_assets.matching.spec import Feature, Key, Spec

_WORDS = "string_split(spelled, ' ')"

PRODUCTS = Spec(
    "product",
    inputs={
        "sku": ("sku", "raw"),
        "name": ("name", "text"),
        "unit": ("unit", "text"),
        "category": ("category", "text"),
    },
    columns={
        "sku": f.filled(r"regexp_replace(regexp_replace(upper(in_sku), '[^A-Z0-9]', '', 'g'), '^0+', '')"),
        "spelled": f.spaced("in_name"),
        "name": f.filled("replace(spelled, ' ', '')"),
        "words": f.hashed(_WORDS),
        "sizes": "list_sort(regexp_extract_all(spelled, '[0-9]+'))",
        "unit": f.filled("rtrim(regexp_replace(in_unit, '[^a-z0-9]+', '', 'g'), 's')"),
        "category": f.filled("regexp_replace(in_category, '[^a-z0-9]+', '', 'g')"),
    },
    counted={"name": "count(*)"},
    words=_WORDS,
    identity=("sku", "name", "unit", "category"),
    keys=(
        Key("sku", "sku"),
        Key("name", "name"),
        Key("sku and name", "left(sku, 5) || '|' || left(name, 3)"),
        Key(
            "start of name", "CASE WHEN length(name) >= 5 THEN left(name, 5) || '|' || array_to_string(sizes, ',') END"
        ),
    ),
    features=(
        Feature(
            "sku",
            """CASE WHEN a.sku IS NULL OR b.sku IS NULL THEN 0 WHEN a.sku = b.sku THEN 2
                WHEN least(length(a.sku), length(b.sku)) >= 4
                 AND (starts_with(a.sku, b.sku) OR starts_with(b.sku, a.sku)) THEN 1 ELSE -1 END""",
            {2: "same code", 1: "one code is the start of the other", -1: "different codes"},
        ),
        Feature(
            "name",
            """CASE WHEN a.name IS NULL OR b.name IS NULL THEN 0
                WHEN a.sizes <> b.sizes THEN -2
                WHEN a.name = b.name THEN CASE WHEN a.name_n <= 3 THEN 5 ELSE 4 END
                WHEN a.words = b.words THEN 3
                WHEN similarity >= 0.94 THEN 2
                WHEN shared = least(len(a.words), len(b.words)) OR similarity >= 0.85 THEN 1
                ELSE -1 END""",
            {
                5: "same name",
                4: "same name, but of many",
                3: "same words in another order",
                2: "almost the same name",
                1: "similar names",
                -1: "different names",
                -2: "names with different sizes or numbers",
            },
        ),
        Feature(
            "unit",
            "CASE WHEN a.unit IS NULL OR b.unit IS NULL THEN 0 WHEN a.unit = b.unit THEN 1 ELSE -1 END",
            {1: "same unit", -1: "different units"},
        ),
        Feature(
            "category",
            "CASE WHEN a.category IS NULL OR b.category IS NULL THEN 0 WHEN a.category = b.category THEN 1 ELSE -1 END",
            {1: "same category", -1: "different categories"},
        ),
    ),
    guards=("sku",),
    settles=("sku",),
)
