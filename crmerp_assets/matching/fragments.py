"""SQL that several entities share: words of a name, phone numbers, tax numbers, addresses."""

import re

from crmerp_assets.standardise.company import LEADING_FORMS, TRAILING_FORMS

# What people add to a name that is not to be used any more, also where a name was cut off in the middle of it.
_NOISE = (
    r"\((?:do|dup|old|inact|clos|test|see|form|use)[^)]*(?:\)|$)|\*+|\bdo not\b.*$|[ -]+(?:duplicate|inactive|closed)$"
    r"|^(?:zz+|xx+|old|duplicate)[ _:-]+"
)
_TRADES = r" (?:d/?b/?a|t/a|dba:?|trading as|doing business as|a/?k/?a) "
_TRADES_AS = f"{_TRADES}(.+)$"
_MARKS = "[.'’`]"
_PLAIN = "[a-z0-9]+(?: [a-z0-9]+)*"
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
    return _only_words(f"replace({_unmarked(value)}, '&', ' and ')")


def worded(column: str, name: str) -> dict[str, str]:
    """`spaced` of a column, as the column `name` and a helper: most values need nothing done, and to see that costs a
    fraction of doing it."""
    bare = f"_{name.strip('_')}_bare"
    joined = f"replace({_unmarked(column)}, '&', ' and ')"
    return {
        bare: f"CASE WHEN regexp_matches({column}, {quoted(_MARKS + '|&')}) THEN {joined} ELSE {column} END",
        name: f"CASE WHEN regexp_full_match({bare}, '{_PLAIN}') THEN {bare} ELSE {_only_words(bare)} END",
    }


def _unmarked(value: str) -> str:
    parted = f"regexp_replace({value}, '([a-z0-9]{{2}})[.]', '\\1 ', 'g')"
    return replaced(parted, _MARKS, "")


def _only_words(value: str) -> str:
    return filled(f"trim({replaced(value, '[^a-z0-9]+')})")


def company(name: str, city: str) -> dict[str, str]:
    """Columns of a company's name: `dba` (what it trades as), `core` (words without legal form and, after that, without
    its city at the end), `form`.

    No pattern has a group where it need not: telling where groups are is ten times the work of telling that there is
    a match.
    """
    forms = "|".join(re.escape(form) for form in sorted(TRAILING_FORMS, key=len, reverse=True))
    leading = "|".join(re.escape(form) for form in sorted(LEADING_FORMS, key=len, reverse=True))
    return {
        "_quiet": replaced(name, _NOISE),
        "_trades": f"regexp_matches(_quiet, {quoted(_TRADES)})",
        "dba": f"CASE WHEN _trades THEN {spaced(f'regexp_extract(_quiet, {quoted(_TRADES_AS)}, 1)')} END",
        "_own": f"CASE WHEN _trades THEN {replaced('_quiet', _TRADES_AS, '')} ELSE _quiet END",
        **worded("_own", "_spelled"),
        **worded(city, "_seat"),
        "_unplaced": "CASE WHEN ends_with(_spelled, ' ' || _seat) "
        "THEN trim(left(_spelled, length(_spelled) - length(_seat))) ELSE _spelled END",
        "_led": f"regexp_replace(_unplaced, {quoted(f'^(?:the )?(?:(?:{leading}) )?')}, '')",
        "core": f"regexp_replace(_led, {quoted(f'(?: (?:and )?(?:{forms}))+$')}, '')",
        "form": filled("replace(substr(_led, length(core) + 1), ' ', '')"),
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
    pointed = r"\b([nsew])(?:orth|outh|ast|est)\b"
    shortened = replaced("_outer", pointed, r"\1")
    unnamed = rf"(?:strasse|straat|str)\b|\b(?:{types}|[0-9]+[a-z]?)\b[^a-z0-9]*|[^a-z0-9]+"
    return {
        "house": filled(f"ltrim(regexp_extract({street}, '(?:^|[^0-9a-z])([0-9]+)', 1), '0')"),
        "_outer": replaced(street, _INNER, ""),
        "_pointed": f"CASE WHEN regexp_matches(_outer, {quoted(pointed)}) THEN {shortened} ELSE _outer END",
        "road": filled(replaced("_pointed", unnamed, "")),
        "zip": filled(replaced(f"upper({postcode})", "[^A-Z0-9]+", "")),
        "town": f"CASE WHEN regexp_full_match({city}, '[a-z0-9]+') THEN {city} "
        f"ELSE {filled(replaced(city, '[^a-z0-9]+', ''))} END",
    }
