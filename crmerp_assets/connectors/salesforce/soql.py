"""SOQL text: literals that cannot break out of their quotes, and conditions that stay within a URL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote_plus

_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_IN_LIST_BYTES = 9_000
"""Salesforce takes 16,384 bytes of URL and headers; the rest is for the field list and the headers."""


def literal(value: str) -> str:
    return f"'{value.translate(_ESCAPES)}'"


def one_of(field: str, values: Sequence[str]) -> str:
    return f"{field} IN ({','.join(map(literal, values))})"


def after(stamp: str, native_id: str) -> str:
    """Everything that follows one row in the order of SystemModstamp and Id."""
    return f"(SystemModstamp > {stamp} OR (SystemModstamp = {stamp} AND Id > {literal(native_id)}))"


def chunks_for_url(values: Sequence[str]) -> Iterator[list[str]]:
    """Distinct values in lists that are short enough for one query."""
    chunk: list[str] = []
    size = 0
    for value in dict.fromkeys(values):
        length = len(quote_plus(literal(value))) + 3
        if chunk and size + length > _IN_LIST_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(value)
        size += length
    if chunk:
        yield chunk
