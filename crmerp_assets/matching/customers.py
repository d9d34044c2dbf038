"""How companies are matched."""

from crmerp_assets.matching import fragments as f
from crmerp_assets.matching.spec import WEAK, Feature, Key, Spec

_WORDS = "string_split(core, ' ')"
_COLUMNS = {
    **f.company("in_name", "in_city"),
    "name": f.folded("core"),
    "words": f.hashed(_WORDS),
    "numbers": "array_to_string(list_sort(regexp_extract_all(core, '[0-9]+')), ' ')",
    "label": "split_part(domain, '.', 1)",
    **f.tax_number("in_tax", "in_country"),
    **f.phone("in_phone", "in_dial", "in_trunk"),
    **f.address("in_street", "in_postcode", "in_city"),
    "site": "zip || '|' || house",
}

_NAMES = "count(DISTINCT left(name, 3))"
"""How many names share an address: a firm may be entered there often, and a building has many names."""

_NAME = Feature(
    "name",
    """CASE
        WHEN a.name IS NULL OR b.name IS NULL THEN 0
        WHEN a.name = b.name THEN CASE WHEN a.name_n <= 3 THEN 8 WHEN a.name_n <= 20 THEN 7 ELSE 6 END
        WHEN replace(a.dba, ' ', '') IN (b.name, replace(b.dba, ' ', '')) OR replace(b.dba, ' ', '') = a.name
          OR (least(length(a.name), length(b.name)) >= 24
            AND (starts_with(a.name, b.name) OR starts_with(b.name, a.name))) THEN 5
        WHEN similarity >= 0.94 THEN
          CASE WHEN a.numbers <> b.numbers AND a.numbers <> '' AND b.numbers <> '' THEN 1 ELSE 4 END
        WHEN shared = least(len(a.words), len(b.words)) THEN 3
        WHEN similarity >= 0.88 OR shared >= 2 AND 2 * shared >= least(len(a.words), len(b.words)) THEN 2
        WHEN similarity >= 0.75 THEN 1
        ELSE -1 END""",
    {
        8: "same name, and a rare one",
        7: "same name",
        6: "same name, but a common one",
        5: "one trades under the other's name, or one name is cut off",
        4: "almost the same name",
        3: "all words of one name are in the other",
        2: "similar names",
        1: "names alike in part, or but for a number",
        -1: "different names",
    },
)

CUSTOMERS = Spec(
    "customer",
    inputs={
        "name": ("name", "text"),
        "website": ("website", "host"),
        "email": ("email", "host"),
        "phone": ("phone", "raw"),
        "tax": ("tax_id", "raw"),
        "street": ("billing_street", "text"),
        "city": ("billing_city", "text"),
        "postcode": ("billing_postcode", "raw"),
        "country": ("billing_country", "country"),
    },
    columns={"domain": "coalesce(in_website, in_email)", **_COLUMNS, "country": "in_country"},
    counted={
        "name": "count(*)",
        "phone": "count(*)",
        "domain": "count(*)",
        "tax": "count(*)",
        "site": _NAMES,
    },
    words=_WORDS,
    place="country",
    identity=("name", "form", "tax", "domain", "phone", "zip", "house", "road", "town", "country"),
    keys=(
        Key("tax", "tax"),
        Key("domain", "CASE WHEN length(label) < 5 THEN domain END"),
        Key("name", "CASE WHEN length(name) >= 3 THEN name END"),
        Key("name", "CASE WHEN length(dba) >= 4 AND replace(dba, ' ', '') <> name THEN replace(dba, ' ', '') END"),
        Key("phone", "phone"),
        Key("phone and name", "left(phone, length(phone) - 2) || '|' || left(name, 3)"),
        Key("postcode and name", "zip || '|' || left(name, 4)"),
        Key("address", "zip || '|' || house || '|' || left(road, 4)"),
        Key("street and name", "road || '|' || house || '|' || left(name, 4)"),
        Key("city and name", "town || '|' || left(name, 6)", WEAK),
        Key("name and city", "name || '|' || town"),
        Key("label", "CASE WHEN length(label) >= 5 THEN label END"),
        Key("label", "CASE WHEN length(name) >= 5 AND name IS DISTINCT FROM label THEN name END"),
    ),
    features=(
        _NAME,
        Feature(
            "tax",
            """CASE WHEN a.tax IS NULL OR b.tax IS NULL THEN 0
                WHEN a.tax = b.tax THEN CASE WHEN a.tax_n <= 6 THEN 3 ELSE 1 END
                WHEN length(a.tax) = length(b.tax) AND jaro_similarity(a.tax, b.tax, 0.92) >= 0.92 THEN 2
                ELSE -1 END""",
            {3: "same tax id", 2: "tax ids differ by a slip", 1: "same tax id, but of many", -1: "different tax ids"},
        ),
        Feature(
            "domain",
            """CASE WHEN a.domain = b.domain THEN CASE WHEN a.domain_n <= 6 THEN 4 ELSE 3 END
                WHEN a.label = b.name OR b.label = a.name THEN 2
                WHEN a.domain IS NULL OR b.domain IS NULL THEN 0
                WHEN a.label = b.label THEN 1 ELSE -1 END""",
            {
                4: "same web domain",
                3: "same web domain, but of many",
                2: "one's web domain is the other's name",
                1: "same web domain under another country",
                -1: "different web domains",
            },
        ),
        Feature(
            "phone",
            """CASE WHEN a.phone IS NULL OR b.phone IS NULL THEN 0
                WHEN a.phone = b.phone THEN CASE WHEN a.phone_n <= 3 THEN 4 WHEN a.phone_n <= 6 THEN 3 ELSE 1 END
                WHEN left(a.phone, length(a.phone) - 2) = left(b.phone, length(b.phone) - 2)
                 AND length(a.phone) >= 9
                THEN CASE WHEN greatest(a.phone_n, b.phone_n) <= 6 THEN 2 ELSE 0 END ELSE -1 END""",
            {
                4: "same phone",
                3: "same phone, but of several",
                1: "same phone, but of many",
                2: "phones that differ in the extension",
                -1: "different phones",
            },
        ),
        Feature(
            "address",
            """CASE
                WHEN a.house = b.house AND (a.zip = b.zip OR a.road = b.road AND coalesce(a.town = b.town, true))
                THEN CASE WHEN greatest(a.site_n, b.site_n) <= 2 THEN 5 ELSE 4 END
                WHEN a.zip = b.zip OR a.road = b.road AND a.town = b.town THEN 3
                WHEN a.town = b.town THEN 2
                WHEN a.zip <> b.zip OR a.town <> b.town OR a.road <> b.road THEN -1 ELSE 0 END""",
            {
                5: "same address",
                4: "same address, but of several names",
                3: "same street or postcode",
                2: "same city",
                -1: "different places",
            },
        ),
        Feature(
            "country",
            """CASE WHEN a.country IS NULL OR b.country IS NULL THEN 0 WHEN a.country = b.country THEN 1 ELSE -1 END""",
            {1: "same country", -1: "different countries"},
        ),
    ),
    guards=("tax", "phone"),
    settles=("tax", "country"),
    related={
        "group": "g_country < 0 AND (g_name >= 5 OR g_domain >= 2)",
        "brand": "g_country >= 0 AND g_tax < 0 AND (g_name >= 5 OR g_domain >= 3)",
    },
    neighbours={
        "building": "g_name IN (-1, 1) AND g_tax < 2 AND g_domain < 2 AND (g_phone >= 2 OR g_address >= 4)",
    },
)
