from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmerp_assets.connectors.exactjson import dumps, loads, scalar

scalars = st.none() | st.booleans() | st.text() | st.decimals(allow_nan=False, allow_infinity=False, places=6)
documents = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)


@given(documents)
def test_a_written_document_reads_back_with_every_digit(document: object) -> None:
    assert json.loads(dumps(document), parse_float=Decimal, parse_int=Decimal) == document


@pytest.mark.parametrize("number", ["0.1", "1054", "12345678901234567890.123456", "49.50", "-0.000001"])
def test_a_number_keeps_its_digits_both_ways(number: str) -> None:
    assert dumps({"amount": Decimal(number)}) == f'{{"amount":{number}}}'
    assert loads(f'{{"amount":{number}}}') == {"amount": number}


def test_an_exponent_is_written_out() -> None:
    assert loads("[3.5E8, 1e-3]") == ["350000000", "0.001"]
    assert dumps(Decimal("3.5E+8")) == "350000000"


def test_a_float_and_an_infinite_number_are_refused() -> None:
    with pytest.raises(TypeError, match="float has no exact JSON form"):
        dumps({"amount": 0.1})
    with pytest.raises(ValueError, match="finite"):
        dumps(Decimal("Infinity"))


def test_a_scalar_becomes_text() -> None:
    assert [scalar(value) for value in (True, False, None, "x", {"a": ["1"]})] == [
        "true",
        "false",
        None,
        "x",
        '{"a":["1"]}',
    ]
