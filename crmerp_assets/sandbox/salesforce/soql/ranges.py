"""Words for ranges of days: TODAY, LAST_N_DAYS:30, THIS_QUARTER."""

from datetime import date, timedelta

_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


def day_range(word: str, today: date) -> tuple[date, date]:
    """(first day, day after the last) of a date literal."""
    name, _, count = word.partition(":")
    n = int(count or 0)
    if name in ("YESTERDAY", "TODAY", "TOMORROW"):
        first = today + timedelta(days=("YESTERDAY", "TODAY", "TOMORROW").index(name) - 1)
        return first, first + timedelta(days=1)
    if name == "N_DAYS_AGO":
        return today - timedelta(days=n), today - timedelta(days=n - 1)
    if name.endswith("_90_DAYS"):
        name, n = f"{name.partition('_')[0]}_N_DAYS", 90
    return _several(name, n, today) if "_N_" in name else _one(name, today)


def _one(name: str, today: date) -> tuple[date, date]:
    """LAST_WEEK, THIS_MONTH, NEXT_YEAR."""
    which, _, unit = name.partition("_")
    offset = ("LAST", "THIS", "NEXT").index(which) - 1
    return _start(unit, today, offset), _start(unit, today, offset + 1)


def _several(name: str, n: int, today: date) -> tuple[date, date]:
    """LAST_N_DAYS reaches to the end of today; the others are whole units beside the present one."""
    which, unit = name.split("_N_")
    unit = unit.removesuffix("S")
    if unit == "DAY":
        tomorrow = today + timedelta(days=1)
        return (today - timedelta(days=n), tomorrow) if which == "LAST" else (tomorrow, tomorrow + timedelta(days=n))
    if which == "LAST":
        return _start(unit, today, -n), _start(unit, today, 0)
    return _start(unit, today, 1), _start(unit, today, n + 1)


def _start(unit: str, today: date, offset: int) -> date:
    """The first day of the unit that many units away; weeks begin on Sunday."""
    if unit == "WEEK":
        sunday = today - timedelta(days=(today.weekday() + 1) % 7)
        return sunday + timedelta(weeks=offset)
    length = _MONTHS[unit]
    month = today.year * 12 + (today.month - 1) // length * length + offset * length
    return date(month // 12, month % 12 + 1, 1)
