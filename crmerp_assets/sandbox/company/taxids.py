"""Tax numbers that pass their country's checksum, and the ways people space them."""

from collections.abc import Callable
from random import Random

from stdnum import luhn
from stdnum.gb import vat as gb_vat
from stdnum.iso7064 import mod_11_10

# Prefixes that the tax office issues and that no placeholder begins with.
_EIN_PREFIXES = ("20", "26", "27", "35", "36", "45", "46", "47", "75", "81", "82", "84")


def tax_number(country: str, rng: Random) -> str:
    """A compact valid number: US EIN, Canadian business number, British, German or French VAT number."""
    return _MAKERS[country](rng)


def spaced(country: str, number: str, rng: Random) -> str:
    """The same number as somebody else types it."""
    return rng.choice((number, _SPACED[country](number)))


def _us(rng: Random) -> str:
    return f"{rng.choice(_EIN_PREFIXES)}-{rng.randrange(1_000_000, 9_999_999)}"


def _ca(rng: Random) -> str:
    body = str(rng.randrange(71_000_000, 89_999_999))
    return f"{body}{luhn.calc_check_digit(body)}RC0001"


def _gb(rng: Random) -> str:
    body = rng.randrange(2_000_000, 9_999_999)
    check = (97 - gb_vat.checksum(f"{body}00")) % 97
    return f"GB{body}{check:02}"


def _de(rng: Random) -> str:
    body = str(rng.randrange(12_000_000, 35_000_000))
    return f"DE{body}{mod_11_10.calc_check_digit(body)}"


def _fr(rng: Random) -> str:
    body = str(rng.randrange(31_000_000, 89_999_999))
    siren = body + luhn.calc_check_digit(body)
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02}{siren}"


_MAKERS: dict[str, Callable[[Random], str]] = {"US": _us, "CA": _ca, "GB": _gb, "DE": _de, "FR": _fr}
_SPACED: dict[str, Callable[[str], str]] = {
    "US": lambda number: number.replace("-", ""),
    "CA": lambda number: f"{number[:9]} {number[9:]}",
    "GB": lambda number: f"GB {number[2:5]} {number[5:9]} {number[9:]}",
    "DE": lambda number: f"DE {number[2:5]} {number[5:8]} {number[8:]}",
    "FR": lambda number: f"FR {number[2:4]} {number[4:7]} {number[7:10]} {number[10:]}",
}
