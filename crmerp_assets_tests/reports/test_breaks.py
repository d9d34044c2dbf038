"""Every break has a reason and somebody who acts; what moved since the last run is told; one month ties like all.

Tried by taking the protection away: no fallback for other gates (a_gate_that_nobody_has_written_down...), a cancelled
order as ordered, and an order's money in another currency (their tests), credits left out (an_order_that_is_billed...),
invoices with their tax (what_breaks_after... and what_is_not_invoiced...), a break that was there before as broken anew
(drift_is_what_a_slow_reader_sees...), a month without its strays (one_month...). An intent of the other operation
(won_is_the_sum... in test_reconciliation).
"""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.reports.drift import drift, drift_totals
from crmerp_assets.reports.owners import BEGIN, END, OWNERS, UNKNOWN, owners_page
from crmerp_assets.reports.places import PLACES
from crmerp_assets.sync.order_gates import ORDER_GATES
from crmerp_assets_tests.reports.rows import Row, deal, only, ordered, report

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operating.md"
STRAY = {"record": "900", "number": "INV1", "place": "invoice_without_order", "reason": "no order", "explained": True}
STRAY |= {"day": date(2026, 11, 9), "period": "2026-11", "currency": "USD", "amount": Decimal(7)}


def waiting(gate: str, operation: str = "create", **values: Any) -> Row:
    return {"golden_id": "g1", "operation": operation, "state": "waiting", "gate": gate, "reason": "because", **values}


@pytest.mark.parametrize(
    "gate", [*(gate.name for gate in ORDER_GATES), "waiting_approval", "credit_hold", "missing_rate"]
)
def test_every_gate_of_orders_has_an_owner_and_a_next_step(gate: str) -> None:
    (row,) = report([deal()], [waiting(gate)]).breaks.to_dicts()
    assert (row["owner"], row["next_step"]) == OWNERS[gate]
    assert (row["gate"], row["reason"], row["difference"]) == (gate, "because", Decimal(100))


def test_a_gate_that_nobody_has_written_down_falls_to_an_administrator() -> None:
    (row,) = report([deal()], [waiting("moon_phase")]).breaks.to_dicts()
    assert (row["owner"], row["next_step"]) == UNKNOWN


def test_every_place_but_ordered_has_an_owner() -> None:
    assert set(PLACES) - {"ordered", "invalid"} <= set(OWNERS)
    assert only(report([ordered()]))["owner"] is None


def test_the_runbook_shows_the_owners() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page[page.index(BEGIN) + len(BEGIN) : page.index(END)].strip() == owners_page()


def test_a_deal_that_was_amended_after_billing_is_explained_by_its_held_change() -> None:
    found = report([ordered(amount=Decimal(150))], [waiting("amended_after_billing", "update")])
    (row,) = found.breaks.to_dicts()
    assert (row["place"], row["gate"], row["difference"]) == ("differs", "amended_after_billing", Decimal(50))
    assert row["owner"] == "finance"
    assert found.explained


def test_a_total_that_differs_while_nothing_is_planned_is_not_explained() -> None:
    found = report([ordered(amount=Decimal(150))])
    assert found.unexplained["record"].to_list() == ["crm-g1"]
    assert not found.explained


def test_a_change_on_its_way_explains_a_difference_and_nobody_has_to_act() -> None:
    found = report([ordered(amount=Decimal(150))], [{"golden_id": "g1", "operation": "update", "state": "planned"}])
    assert (only(found)["gate"], only(found)["owner"], found.explained) == ("pending", "the platform", True)


def test_a_cancelled_order_is_not_money_that_is_ordered() -> None:
    row = only(report([ordered(order_status="cancelled")]))
    assert (row["place"], row["gate"], row["owner"]) == ("deleted", "order_cancelled", "finance")


def test_an_order_in_another_currency_than_its_deal_does_not_count_as_that_money() -> None:
    found = report([ordered(currency="EUR", erp_currency="USD", invoiced=Decimal(40))])
    row = only(found)
    assert (row["place"], row["gate"], row["erp_total"], row["invoiced"]) == ("differs", "currency_differs", None, None)
    assert row["reason"] == "the order is USD 100, the deal is in EUR"
    assert found.money.select("currency", "erp_total").rows() == [("EUR", Decimal(0))]


@pytest.mark.parametrize(
    ("values", "kind", "difference"),
    [
        ({"invoiced": Decimal("100.06")}, "overbilled", "-0.06"),
        ({"invoiced": Decimal("120.06"), "invoiced_tax": Decimal(20)}, "overbilled", "-0.06"),
        ({"order_status": "closed", "invoiced": Decimal(72), "invoiced_tax": Decimal(12)}, "closed_short", "40"),
        ({"order_status": "closed", "invoiced": Decimal(60)}, "closed_short", "40"),
        ({"order_status": "closed"}, "closed_short", "100"),
        ({"lines": "SKU-1: deal 1, order 2"}, "lines_differ", "0"),
    ],
)
def test_what_breaks_after_the_order_is_listed_with_its_money(values: Row, kind: str, difference: str) -> None:
    (row,) = report([ordered(**values)]).breaks.to_dicts()
    assert (row["place"], row["owner"], row["difference"]) == (kind, OWNERS[kind].who, Decimal(difference))


def test_an_order_that_is_billed_or_may_still_be_is_no_break() -> None:
    billed = {"order_status": "billed", "invoiced": Decimal("100.05")}
    anew = {"invoiced": Decimal(200), "credited": Decimal(100)}
    taxed = {"invoiced": Decimal(240), "invoiced_tax": Decimal(40), "credited": Decimal(120)}
    rows = [ordered(), ordered("g2", **billed), ordered("g3", **anew), ordered("g4", **taxed)]
    assert report(rows).breaks.is_empty()


def test_what_is_not_invoiced_is_told_without_tax_and_the_tax_apart() -> None:
    half = {"erp_tax": Decimal(20), "invoiced": Decimal(60), "invoiced_tax": Decimal(10), "open_balance": Decimal(60)}
    (row,) = report([ordered(**half)]).money.to_dicts()
    assert (row["erp_total"], row["not_invoiced"], row["invoiced_tax"]) == (100, 50, 10)


def test_a_document_without_a_deal_is_a_break_and_counted_in_money() -> None:
    found = report([ordered()], strays=[STRAY])
    (row,) = found.breaks.to_dicts()
    assert (row["record"], row["owner"], row["amount"]) == ("900", "finance", Decimal(7))
    assert found.agrees
    assert not report([], strays=[STRAY | {"explained": False}]).explained


def test_one_month_is_the_whole_report_of_its_deals() -> None:
    october = deal("g2", close_date=date(2026, 10, 31))
    both = report([deal("g1"), october, deal("g3", close_date=None)], strays=[STRAY])
    assert both.selected("2026-10").money.equals(report([october]).money)
    november = both.selected(since="2026-11")
    assert sorted(november.breaks["record"]) == ["900", "crm-g1"]
    assert both.selected("2026-09").deals.is_empty()
    assert both.periods["period"].to_list() == ["2026-10", "2026-11", None]


STATE = st.none() | st.tuples(st.sampled_from(["ordered", "open", "other"]), st.integers(1, 3))


def world(states: list[tuple[str, int] | None]) -> Any:
    """Deals that are ordered, or planned, or forgotten, with an amount."""
    rows, intents = [], []
    for n, state in enumerate(states):
        if state is None:
            continue
        at, amount = state[0], Decimal(state[1])
        make = ordered if at == "ordered" else deal
        rows.append(make(f"g{n}", amount=amount) | ({"erp_total": amount} if at == "ordered" else {}))
        intents += [{"golden_id": f"g{n}", "state": "planned"}] if at == "open" else []
    return report(rows, intents)


def change(old: tuple[str, int] | None, new: tuple[str, int] | None) -> str | None:
    """What has become of one deal, said plainly."""
    if old is None or new is None:
        nothing = old is None and new is None
        return None if nothing else "gone" if new is None else "new" if new[0] == "ordered" else "broken"
    if old[0] != new[0]:
        return "broken" if old[0] == "ordered" else "mended" if new[0] == "ordered" else "moved"
    return "amended" if old[1] != new[1] else None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(STATE, STATE), max_size=6))
def test_drift_is_what_a_slow_reader_sees_and_its_totals_lead_from_one_run_to_the_next(pairs: list[Any]) -> None:
    before, after = (world([pair[at] for pair in pairs]) for at in (0, 1))
    moved = drift(after.deals, after.strays, before.deals, before.strays)
    expected = {f"crm-g{n}": change(*pair) for n, pair in enumerate(pairs)}
    assert dict(moved.select("record", "change").iter_rows()) == {k: v for k, v in expected.items() if v}
    shifts = drift_totals(after.deals, before.deals)
    for measure in ("won_amount", "ordered_amount", "erp_total"):
        sums = [sum(one.money[measure], Decimal(0)) for one in (before, after)]
        apart = sum(shifts.filter(pl.col("measure") == measure)["difference"], Decimal(0))
        assert sums[0] + apart == sums[1]


def test_a_stray_that_was_there_before_has_not_moved() -> None:
    one = report([], strays=[STRAY])
    assert drift(one.deals, one.strays, one.deals, one.strays).is_empty()
    assert drift(one.deals, one.strays, one.deals, one.strays.clear())["change"].to_list() == ["broken"]
    assert drift(one.deals, one.strays.clear(), one.deals, one.strays)["change"].to_list() == ["gone"]
