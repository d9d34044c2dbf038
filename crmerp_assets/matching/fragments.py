"""SQL that several entities share: words of a name, phone numbers, tax numbers, addresses."""

import re

from crmerp_assets.standardise.company import LEADING_FORMS, TRAILING_FORMS

# What people add to a name that is not to be used any more, also where a name was cut off in the middle of it.
_NOISE = (
    r"\((?:do|dup|old|inact|clos|test|see|form|use)[^)]*(?:\)|$)|\*+|\bdo not\b.*$|[ -]+(?:duplicate|inactive|closed)$"
    r"|^(?:zz+|xx+|old|duplicate)[ _:-]+"
)
_TRADES_AS = r" (?:d/?b/?a|t/a|dba:?|trading as|doing business as|a/?k/?a) (.+)$"
_STREET_WORDS = (
    "street st avenue ave av road rd boulevard blvd lane ln drive dr court ct place pl square sq highway hwy parkway"
    " pkwy way rue via calle carrer rua ulica ul plaza platz allee gasse"
)
_INNER = r"\b(?:suite|ste|unit|floor|fl|apt|apartment|room|rm|building|bldg|etage)\b.*$"


def quoted(text: str) -> str:
    """A SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def replaced(value: str, pattern: str, by: str = " ") -> str:
    """Every match of a pattern replaced."""
    return f"regexp_replace({value}, {quoted(pattern)}, {quoted(by)}, 'g')"


def filled(value: str) -> str:
    """The text, or null where it is empty."""
    return f"nullif({value}, '')"


def spaced(value: str) -> str:
    """Letters and digits in words with one space between them. An ampersand is `and`; apostrophes and the dots of
    single letters (s.a.) join, other dots (co.kg) part."""
    parted = f"regexp_replace({value}, '([a-z0-9]{{2}})[.]', '\\1 ', 'g')"
    unmarked = replaced(parted, "[.'’`]", "")
    joined = f"replace({unmarked}, '&', ' and ')"
    return filled(f"trim({replaced(joined, '[^a-z0-9]+')})")


def company(name: str, city: str) -> dict[str, str]:
    """Columns of a company's name: `dba` (what it trades as), `core` (words without legal form and, after that, without
    its city at the end), `form`."""
    forms = "|".join(re.escape(form) for form in sorted(TRAILING_FORMS, key=len, reverse=True))
    leading = "|".join(re.escape(form) for form in sorted(LEADING_FORMS, key=len, reverse=True))
    tail = f"^(?:the )?(?:(?:{leading}) )?(.+?)((?: (?:and )?(?:{forms}))*)$"
    quiet = replaced(name, _NOISE)
    return {
        "dba": spaced(f"regexp_extract({quiet}, {quoted(_TRADES_AS)}, 1)"),
        "_spelled": spaced(replaced(quiet, _TRADES_AS, "")),
        "_seat": spaced(city),
        "_unplaced": "CASE WHEN ends_with(_spelled, ' ' || _seat) "
        "THEN trim(left(_spelled, length(_spelled) - length(_seat))) ELSE _spelled END",
        "_parts": f"regexp_extract(_unplaced, {quoted(tail)}, ['core', 'form'])",
        "core": f"coalesce({filled('_parts.core')}, _unplaced)",
        "form": filled("replace(_parts.form, ' ', '')"),
    }


def folded(value: str) -> str:
    """Without spaces, and with ae, oe, ue as the vowel: the two ways of writing an umlaut meet."""
    return filled(f"regexp_replace(replace({value}, ' ', ''), '([aou])e', '\\1', 'g')")


def hashed(words: str) -> str:
    """A list of words as sorted hashes, which compare much faster."""
    return f"list_sort(list_distinct(list_transform({words}, lambda w: (hash(w) % 4294967296)::UINTEGER)))"


def phone(value: str, dial: str, trunk: str) -> dict[str, str]:
    """Columns of a phone number: `phone` in international digits, read in a country with that dial code and trunk
    prefix; null for what is none."""
    return {
        "_number": f"replace(regexp_replace(lower({value}), '(?:ext|x|#).*$', ''), '(0)', '')",
        "_digits": "regexp_replace(_number, '[^0-9]', '', 'g')",
        "phone": f"""CASE
            WHEN length(_digits) < 7 OR length(replace(_digits, right(_digits, 1), '')) = 0 THEN NULL
            WHEN starts_with(trim(_number), '+') OR {dial} IS NULL THEN _digits
            WHEN starts_with(_digits, '00') THEN substr(_digits, 3)
            WHEN starts_with(_digits, {dial}) AND length(_digits) > 10 THEN _digits
            WHEN {trunk} <> '' AND starts_with(_digits, {trunk}) THEN {dial} || substr(_digits, length({trunk}) + 1)
            ELSE {dial} || _digits END""",
    }


def tax_number(value: str, country: str) -> dict[str, str]:
    """Columns of a tax number: `tax` in compact form without country prefix, null for what people type to get past."""
    bare = f"regexp_replace(upper({value}), '[^A-Z0-9]', '', 'g')"
    prefix = f"CASE {country} WHEN 'GR' THEN 'EL' ELSE {country} END"
    return {
        "_tax_bare": bare,
        "_tax_own": f"""CASE
            WHEN starts_with(_tax_bare, {prefix}) AND regexp_matches(_tax_bare, '^..[0-9A-Z]*[0-9]')
                THEN substr(_tax_bare, 3)
            WHEN regexp_matches(_tax_bare, '^[A-Z]{{2}}[0-9][0-9A-Z]{{5,}}$') THEN substr(_tax_bare, 3)
            ELSE _tax_bare END""",
        "tax": """CASE WHEN length(_tax_own) >= 7 AND regexp_matches(_tax_own, '[0-9]{4}')
            AND length(replace(_tax_own, left(_tax_own, 1), '')) > 0
            AND NOT contains('01234567890123456789', _tax_own) AND NOT contains('98765432109876543210', _tax_own)
            THEN _tax_own END""",
    }


def address(street: str, postcode: str, city: str) -> dict[str, str]:
    """Columns of an address: `house` (number), `road` (name without its type), `zip`, `town`."""
    types = "|".join(_STREET_WORDS.split())
    outer = replaced(street, _INNER, "")
    outer = replaced(outer, r"\b(n|s|e|w)(?:orth|outh|ast|est)\b", r"\1")
    named = replaced(replaced(outer, r"(?:strasse|straat|str)\b\.?"), rf"\b(?:{types})\b\.?|\b[0-9]+[a-z]?\b")
    return {
        "house": filled(f"ltrim(regexp_extract({street}, '(?:^|[^0-9a-z])([0-9]+)', 1), '0')"),
        "road": filled(replaced(named, "[^a-z0-9]+", "")),
        "zip": filled(replaced(f"upper({postcode})", "[^A-Z0-9]+", "")),
        "town": filled(replaced(city, "[^a-z0-9]+", "")),
    }
