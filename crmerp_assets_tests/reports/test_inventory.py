"""What an inventory tells of changes, on dictionaries written by hand.

Tried by taking the protection away: comparing objects that the last inventory did not have, null properties taken for
equal to anything, labels counted as breaking. Each was caught by the test that names it.
"""

from datetime import UTC, datetime

import polars as pl

from crmerp_assets.reports.inventory import (
    FIELDS,
    LIMITS,
    PROBLEMS,
    Inventory,
    dictionary,
    document,
    drift,
    page,
    workbook,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def fields(*rows: dict[str, object]) -> pl.DataFrame:
    at = {"connection": "crm", "object": "Account", "type": "text", "writeable": True}
    return pl.DataFrame([at | row for row in rows], schema=FIELDS)


def told(before: pl.DataFrame, now: pl.DataFrame) -> list[tuple[str | None, ...]]:
    return drift(before, now).select("what", "field", "property", "before", "after").rows()


def test_the_same_inventory_twice_tells_nothing() -> None:
    one = fields({"field": "Name", "length": 255}, {"field": "Fax"})
    assert told(one, one) == []


def test_fields_that_came_went_or_say_something_else_are_told_with_both_values() -> None:
    before = fields({"field": "Name", "length": 255}, {"field": "Fax"}, {"field": "Rating", "values": "Hot, Cold"})
    now = fields({"field": "Name", "length": 80}, {"field": "Tier"}, {"field": "Rating", "values": "Hot"})
    assert told(before, now) == [
        ("removed", "Fax", None, None, None),
        ("changed", "Name", "length", "255", "80"),
        ("changed", "Rating", "values", "Hot, Cold", "Hot"),
        ("added", "Tier", None, None, None),
    ]


def test_a_property_that_a_system_begins_or_ceases_to_tell_is_a_change() -> None:
    before, now = fields({"field": "Name", "length": None}), fields({"field": "Name", "length": 80})
    assert told(before, now) == [("changed", "Name", "length", None, "80")]
    assert told(now, before) == [("changed", "Name", "length", "80", None)]


def test_an_object_that_the_last_inventory_did_not_have_is_no_change() -> None:
    new = fields({"field": "Name"}, {"field": "Name", "object": "Contact"})
    assert told(fields({"field": "Name"}), new) == []
    assert told(new, fields({"field": "Name"})) == []


def test_only_what_the_mapping_uses_breaks_and_a_label_does_not() -> None:
    used = {"field": "Name", "read_by": "customer.name"}
    before = fields(
        used | {"label": "Name", "length": 255}, {"field": "Fax"}, {"field": "Phone", "written_by": "customer.phone"}
    )
    now = fields(used | {"label": "Account Name", "length": 80})
    found = inventory(now, drift(before, now))
    assert found.drift.height == 4
    assert set(found.breaking.select("what", "field", "property").rows()) == {
        ("removed", "Phone", None),
        ("changed", "Name", "length"),
    }


def test_a_field_that_only_the_mapping_or_only_the_system_names_is_in_the_dictionary() -> None:
    described = fields({"field": "Name"}, {"field": "Fax"}).drop("read_by", "written_by", "rows", "filled", "distinct")
    used = pl.DataFrame(
        {"connection": ["crm"] * 2, "object": ["Account"] * 2, "field": ["Name", "Owner.Name"]}
    ).with_columns(read_by=pl.lit("customer.name"), written_by=pl.lit(None, dtype=pl.String))
    staged = fields({"field": "Name", "rows": 10, "filled": 4, "distinct": 3}).select(
        "connection", "object", "field", "rows", "filled", "distinct"
    )
    found = dictionary(described, used, staged)
    assert found.select("field", "type", "read_by", "filled").rows() == [
        ("Fax", "text", None, None),
        ("Name", "text", "customer.name", 4),
        ("Owner.Name", None, "customer.name", None),
    ]
    assert inventory(found, drift(found, found)).objects.rows() == [("crm", "Account", 3, 0, 0, 2, 0, 10)]


def test_every_form_holds_the_fields_and_what_is_typed_into_a_label_does_nothing() -> None:
    found = inventory(
        fields({"field": "Name", "label": "<b>=1+1</b>", "rows": 2, "filled": 1}), drift(fields(), fields())
    )
    assert "&lt;b&gt;=1+1&lt;/b&gt;" in page(found)
    assert "<b>=1" not in page(found)
    assert '"field":"Name"' in document(found).replace(" ", "")
    assert workbook(found)[:2] == b"PK"


def inventory(now: pl.DataFrame, changes: pl.DataFrame) -> Inventory:
    return Inventory(NOW, now, changes, pl.DataFrame(schema=LIMITS), pl.DataFrame(schema=PROBLEMS))
