"""Laws of the compiled maps: what is written reads back as what was meant, field by field and system by system."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.canonical import Field
from crmerp_assets.mapping import REF, EntityMap, FieldMap, inbound, load_matrix, outbound, raw_columns, writable

MATRIX = load_matrix(default_region="US")
COUNTRIES = ["US", "CA", "DE", "GB", "AU", "BR", "JP", "XK", "CH"]
PLACES = ["CA", "California", "US-CA", "Bayern", "DE-BY", "Ontario", "WA", "13", "Nowhere"]
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=30)
NUMBERS = st.decimals(min_value=-(10**9), max_value=10**9, places=6).map(lambda number: f"{number:f}")
TYPICAL = {
    "country": st.sampled_from(COUNTRIES),
    "country_name": st.sampled_from([*COUNTRIES, "Germany", "Deutschland", "Vereinigte Staaten"]),
    "subdivision": st.sampled_from(PLACES),
    "postcode": st.from_regex(r"[A-Z0-9]{2,5}[ -]?[A-Z0-9]{0,4}", fullmatch=True),
    "phone": st.from_regex(r"\+?[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}( x[0-9]{1,3})?", fullmatch=True),
    "email": st.emails(),
    "website": st.from_regex(r"(https?://)?(www\.)?[a-z]{2,9}\.(com|de)(/[a-z]{0,5})?", fullmatch=True),
    "tax_id": st.from_regex(r"(DE|GB)?[0-9 -]{5,12}", fullmatch=True),
    "currency": st.sampled_from(["USD", "EUR", "US Dollar", "zł", "?"]),
    "multiline": st.lists(WORDS, max_size=5).map("\n".join),
}
TYPICAL["url"] = TYPICAL["website"]
BY_KIND: Mapping[str, st.SearchStrategy[str]] = {
    "money": NUMBERS,
    "decimal": NUMBERS,
    "date": st.dates().map(str),
    "bool": st.sampled_from(["true", "false"]),
    "ref": st.from_regex(r"[A-Za-z0-9-]{1,18}", fullmatch=True),
}
WRITTEN = [
    (m, name) for m in MATRIX.all() for name in m.fields if name in writable(m, "create") + writable(m, "update")
]


def native_values(field: Field, field_map: FieldMap) -> st.SearchStrategy[str]:
    """What a system may hold in the field: mostly sensible, sometimes anything."""
    if field.kind in BY_KIND:
        return BY_KIND[field.kind]
    listed = [native for natives in (field_map.values or {}).values() for native in natives]
    return st.one_of(st.sampled_from(listed) if listed else TYPICAL.get(field_map.transform or "", WORDS), WORDS)


def raw_rows(entity_map: EntityMap, natives: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """The rows as a connector would read them after these values were written."""
    columns = ["_id", "_modified", "_modified_by", *raw_columns(entity_map)]
    rows = [[as_read(native.get(path)) for path in columns] for native in natives]
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def as_read(value: object) -> str | None:
    if isinstance(value, dict):
        return as_read(value[REF]["key"])
    if isinstance(value, list):
        return json.dumps([{name: as_read(item) for name, item in row.items()} for row in value])
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:f}" if isinstance(value, Decimal) else None if value is None else str(value)


@pytest.mark.parametrize(("whole", "name"), WRITTEN, ids=[f"{m.system}-{m.name}-{name}" for m, name in WRITTEN])
def test_what_is_written_reads_back_as_what_was_meant(whole: EntityMap, name: str) -> None:
    field_map = whole.fields[name]
    asked = [key for key in (name, field_map.region, field_map.net_of) if key]
    entity_map = whole.model_copy(update={"fields": {key: whole.fields[key] for key in asked}, "lines": None})
    regions = st.sampled_from([*COUNTRIES, None]) if field_map.region else st.none()
    region = whole.fields[field_map.region].native[0] if field_map.region else ""
    operation: Literal["create", "update"] = "create" if "create" in whole.operations else "update"

    @settings(max_examples=3, deadline=None, database=None, derandomize=True)
    @given(st.lists(st.tuples(native_values(whole.model.field(name), field_map), regions), min_size=1, max_size=15))
    def law(held: list[tuple[str, str | None]]) -> None:
        natives = [
            {region: country, **dict(zip(field_map.native, text.split("\n", 1), strict=False))}
            for text, country in held
        ]
        meant = inbound(entity_map, raw_rows(entity_map, natives)).select(asked).to_dicts()
        known = [change for change in meant if change[name] is not None]
        written = outbound(entity_map, known, {}, operation)
        assert inbound(entity_map, raw_rows(entity_map, written)).select(name).to_dicts() == [
            {name: change[name]} for change in known
        ]

    law()


LINES = st.lists(
    st.fixed_dictionaries(
        {"product": st.sampled_from(["item-1", "item-2"]), "quantity": st.integers(1, 99).map(str)},
        optional={"unit_price": st.integers(1, 10**6).map(str), "description": st.sampled_from(["a", "b c"])},
    ),
    max_size=5,
)


@settings(max_examples=5, deadline=None, database=None, derandomize=True)
@given(LINES)
def test_lines_read_back_as_they_were_written(lines: list[dict[str, str]]) -> None:
    order = MATRIX.map("netsuite", "order")
    numbered = [dict(sorted({**line, "position": str(at)}.items())) for at, line in enumerate(lines, start=1)]
    change = {"lines": json.dumps(numbered, separators=(",", ":"))}
    written = outbound(order, [change], {}, "create")
    assert inbound(order, raw_rows(order, written))["lines"][0] == (change["lines"] if lines else None)


@settings(max_examples=3, deadline=None, database=None, derandomize=True)
@given(st.lists(WORDS, min_size=1, max_size=4))
def test_rows_are_read_alike_alone_and_together(names: list[str]) -> None:
    account = MATRIX.map("salesforce", "customer")
    rows = [raw_rows(account, [{"Name": name, "BillingState": name, "BillingStreet": name}]) for name in names]
    together = inbound(account, pl.concat(rows))
    assert together.to_dicts() == [inbound(account, row).to_dicts()[0] for row in rows]
