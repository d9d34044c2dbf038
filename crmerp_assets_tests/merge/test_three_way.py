"""The merge's table of cases, one named example each."""

import json
from decimal import Decimal

import polars as pl
import pytest

from crmerp_assets.merge import three_way, writes
from crmerp_assets.merge.amounts import rounded
from crmerp_assets_tests.merge.oracle import Cell, Rule
from crmerp_assets_tests.merge.worlds import CENT, FIELDS, NEWER_ERP, RULES, SAME_TIME, frame

BOTH = frozenset({"crm", "erp"})
SHARED = Rule("shared")
CASES = {
    "the owner's value counts": (Rule("crm"), Cell("new", "old", "old"), "new", "crm"),
    "the owner's value counts against a newer one": (
        Rule("crm"),
        Cell("a", "b", "a", None, BOTH, NEWER_ERP),
        "a",
        "crm",
    ),
    "an owner's blank is filled": (Rule("erp"), Cell("known", None, "known"), "known", "filled from crm"),
    "an owner's blank clears where the rule says so": (
        Rule("erp", blank="clear"),
        Cell("known", None, "known"),
        None,
        "erp",
    ),
    "a blank that was never a value clears nothing": (
        Rule("erp", blank="clear"),
        Cell("known", None, None),
        "known",
        "filled from crm",
    ),
    "equal values agree": (SHARED, Cell("same", "same", "old"), "same", "agreed"),
    "the side that changed counts": (SHARED, Cell("old", "new", "old"), "new", "erp"),
    "a blank is no change": (SHARED, Cell("old", None, "old"), "old", "filled from crm"),
    "a blank is a change where it clears": (Rule("shared", blank="clear"), Cell("old", None, "old"), None, "erp"),
    "the newest counts": (SHARED, Cell("a", "b", "c", None, BOTH, NEWER_ERP), "b", "erp newer after conflict"),
    "the CRM counts in a tie": (SHARED, Cell("a", "b", "c", None, BOTH, SAME_TIME), "a", "crm newer after conflict"),
    "sides that meet for the first time": (SHARED, Cell("a", "b", None), "b", "erp newer at first contact"),
    "the preferred side counts": (Rule("shared", "crm"), Cell("a", "b", "c"), "a", "prefer crm after conflict"),
    "manual keeps what was agreed": (Rule("shared", "manual"), Cell("a", "b", "c"), "c", "held"),
    "a decision counts": (Rule("shared", "manual"), Cell("a", "b", "c", "erp"), "b", "decided"),
    "an owner's amount counts, and one within the tolerance agrees": (
        Rule("erp", tolerance=CENT),
        Cell("10.00", "10.01", "10"),
        "10.01",
        "agreed",
    ),
    "shared amounts within the tolerance agree": (
        Rule("shared", tolerance=CENT),
        Cell("5", "5.01", "4"),
        "5",
        "agreed",
    ),
    "an amount that moved within the tolerance did not change": (
        Rule("shared", tolerance=CENT),
        Cell("150", "100.01", "100", None, BOTH, NEWER_ERP),
        "150",
        "crm",
    ),
    "amounts that drifted apart are a conflict": (
        Rule("shared", tolerance=CENT),
        Cell("100", "100.02", "100.01", None, BOTH, NEWER_ERP),
        "100.02",
        "erp newer after conflict",
    ),
    "a blank is no amount within a tolerance of zero": (
        Rule("shared", tolerance=CENT),
        Cell(None, "0", "0"),
        "0",
        "filled from erp",
    ),
    "what is no amount is compared as text": (
        Rule("shared", tolerance=CENT),
        Cell("n/a", "5", "n/a"),
        "5",
        "erp",
    ),
    "both set the same new value": (SHARED, Cell("new", "new", "old", None, BOTH, NEWER_ERP), "new", "agreed"),
    "a record that reappears with its old values takes what changed meanwhile": (
        SHARED,
        Cell("old", "new", "old"),
        "new",
        "erp",
    ),
    "a record that reappears with another value counts with it": (SHARED, Cell("new", "old", "old"), "new", "crm"),
    "only one side holds it": (Rule("erp"), Cell("a", None, None, None, frozenset({"crm"})), "a", "only crm"),
    "a record that both lost stays readable": (SHARED, Cell("a", None, "a", None, frozenset()), "a", "deleted"),
}


@pytest.mark.parametrize("name", CASES)
def test_each_case_of_the_table(name: str) -> None:
    rule, cell, value, why = CASES[name]
    field = f"{rule.owner}_{rule.conflict}_{rule.blank}" + ("_cent" if rule.tolerance else "")
    found = three_way.merge(frame([cell]), {field: rule})
    assert (found[f"golden.{field}"][0], found[f"why.{field}"][0]) == (value, why)


def test_a_decision_counts_only_in_a_conflict() -> None:
    found = three_way.merge(frame([Cell("a", "b", "b", "erp")]), {"shared_newest_keep": SHARED})
    assert found["golden.shared_newest_keep"][0] == "a"


def test_a_frame_without_decisions_merges_as_one_where_none_was_taken() -> None:
    world = frame([Cell("a", "b", "c"), Cell("a", "b", None)])
    plain = world.select(pl.exclude(r"^choice\..*$"))
    golden = [f"golden.{name}" for name in FIELDS]
    assert three_way.merge(plain, RULES).select(golden).equals(three_way.merge(world, RULES).select(golden))


def test_both_sides_agreeing_on_a_blank_is_an_agreed_value() -> None:
    found = three_way.agreed_values(frame([Cell(None, None, "old")]), {"crm_newest_keep": RULES["crm_newest_keep"]})
    assert json.loads(found["values"][0]) == {"crm_newest_keep": None}


def test_nothing_agreed_is_an_empty_frame_with_its_columns() -> None:
    for found in (three_way.agreed_values(frame([]), RULES), three_way.agreed_values(frame([Cell("a")]), {})):
        assert found.schema == {"golden_id": pl.String, "values": pl.String}
        assert found.is_empty()


def test_a_conflict_shows_what_each_side_held_and_when() -> None:
    world = three_way.merge(frame([Cell("a", "b", "c", None, BOTH, NEWER_ERP)]), RULES)
    found = three_way.conflicts(world, ["shared_newest_keep", "crm_newest_keep"])
    assert found.to_dicts() == [
        {
            "golden_id": "g00000",
            "field": "shared_newest_keep",
            "crm": "a",
            "erp": "b",
            "base": "c",
            "golden": "b",
            "why": "erp newer after conflict",
            "crm_modified": NEWER_ERP[0],
            "erp_modified": NEWER_ERP[1],
            "crm_modified_by": "crm user",
            "erp_modified_by": "erp user",
        }
    ]


def test_a_create_writes_all_that_golden_knows() -> None:
    world = three_way.merge(frame([Cell("a", None, None, None, frozenset({"crm"}))]), RULES)
    found = writes.creates(world, ["crm_newest_keep", "erp_newest_keep"])
    assert found.select("field", "before", "after", "rule").rows() == [
        ("crm_newest_keep", None, "a", "only crm"),
        ("erp_newest_keep", None, "a", "only crm"),
    ]


def test_a_create_writes_no_blanks() -> None:
    world = three_way.merge(frame([Cell(None, None, None, None, frozenset({"crm"}))]), RULES)
    assert writes.creates(world, FIELDS).is_empty()


def test_no_fields_to_write_are_no_changes() -> None:
    world = three_way.merge(frame([Cell("a", "b")]), RULES)
    for found in (writes.updates(world, [], RULES, "crm"), writes.creates(world, [])):
        assert found.schema == writes.CHANGES
        assert writes.as_intents(found).schema == {"golden_id": pl.String, "changes": pl.String}


def test_an_intent_lists_its_fields_in_the_order_of_their_names() -> None:
    changes = [("g1", "phone", None, "1", "crm"), ("g1", "name", "a", None, 'so "said"')]
    found = writes.as_intents(pl.DataFrame(changes, schema=writes.CHANGES, orient="row"))
    assert found["changes"].to_list() == [
        '{"name":{"before":"a","after":null,"rule":"so \\"said\\""},"phone":{"before":null,"after":"1","rule":"crm"}}'
    ]


def test_a_blank_golden_value_overwrites_only_where_blanks_clear() -> None:
    """The merge gives no such blank today; the writes must not depend on that."""
    fields = ["shared_newest_keep", "shared_newest_clear"]
    world = frame([Cell("a", "a", "a")]).with_columns(
        pl.lit(part[1], dtype=pl.String).alias(f"{part[0]}.{name}")
        for name in fields
        for part in (("golden", None), ("why", "erp"))
    )
    found = writes.updates(world, fields, RULES, "crm")
    assert found.select("field", "before", "after").rows() == [("shared_newest_clear", "a", None)]


@pytest.mark.parametrize(
    ("after", "allowed", "sent"),
    [
        ("12.345", "0.01", "12.35"),
        ("-12.345", "0.01", "-12.35"),
        ("12.345", "0.001", "12.345"),
        ("12.3", "0.01", "12.3"),
        ("n/a", "0.01", "n/a"),
        (None, "0.01", None),
        ("12.345", None, "12.345"),
    ],
)
def test_an_amount_is_rounded_to_what_the_target_holds_only_within_its_tolerance(
    after: str | None, allowed: str | None, sent: str | None
) -> None:
    rule = Rule("crm", tolerance=Decimal(allowed) if allowed else None)
    changes = pl.DataFrame([("g1", "total", None, after, "crm")], schema=writes.CHANGES, orient="row")
    assert rounded(changes, {"total": 2, "other": 0}, {"total": rule})["after"].to_list() == [sent]
