"""From SOQL text to text that an SQL parser understands: every literal becomes a numbered placeholder.

SOQL writes dates and datetimes without quotes, has words for ranges of days, and counts with an empty COUNT().
"""

import re
from dataclasses import dataclass, field
from typing import Any, Literal

_TOKENS = re.compile(
    r"""(?P<text>'(?:\\.|[^'\\])*')
    |(?P<datetime>\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+\- ]\d\d:?\d\d)?)
    |(?P<date>\b\d{4}-\d\d-\d\d\b)
    |(?P<range>\b(?:(?:LAST|NEXT)_N_(?:DAYS|WEEKS|MONTHS|QUARTERS|YEARS)|N_DAYS_AGO):\d+
        |\b(?:YESTERDAY|TODAY|TOMORROW|(?:LAST|NEXT)_90_DAYS|(?:LAST|THIS|NEXT)_(?:WEEK|MONTH|QUARTER|YEAR))\b)
    |(?P<count>\bCOUNT\s*\(\s*\))
    |(?P<descending>\bDESC\b(?!\s+NULLS))""",
    re.VERBOSE | re.IGNORECASE,
)
_LISTS = re.compile(r"\bIN\s*\(\s*(:p\d+(?:\s*,\s*:p\d+)*)\s*\)", re.IGNORECASE)
_ENDING = re.compile(r"\s+(?:FOR\s+(?:VIEW|REFERENCE)|WITH\s+(?:SECURITY_ENFORCED|USER_MODE|SYSTEM_MODE))\b", re.I)
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}

Kind = Literal["text", "datetime", "date", "range", "list"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal; that of a list is the list of its constants. `raw` is a text as written, for LIKE."""

    kind: Kind
    value: Any
    raw: str = ""


@dataclass(slots=True)
class Prepared:
    """SQL with placeholders `:p0`, `:p1`, ... and what they stand for; `counting` for SELECT COUNT()."""

    original: str
    sql: str = ""
    constants: list[Constant] = field(default_factory=list)
    counting: bool = False


def prepare(soql: str) -> Prepared:
    prepared = Prepared(soql)
    sql = _TOKENS.sub(lambda match: _token(prepared, match), soql)
    prepared.sql = _LISTS.sub(lambda match: _list(prepared, match), _ENDING.sub("", sql))
    return prepared


def _token(prepared: Prepared, match: re.Match[str]) -> str:
    found = match[0]
    match match.lastgroup:
        case "text":
            raw = found[1:-1]
            return _placeholder(prepared, Constant("text", _unescaped(raw), raw))
        case "datetime":
            return _placeholder(prepared, Constant("datetime", found.replace(" ", "+")))
        case "date":
            return _placeholder(prepared, Constant("date", found))
        case "range":
            return _placeholder(prepared, Constant("range", found.upper()))
        case "count":
            prepared.counting = True
            return "COUNT(*)"
    return "DESC NULLS FIRST"


def _list(prepared: Prepared, match: re.Match[str]) -> str:
    """A list of literals is one placeholder, however long it is."""
    members = [prepared.constants[int(name.strip()[2:])] for name in match[1].split(",")]
    return f"IN ({_placeholder(prepared, Constant('list', members))})"


def _placeholder(prepared: Prepared, constant: Constant) -> str:
    prepared.constants.append(constant)
    return f":p{len(prepared.constants) - 1}"


def _unescaped(raw: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPES.get(match[1].lower(), match[1]), raw)


def like_pattern(raw: str) -> str:
    """The pattern of LIKE with its escaped wildcards, for `LIKE ? ESCAPE '\\'`."""
    return _ESCAPE.sub(lambda match: match[0] if match[1] in "%_\\" else _ESCAPES.get(match[1].lower(), match[1]), raw)
