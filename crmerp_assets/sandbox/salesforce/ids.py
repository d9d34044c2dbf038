"""Record ids: three characters of key prefix, twelve of number, and three that make them safe where case is lost."""

from functools import lru_cache

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_INSTANCE = "5g0"


def make_id(prefix: str, number: int) -> str:
    """The 18-character id of the nth record; ids sort in the order they were made."""
    digits = ""
    for _ in range(9):
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    return to_18(prefix + _INSTANCE + digits)


def to_18(short: str) -> str:
    """A 15-character id with its checksum."""
    return short + _mark(short[:5]) + _mark(short[5:10]) + _mark(short[10:15])


@lru_cache(maxsize=4096)
def _mark(five: str) -> str:
    return _CHECKSUM[sum(1 << place for place, letter in enumerate(five) if "A" <= letter <= "Z")]


def normal_id(value: str) -> str | None:
    """The 18-character form of a well-formed id, None for anything else."""
    if len(value) not in (15, 18) or not value.isascii() or not value.isalnum():
        return None
    full = to_18(value[:15])
    return full if len(value) == 15 or full[15:] == value[15:].upper() else None
