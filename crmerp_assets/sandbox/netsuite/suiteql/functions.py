"""The SQL functions SuiteQL has and SQLite lacks. Times are stored in UTC and shown in the account's time zone."""

import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from crmerp_assets.sandbox.netsuite.engine.account import STAMP, Account
from crmerp_assets.sandbox.netsuite.engine.countries import country_names
from crmerp_assets.sandbox.netsuite.schema.transactions import STATUSES, TYPE_NAMES

_TOKENS = {
    "YYYY": "%Y",
    "YY": "%y",
    "MONTH": "%B",
    "MON": "%b",
    "MM": "%m",
    "DD": "%d",
    "DAY": "%A",
    "DY": "%a",
    "HH24": "%H",
    "HH12": "%I",
    "HH": "%I",
    "MI": "%M",
    "SS": "%S",
    "AM": "%p",
    "PM": "%p",
    "FF": "%f",
    "Q": "%q",
}
_PATTERN = re.compile(r'"[^"]*"|' + "|".join(_TOKENS) + r"|%|.", re.IGNORECASE | re.DOTALL)


@lru_cache(maxsize=256)
def python_format(oracle: str) -> str:
    """`YYYY-MM-DD"T"HH24:MI` as strftime and strptime know it."""
    parts = []
    for token in _PATTERN.findall(oracle):
        if token.startswith('"'):
            parts.append(token.strip('"').replace("%", "%%"))
        else:
            parts.append("%%" if token == "%" else _TOKENS.get(token.upper(), token))  # noqa: S105 - a date format token
    return "".join(parts)


def register(db: sqlite3.Connection, account: Account) -> None:
    """Make the functions known to a connection."""
    functions: dict[str, tuple[int, Callable[..., Any], bool]] = {
        "ns_char": (2, _char, True),
        "ns_date_char": (2, _date_char, True),
        "ns_number_char": (1, _number_char, True),
        "ns_local": (1, lambda stamp: _local(stamp, account.zone), True),
        "ns_stamp": (2, lambda text, form: _stamp(text, form, account.zone), True),
        "ns_date": (2, _date, True),
        "ns_show_date": (1, _show_date, True),
        "ns_ago": (1, lambda days: account.seconds_ago(float(days) * 86400), False),
        "ns_status": (2, _status, True),
        "ns_type": (1, lambda code: TYPE_NAMES.get(code, code), True),
        "ns_country": (1, lambda code: country_names().get(code, code), True),
    }
    for name, (arguments, function, deterministic) in functions.items():
        db.create_function(name, arguments, function, deterministic=deterministic)
    db.create_aggregate("ns_listagg", 3, _Listed)  # type: ignore[arg-type]  # typeshed: of one number only


class _Listed:
    """LISTAGG: the values that are not null, in ascending order of their keys."""

    def __init__(self) -> None:
        self._found: list[tuple[Any, str]] = []
        self._separator = ""

    def step(self, value: Any, separator: str, key: Any) -> None:
        self._separator = separator
        if value is not None:
            self._found.append((key, str(value)))

    def finalize(self) -> str | None:
        return self._separator.join(value for _, value in sorted(self._found)) or None


def _local(stamp: str | None, zone: ZoneInfo) -> str | None:
    """A stored UTC time as the account's wall clock shows it."""
    if stamp is None or len(stamp) < 19:
        return stamp
    return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC).astimezone(zone).strftime(STAMP)


def _char(stamp: str | None, form: str) -> str | None:
    if stamp is None:
        return None
    moment = datetime.fromisoformat(stamp)
    return moment.strftime(python_format(form).replace("%q", str((moment.month + 2) // 3)))


def _date_char(day: str | None, form: str) -> str | None:
    return None if day is None else _char(day[:10], form)


def _number_char(value: Any) -> str | None:
    return None if value is None else number_text(value) if isinstance(value, float) else str(value)


def _stamp(text: str | None, form: str, zone: ZoneInfo) -> str | None:
    """An account-time text as stored UTC. Raises ValueError, which fails the query, when text and format differ."""
    if text is None:
        return None
    moment = datetime.strptime(text, python_format(form)).replace(tzinfo=zone)
    return moment.astimezone(UTC).strftime(STAMP)


def _date(text: str | None, form: str) -> str | None:
    if text is None:
        return None
    return datetime.strptime(text, python_format(form)).replace(tzinfo=UTC).date().isoformat()


def _show_date(value: str | None) -> str | None:
    """A bare date column comes without its time, as the user's date preference (M/D/YYYY) writes it."""
    if value is None or len(value) < 10:
        return value
    return f"{int(value[5:7])}/{int(value[8:10])}/{value[:4]}"


def _status(code: str, status: str | None) -> str | None:
    if status is None:
        return None
    return f"{TYPE_NAMES.get(code, code)} : {STATUSES.get(code, {}).get(status, status)}"


def number_text(value: float) -> str:
    """Numbers travel as text, without an exponent and without trailing zeros."""
    text = f"{value:.8f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
