"""How people are matched: by name, e-mail, phone and the company they work for."""

from crmerp_assets.matching import fragments as f
from crmerp_assets.matching.spec import Feature, Key, Spec

_TITLES = r"^(?:(?:dr|prof|mr|mrs|ms|miss|mx|sir|herr|frau|mme|mlle|sig|sra|sr|ing|dipl|mag|rev)\b\.? *)+"
_AFTER = r"[ ,]+(?:jr|sr|ii|iii|iv|phd|md|mba|cpa|esq|dds|msc|bsc)\b\.?"
_PARTICLES = (
    r"\b(?:van der|van den|van de|van|von der|von|de la|de los|de|del|della|di|da|dos|du|le|la|al|el|bin|ibn"
    r"|ter|zu|af|av)\b"
)
_SHARED = (
    "info office sales contact admin hello mail support service accounting accounts invoices billing finance purchasing"
    " orders ap ar hr marketing team kontakt buchhaltung rechnung einkauf vertrieb ventas compras contabilidad"
)
_NICKNAMES = {
    "robert": "bob rob bobby robbie",
    "william": "bill will billy liam",
    "richard": "dick rick rich",
    "elizabeth": "liz beth betty lisa eliza",
    "katherine": "kate kathy katie cathy catherine kathryn katharina",
    "margaret": "peggy maggie meg",
    "james": "jim jimmy jamie",
    "john": "jack johnny jon",
    "michael": "mike mick mickey",
    "anthony": "tony",
    "edward": "ed eddie ted ned",
    "thomas": "tom tommy",
    "christopher": "chris",
    "alexander": "alex sasha sandy",
    "joseph": "joe joey sepp",
    "andrew": "andy drew",
    "jennifer": "jen jenny",
    "patricia": "pat patty tricia",
    "susan": "sue susie",
    "deborah": "deb debbie",
    "stephen": "steve steven stefan",
    "daniel": "dan danny",
    "matthew": "matt",
    "nicholas": "nick niko nicolas",
    "samuel": "sam",
    "benjamin": "ben",
    "charles": "charlie chuck karl carl",
    "francisco": "paco pancho",
    "jose": "pepe",
    "johannes": "hans johann",
    "friedrich": "fritz",
    "maximilian": "max",
    "sebastian": "basti",
    "timothy": "tim",
    "gregory": "greg",
    "jeffrey": "jeff geoffrey",
    "kenneth": "ken kenny",
    "ronald": "ron",
    "donald": "don",
    "lawrence": "larry",
    "raymond": "ray",
    "philip": "phil phillip",
    "victoria": "vicky",
    "rebecca": "becky",
    "barbara": "barb babs",
    "judith": "judy",
    "david": "dave",
}
_FULL = "MAP {" + ", ".join(f"'{nick}': '{name}'" for name, nicks in _NICKNAMES.items() for nick in nicks.split()) + "}"


def _part(value: str, *patterns: str) -> str:
    for pattern in patterns:
        value = f.replaced(value, pattern)
    return f.spaced(value)


_COLUMNS = {
    "first": _part("in_first_name", _TITLES),
    "last": _part("in_last_name", _TITLES, _AFTER),
    "_called": f"split_part({f.spaced(f.replaced('first', _PARTICLES))}, ' ', 1)",
    "given": f.filled(f"coalesce(element_at({_FULL}, _called)[1], _called)"),
    "family": f"coalesce({f.folded(f.replaced('last', _PARTICLES))}, {f.folded('last')})",
    "name": "nullif(concat(given, ' ', family), ' ')",
    "_box": f.filled("split_part(lower(in_email), '@', 1)"),
    "_shared": f"list_contains({_SHARED.split()!r}, _box)",
    "email": "CASE WHEN NOT _shared THEN lower(in_email) END",
    "mailbox": "CASE WHEN NOT _shared THEN _box END",
    **f.phone("in_phone", "NULL::VARCHAR", "''"),
    "company": "in_company",
}

CONTACTS = Spec(
    "contact",
    inputs={
        "first_name": ("first_name", "text"),
        "last_name": ("last_name", "text"),
        "email": ("email", "raw"),
        "phone": ("phone", "raw"),
        "company": ("customer_golden", "raw"),
    },
    columns=_COLUMNS,
    counted=dict.fromkeys(("name", "email", "phone"), "count(*)"),
    identity=("first", "last", "email", "phone", "company"),
    keys=(
        Key("email", "email"),
        Key("mailbox", "CASE WHEN length(mailbox) >= 6 THEN mailbox END"),
        Key("phone and name", "phone || '|' || left(family, 3)"),
        Key("phone and given name", "phone || '|' || left(given, 3)"),
        Key("company and family name", "company || '|' || left(family, 4)"),
        Key("company and given name", "company || '|' || given"),
        Key("name", "CASE WHEN length(given) > 0 THEN given || '|' || family END"),
        Key("name", "CASE WHEN length(given) > 0 AND given <> family THEN family || '|' || given END"),
    ),
    features=(
        Feature(
            "name",
            """CASE WHEN a.family IS NULL OR b.family IS NULL THEN 0
                WHEN a.name = b.name AND length(a.given) > 1 THEN CASE WHEN a.name_n <= 3 THEN 9 ELSE 8 END
                WHEN a.given = b.family AND b.given = a.family THEN 7
                WHEN a.family = b.family AND (left(a.given, 1) = b.given OR left(b.given, 1) = a.given
                  OR starts_with(a.given, b.given) OR starts_with(b.given, a.given)) THEN 6
                WHEN similarity >= 0.94 THEN 5
                WHEN a.given = b.given AND jaro_winkler_similarity(a.family, b.family, 0.85) >= 0.85
                  OR a.family = b.family AND jaro_winkler_similarity(a.given, b.given, 0.85) >= 0.85 THEN 4
                WHEN a.family = b.family AND (a.given IS NULL OR b.given IS NULL) THEN 3
                WHEN similarity >= 0.88 THEN 2
                WHEN a.family = b.family OR a.given = b.given THEN 1 ELSE -1 END""",
            {
                9: "same name, and a rare one",
                8: "same name",
                7: "given and family name swapped",
                6: "same family name, given name short for the other",
                5: "almost the same name",
                4: "one name the same, the other similar",
                3: "same family name, no given name",
                2: "similar names",
                1: "one of two names is the same",
                -1: "different names",
            },
        ),
        Feature(
            "email",
            """CASE WHEN a.email IS NULL OR b.email IS NULL THEN 0
                WHEN a.email = b.email THEN CASE WHEN a.email_n <= 3 THEN 4 ELSE 3 END
                WHEN a.mailbox = b.mailbox THEN 2
                WHEN jaro_similarity(a.email, b.email, 0.94) >= 0.94 THEN 1 ELSE -1 END""",
            {
                4: "same e-mail",
                3: "same e-mail, but of many",
                2: "same mailbox at another domain",
                1: "e-mails differ by a slip",
                -1: "different e-mails",
            },
        ),
        Feature(
            "phone",
            """CASE WHEN a.phone IS NULL OR b.phone IS NULL THEN 0
                WHEN a.phone = b.phone THEN CASE WHEN a.phone_n <= 3 THEN 3 ELSE 1 END
                WHEN length(a.phone) >= 9 AND left(a.phone, length(a.phone) - 2) = left(b.phone, length(b.phone) - 2)
                THEN CASE WHEN greatest(a.phone_n, b.phone_n) <= 3 THEN 2 ELSE 0 END ELSE -1 END""",
            {
                3: "same phone",
                1: "same phone, but of many",
                2: "phones that differ in the extension",
                -1: "different phones",
            },
        ),
        Feature(
            "company",
            "CASE WHEN a.company IS NULL OR b.company IS NULL THEN 0 WHEN a.company = b.company THEN 1 ELSE -1 END",
            {1: "at the same customer", -1: "at different customers"},
        ),
    ),
    guards=("email", "phone"),
    settles=("company",),
)
