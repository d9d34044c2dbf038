"""Tax numbers that pass their country's checks, one a company, and the ways people space them."""

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from crmerp_assets.sandbox.population.columns import Chars, put, spread
from crmerp_assets.sandbox.population.draw import Draw, Rows
from crmerp_assets.sandbox.population.vocabulary import COUNTRIES

Digits = NDArray[np.int64]
_WIDTH = 18
_FACTOR = 2_654_435_761  # prime, so that multiples of it meet every number below a power of ten once
_EIN_PREFIXES = np.array([20, 26, 27, 35, 36, 45, 46, 47, 75, 81, 82, 84])
_USCC = np.frombuffer(b"0123456789ABCDEFGHJKLMNPQRTUWXY", dtype=np.uint8)
PLACEHOLDERS = ("000000000", "999999999", "123456789", "111111111", "N/A", "none", "tbd", "00-0000000", "0", "XXXXXXX")
_PATTERNS = {
    "US": ("##-#######", "#########"),
    "GB": ("GB#########", "GB ### #### ##", "### #### ##"),
    "DE": ("DE#########", "DE ### ### ###"),
    "FR": ("FR###########", "FR ## ### ### ###"),
    "CA": ("#########RC0001", "######### RC 0001"),
    "NL": ("NL#########B01", "NL###.###.###.B01", "#########B01"),
    "IT": ("IT###########", "###########"),
    "ES": ("#########", "ES#########", "#-########"),
    "AU": ("## ### ### ###", "###########"),
    "JP": ("#############", "#-####-####-####"),
    "BR": ("##.###.###/####-##", "##############"),
    "CN": ("##################",),
    "GR": ("EL#########", "#########"),
    "UA": ("########",),
}


def tax_numbers(draw: Draw, rows: Rows, country: Rows) -> Chars:
    """Each company's number as ASCII codes, left to right, padded with spaces; no two are the same in a country."""
    found = np.full((len(rows), _WIDTH), ord(" "), dtype=np.uint8)
    offset = draw.below("offset", np.zeros(1, dtype=np.int64), 10**6)[0]
    for index, code in enumerate(COUNTRIES):
        which = np.flatnonzero(country == index)
        numbers = _MAKERS[code](rows[which] + offset)
        found[which, : numbers.shape[1]] = numbers
    return found


def typed_tax(numbers: Chars, country: Rows, draw: Draw, rows: Rows, typos: float, placeholders: float) -> pl.Series:
    """As people type them: spaced or not, one in a hundred wrong, and what they type to get past a required field."""
    counts = [len(_PATTERNS[code]) for code in COUNTRIES]
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    share = draw.share("pattern", rows)
    which = first[country] + (share * share * np.array(counts)[country]).astype(np.int64)
    patterns = [pattern for code in COUNTRIES for pattern in _PATTERNS[code]]
    typed = spread(patterns, which, _slipped(numbers, draw, rows, typos))
    others = pl.Series(PLACEHOLDERS).gather(draw.below("placeholder", rows, len(PLACEHOLDERS)))
    return put(typed, draw.chance("is placeholder", rows, placeholders), others)


def _slipped(numbers: Chars, draw: Draw, rows: Rows, probability: float) -> Chars:
    """One digit typed wrong, or two swapped, in as many of the rows."""
    hit = np.flatnonzero(draw.chance("slip", rows, probability))
    at = 2 + draw.below("place", rows[hit], 5)
    numbers = numbers.copy()
    here, after = numbers[hit, at], numbers[hit, at + 1]
    wrong = np.uint8(48) + (here - np.uint8(48) + np.uint8(1)) % np.uint8(10)
    swap = draw.chance("swap", rows[hit], 0.5) & (here != after)
    numbers[hit, at] = np.where(swap, after, wrong)
    numbers[hit, at + 1] = np.where(swap, here, after)
    return numbers


def _body(rows: Rows, width: int, lead: int = 0) -> Digits:
    """Different digits for different rows; the first is at least `lead`."""
    size = (10 - lead) * 10 ** (width - 1)
    value = rows * _FACTOR % size + lead * 10 ** (width - 1)
    return np.asarray(value[:, None] // 10 ** np.arange(width - 1, -1, -1) % 10, dtype=np.int64)


def _ascii(*digits: Digits) -> Chars:
    return (np.column_stack(digits) + 48).astype(np.uint8)


def _luhn(digits: Digits) -> Digits:
    doubled = digits.copy()
    doubled[:, ::-1][:, ::2] *= 2
    return np.asarray(-(doubled // 10 + doubled % 10).sum(axis=1) % 10, dtype=np.int64)


def _weighted(digits: Digits, *weights: int) -> Digits:
    return np.asarray(digits @ np.array(weights), dtype=np.int64)


def _us(rows: Rows) -> Chars:
    value = rows * _FACTOR % (len(_EIN_PREFIXES) * 10**7)
    number = _EIN_PREFIXES[value // 10**7] * 10**7 + value % 10**7
    return _ascii(number[:, None] // 10 ** np.arange(8, -1, -1) % 10)


def _gb(rows: Rows) -> Chars:
    body = _body(rows, 7, lead=2)
    check = 97 - _weighted(body, 8, 7, 6, 5, 4, 3, 2) % 97
    return _ascii(body, check // 10, check % 10)


def _de(rows: Rows) -> Chars:
    body = _body(rows, 8, lead=1)
    check = np.full(len(rows), 5)
    for place in range(8):
        check = (np.where(check == 0, 10, check) * 2 % 11 + body[:, place]) % 10
    return _ascii(body, (1 - np.where(check == 0, 10, check) * 2 % 11) % 10)


def _fr(rows: Rows) -> Chars:
    body = _body(rows, 8, lead=3)
    siren = np.column_stack([body, _luhn(body)])
    key = (12 + 3 * ((siren @ 10 ** np.arange(8, -1, -1)) % 97)) % 97
    return _ascii(key // 10, key % 10, siren)


def _ca(rows: Rows) -> Chars:
    body = _body(rows, 8, lead=7)
    return _ascii(body, _luhn(body))


def _nl(rows: Rows) -> Chars:
    body = _body(rows, 8, lead=1)
    weights = (9, 8, 7, 6, 5, 4, 3, 2)
    body[:, 7] = np.where(_weighted(body, *weights) % 11 == 10, (body[:, 7] + 1) % 10, body[:, 7])
    return _ascii(body, _weighted(body, *weights) % 11)


def _it(rows: Rows) -> Chars:
    body = _body(rows, 7)
    office = 1 + rows % 100
    head = np.column_stack([body, office // 100, office // 10 % 10, office % 10])
    return _ascii(head, _luhn(head))


def _es(rows: Rows) -> Chars:
    body = _body(rows, 7)
    return _ascii(np.where(rows % 3 == 0, 17, 18), body, _luhn(body))  # A for an S.A., B for an S.L.


def _au(rows: Rows) -> Chars:
    body = _body(rows, 9)
    check = 11 + (-_weighted(body, 3, 5, 7, 9, 11, 13, 15, 17, 19) - 1) % 89
    return _ascii(check // 10, check % 10, body)


def _jp(rows: Rows) -> Chars:
    body = np.column_stack([np.tile([0, 1, 0, 0], (len(rows), 1)), _body(rows, 8)])
    return _ascii(9 - _weighted(body, *(2, 1) * 6) % 9, body)


def _br(rows: Rows) -> Chars:
    body = np.column_stack([_body(rows, 8), np.tile([0, 0, 0, 1], (len(rows), 1))])
    for weights in ((5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2), (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)):
        body = np.column_stack([body, -_weighted(body, *weights) % 11 % 10])
    return _ascii(body)


def _cn(rows: Rows) -> Chars:
    body = np.column_stack([np.tile([9, 1, 3, 1], (len(rows), 1)), _body(rows, 9), _body(rows + 7, 4)])
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    return np.column_stack([_ascii(body), _USCC[-_weighted(body, *weights) % 31]])


def _gr(rows: Rows) -> Chars:
    body = _body(rows, 8)
    return _ascii(body, _weighted(body, *(2**n for n in range(8, 0, -1))) % 11 % 10)


def _ua(rows: Rows) -> Chars:
    body = _body(rows, 7, lead=6)
    first = _weighted(body, 1, 2, 3, 4, 5, 6, 7) % 11
    second = _weighted(body, 3, 4, 5, 6, 7, 8, 9) % 11 % 10
    return _ascii(body, np.where(first < 10, first, second))


_MAKERS: dict[str, Callable[[Rows], Chars]] = dict(
    zip(COUNTRIES, (_us, _gb, _de, _fr, _ca, _nl, _it, _es, _au, _jp, _br, _cn, _gr, _ua), strict=True)
)
