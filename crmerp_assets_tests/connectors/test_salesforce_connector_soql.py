from __future__ import annotations

from urllib.parse import quote_plus

from hypothesis import given
from hypothesis import strategies as st

from crmerp_assets.connectors.salesforce.soql import after, chunks_for_url, literal, one_of


def unquoted(text: str) -> str:
    """What Salesforce's parser makes of a literal: it ends at the first quote that is not escaped."""
    assert text[0] == "'"
    plain, rest = "", iter(text[1:])
    for character in rest:
        if character == "'":
            break
        plain += (
            {"n": "\n", "r": "\r", "t": "\t"}.get(escaped := next(rest), escaped) if character == "\\" else character
        )
    assert not list(rest)
    return plain


@given(st.text())
def test_a_literal_cannot_end_before_its_last_quote(value: str) -> None:
    assert unquoted(literal(value)) == value


def test_conditions_are_quoted() -> None:
    assert one_of("Name", ["O'Hara", "a\\"]) == r"Name IN ('O\'Hara','a\\')"
    assert after("2026-11-20T10:00:00Z", "001A") == (
        "(SystemModstamp > 2026-11-20T10:00:00Z OR (SystemModstamp = 2026-11-20T10:00:00Z AND Id > '001A'))"
    )


@given(st.lists(st.text(max_size=300), max_size=200))
def test_chunks_hold_every_value_once_and_fit_a_url(values: list[str]) -> None:
    chunks = list(chunks_for_url(values))
    assert [value for chunk in chunks for value in chunk] == list(dict.fromkeys(values))
    assert all(len(quote_plus(one_of("Id", chunk))) < 12_000 for chunk in chunks)


def test_a_thousand_keys_take_few_queries() -> None:
    keys = [f"customer-{number:026}" for number in range(1000)]
    assert len(list(chunks_for_url(keys))) <= 5
