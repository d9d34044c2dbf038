"""Won equals the sum of its places, deal by deal and cent by cent, and every gap says why."""

from collections import defaultdict
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.reports.owners import OWNERS
from crmerp_assets.reports.places import HELD, IN_FLIGHT, PLACES, REASONS
from crmerp_assets.reports.reconciliation import DEALS
from crmerp_assets_tests.reports.rows import COUNTS, TOLERANCE, Row, deal, only, ordered, report

CENTS = st.integers(0, 10**14).map(lambda n: Decimal(n) / 100) | st.sampled_from([None, Decimal("0.01"), Decimal(100)])
DEAL_ROWS = st.fixed_dictionaries(
    {
        "currency": st.sampled_from(["USD", "EUR", "JPY", None]),
        "amount": CENTS,
        "erp_total": CENTS,
        "invoiced": CENTS,
        "erp_id": st.sampled_from([None, None, "7"]),
        "erp_deleted": st.sampled_from([None, False, True]),
    }
)
STATES = st.sampled_from([*IN_FLIGHT, *HELD])
TEXTS = st.sampled_from([None, "because"])
OPERATIONS = st.sampled_from(["create", "update"])
INTENT_ROWS = (
    st.fixed_dictionaries({"operation": OPERATIONS, "state": STATES, "gate": TEXTS, "reason": TEXTS, "error": TEXTS})
    | st.none()
)


def place(row: Row, intent: Row | None, unusable: bool) -> str:
    """The place of one deal, said plainly."""
    if row["erp_deleted"]:
        return "deleted"
    if row["erp_id"] is not None:
        known = row["amount"] is not None and row["erp_total"] is not None
        allowed = TOLERANCE.get(row["currency"], TOLERANCE["default"])
        return "ordered" if known and abs(row["amount"] - row["erp_total"]) <= allowed else "differs"
    if intent is not None and intent["operation"] == "create":
        return "parked" if intent["state"] in HELD else "pending"
    return "invalid" if unusable else "unplanned"


def explained(place: str, intent: Row | None) -> bool:
    """Whether something or somebody acts on a deal in this place, said plainly."""
    acting = intent is not None and intent["operation"] == "update" and (intent["state"] != "waiting" or intent["gate"])
    return place != "unplanned" and (place != "differs" or bool(acting))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(DEAL_ROWS, INTENT_ROWS, st.sampled_from([False, False, True])), max_size=8),
    st.integers(0, 2),
)
def test_won_is_the_sum_of_its_places_in_deals_and_in_money(
    world: list[tuple[Row, Row | None, bool]], strangers: int
) -> None:
    deals = [{"golden_id": f"g{at}", "crm_id": f"c{at}", **row} for at, (row, _, _) in enumerate(world)]
    intents = [{"golden_id": f"g{at}", **intent} for at, (_, intent, _) in enumerate(world) if intent]
    unusable = [f"c{at}" for at, (_, _, broken) in enumerate(world) if broken] + [f"new{at}" for at in range(strangers)]
    found = report(deals, intents, [{"crm_id": crm_id, "reason": "name is missing"} for crm_id in unusable])

    places = [place(row, intent, broken) for row, intent, broken in world] + ["invalid"] * strangers
    names = [row["crm_id"] for row in deals] + unusable[len(unusable) - strangers :]
    assert dict(found.deals.select("crm_id", "place").iter_rows()) == dict(zip(names, places, strict=True))
    assert found.deals.height == len(places)

    money = [(row["currency"], row["amount"] or Decimal(0)) for row in deals] + [(None, Decimal(0))] * strangers
    expected: dict[str | None, dict[str, tuple[int, Decimal]]] = defaultdict(
        lambda: defaultdict(lambda: (0, Decimal(0)))
    )
    for (currency, amount), at in zip(money, places, strict=True):
        for key in (at, "won"):
            count, total = expected[currency][key]
            expected[currency][key] = (count + 1, total + amount)
    assert set(found.money["currency"]) == set(expected)
    for row in found.money.iter_rows(named=True):
        told = {key: (row[f"{key}_deals"], row[f"{key}_amount"]) for key in (*PLACES, "won")}
        assert told == {key: expected[row["currency"]][key] for key in told}
        assert told["won"] == tuple(sum(told[key][part] for key in PLACES) for part in (0, 1))

    gaps = found.deals.filter(pl.col("place") != "ordered")
    assert gaps["reason"].null_count() == 0
    assert found.gaps["deals"].sum() == gaps.height
    assert sum(found.gaps["amount"], Decimal(0)) == sum(gaps["amount"].drop_nulls(), Decimal(0))
    assert found.agrees == (set(places) <= {"ordered"})
    told = [explained(at, intent) for at, (_, intent, _) in zip(places, world, strict=False)]
    assert found.explained == all(told)


@pytest.mark.parametrize(
    ("currency", "total", "expected"),
    [
        ("USD", "100.05", "ordered"),
        ("USD", "99.95", "ordered"),
        ("USD", "100.050001", "differs"),
        ("USD", "99.949999", "differs"),
        ("JPY", "101", "ordered"),
        ("JPY", "101.01", "differs"),
        ("EUR", "100.01", "ordered"),
        ("EUR", "100.02", "differs"),
        (None, "100.01", "ordered"),
        (None, "100.02", "differs"),
    ],
)
def test_totals_may_differ_by_the_tolerance_of_their_currency_and_no_more(
    currency: str | None, total: str, expected: str
) -> None:
    found = report([ordered(currency=currency, erp_total=Decimal(total))])
    assert only(found)["place"] == expected
    assert found.explained == found.agrees == (expected == "ordered")


@pytest.mark.parametrize("missing", ["amount", "erp_total"])
def test_an_order_of_unknown_total_does_not_agree(missing: str) -> None:
    found = report([ordered(**{missing: None})])
    assert (only(found)["place"], only(found)["reason"]) == (
        "differs",
        "the ERP's total or the deal's amount is missing",
    )
    assert not found.agrees


def test_a_gate_names_itself_and_its_reason() -> None:
    held = {"golden_id": "g1", "state": "waiting", "gate": "no_account", "reason": "the deal has no account"}
    found = report([deal()], [held])
    row = only(found)
    assert (row["place"], row["gate"], row["reason"]) == ("parked", "no_account", "the deal has no account")
    assert found.explained
    assert not found.agrees
    gap = ("USD", "parked", "no_account", "the deal has no account")
    assert found.gaps.rows() == [(*gap, *OWNERS["no_account"], 1, Decimal(100))]


def test_a_refusal_is_told_in_the_words_of_the_system() -> None:
    row = only(report([deal()], [{"golden_id": "g1", "state": "rejected", "error": "terms: not on the list"}]))
    assert (row["place"], row["gate"], row["reason"]) == ("parked", "rejected", "terms: not on the list")


@pytest.mark.parametrize("state", IN_FLIGHT)
def test_an_order_on_its_way_is_not_called_forgotten(state: str) -> None:
    row = only(report([deal()], [{"golden_id": "g1", "state": state}]))
    assert (row["place"], row["reason"]) == ("pending", REASONS["pending"])


def test_an_order_that_was_deleted_says_so() -> None:
    row = only(report([ordered(erp_deleted=True)]))
    assert (row["place"], row["reason"]) == ("deleted", "its order was deleted in the ERP")


def test_a_deal_that_nobody_knows_about_is_not_explained() -> None:
    found = report([deal()])
    assert only(found)["place"] == "unplanned"
    assert not found.explained


def test_a_deal_that_became_unusable_is_counted_once() -> None:
    unusable = [{"crm_id": "crm-g1", "reason": "amount is negative"}]
    assert only(report([ordered()], [], unusable))["place"] == "ordered"
    row = only(report([deal()], [], unusable))
    assert (row["place"], row["gate"], row["reason"]) == ("invalid", "validation", "amount is negative")
    assert row["amount"] == Decimal(100)


def test_the_way_to_cash_is_summed_per_currency() -> None:
    chain = {
        "invoiced": Decimal("60"),
        "paid": Decimal("20.5"),
        "credited": Decimal("1"),
        "open_balance": Decimal("38.5"),
    }
    found = report([ordered("g1", **chain), ordered("g2", **chain), ordered("g3", currency="EUR")])
    sums = found.money.select("currency", "erp_total", *chain).rows()
    assert sums == [
        ("EUR", Decimal(100), Decimal(0), Decimal(0), Decimal(0), Decimal(0)),
        ("USD", Decimal(200), Decimal(120), Decimal(41), Decimal(2), Decimal(77)),
    ]


def test_nothing_won_agrees_and_keeps_the_counts() -> None:
    found = report([])
    assert found.agrees
    assert found.explained
    assert found.deals.schema == DEALS
    assert found.counts.equals(COUNTS)
