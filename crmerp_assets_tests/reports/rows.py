"""Rows to reconcile, written down in tests."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from crmerp_assets.reports import Reconciliation, place_deals
from crmerp_assets.reports.breaks import STRAYS
from crmerp_assets.reports.company import CARRIED, RATES, with_company
from crmerp_assets.reports.differences import LINES
from crmerp_assets.reports.owners import owned
from crmerp_assets.reports.reconciliation import AMOUNTS, DEALS, shaped

Row = dict[str, Any]
NOW = datetime(2026, 11, 30, 18, tzinfo=UTC)
COUNTS = pl.DataFrame({"entity": ["order"], "crm": [1]})
TOLERANCE = {"default": Decimal("0.01"), "JPY": Decimal("1"), "USD": Decimal("0.05")}
_DECIDED = ("period", "place", "gate", "reason", "explained", "owner", "next_step", *CARRIED)
DEAL = {
    **{name: kind for name, kind in DEALS.items() if name not in _DECIDED and not name.startswith("company_")},
    "erp_id": pl.String(),
    "erp_deleted": pl.Boolean(),
    "erp_currency": pl.String(),
}
INTENT = dict.fromkeys(["golden_id", "operation", "state", "gate", "reason", "error"], pl.String())
INVALID = dict.fromkeys(["crm_id", "reason"], pl.String())


def frame(rows: Iterable[Row], shape: dict[str, pl.DataType]) -> pl.DataFrame:
    """Rows with nulls for what they do not say."""
    return pl.DataFrame([dict.fromkeys(shape) | row for row in rows], schema=shape)


def report(
    deals: Iterable[Row],
    intents: Iterable[Row] = (),
    invalid: Iterable[Row] = (),
    strays: Iterable[Row] = (),
    rates: Iterable[Row] = (),
) -> Reconciliation:
    """A report of these rows, as a run makes it."""
    known = frame(rates, RATES)
    asked = [{"operation": "create"} | row for row in intents]
    placed = place_deals(frame(deals, DEAL), frame(asked, INTENT), frame(invalid, INVALID), TOLERANCE)
    alone = with_company(owned(frame(strays, STRAYS).drop("owner", "next_step")), known, None, "day", ["amount"])
    return Reconciliation(
        deals=shaped(with_company(placed, known, None, "close_date", AMOUNTS)),
        strays=alone.select(*STRAYS),
        lines=pl.DataFrame(schema=LINES),
        counts=COUNTS,
        tolerance=TOLERANCE,
        made_at=NOW,
    )


def deal(golden_id: str = "g1", **values: Any) -> Row:
    """A won deal without an order."""
    usual = {"crm_id": f"crm-{golden_id}", "currency": "USD", "amount": Decimal("100"), "close_date": date(2026, 11, 5)}
    return {"golden_id": golden_id, **usual, **values}


def ordered(golden_id: str = "g1", **values: Any) -> Row:
    """A won deal with an order that agrees."""
    return deal(golden_id, **{"erp_id": "7", "erp_deleted": False, "erp_total": Decimal("100"), **values})


def only(found: Reconciliation) -> Row:
    """The one deal."""
    assert found.deals.height == 1
    return found.deals.row(0, named=True)
