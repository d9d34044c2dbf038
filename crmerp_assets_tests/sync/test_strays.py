"""Documents of the ERP without a won deal: which count, what is said of them, and which nobody can explain."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import polars as pl
import pytest

from crmerp_assets.merge.policy import Policy
from crmerp_assets.sync.platform import Connection, Platform
from crmerp_assets.sync.strays import strays

DAY, EARLIER = "2026-11-09", "2026-01-09"
PARKED = {"entity": "customer", "connection": "netsuite", "native_id": "c9", "reason": "name is missing"}
ORDER = ("golden_id", "name", "order_number", "close_date", "currency", "erp_total", "order_status", "won")
ORDER += ("crm_id", "crm_deleted", "erp_id", "erp_deleted")


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        made.execute("CREATE SCHEMA golden; CREATE SCHEMA conformed")
        made.execute(
            'CREATE TABLE golden."order" (golden_id VARCHAR, name VARCHAR, order_number VARCHAR, close_date DATE, '
            "currency VARCHAR, erp_total DECIMAL(20, 6), order_status VARCHAR, won BOOLEAN, crm_id VARCHAR, "
            "crm_deleted BOOLEAN, erp_id VARCHAR, erp_deleted BOOLEAN)"
        )
        made.execute('CREATE TABLE golden.order_compare (golden_id VARCHAR, "erp.key" VARCHAR, "erp.currency" VARCHAR)')
        made.execute(
            'CREATE TABLE golden.invoice (native_id VARCHAR, golden_id VARCHAR, number VARCHAR, "order" VARCHAR, '
            "customer VARCHAR, invoice_date DATE, currency VARCHAR, total DECIMAL(20, 6), status VARCHAR, "
            "deleted BOOLEAN)"
        )
        made.execute('CREATE TABLE conformed.netsuite__invoice (native_id VARCHAR, "order" VARCHAR, customer VARCHAR)')
        yield made


def found(con: duckdb.DuckDBPyConnection, go_live: date | None = date(2026, 6, 1)) -> list[dict[str, Any]]:
    sides = {"netsuite": Connection("netsuite", "erp", "netsuite", None)}  # type: ignore[arg-type]
    platform = Platform(sides, None, None, None, {}, Policy(go_live=go_live), None)  # type: ignore[arg-type]
    return strays(platform, con, pl.DataFrame([PARKED])).to_dicts()


def order(con: duckdb.DuckDBPyConnection, key: str = "SO-1", **values: Any) -> None:
    usual = {"golden_id": "so-1", "close_date": DAY, "currency": "USD", "erp_total": 5, "won": False}
    row = dict.fromkeys(ORDER) | usual | {"crm_id": "006", "crm_deleted": False, "erp_id": "9", "erp_deleted": False}
    con.execute(f'INSERT INTO golden."order" VALUES ({", ".join("?" * len(ORDER))})', [*(row | values).values()])
    con.execute("INSERT INTO golden.order_compare VALUES ('so-1', ?, 'EUR')", [key])


def invoice(
    con: duckdb.DuckDBPyConnection, native: tuple[str | None, str], known: tuple[str | None, str | None], **values: Any
) -> None:
    row = {"day": DAY, "status": "open", "deleted": False} | values
    con.execute("INSERT INTO conformed.netsuite__invoice VALUES ('8', ?, ?)", list(native))
    con.execute(
        "INSERT INTO golden.invoice VALUES ('8', 'inv-8', 'INV8', ?, ?, ?, 'USD', 7, ?, ?)",
        [*known, row["day"], row["status"], row["deleted"]],
    )


@pytest.mark.parametrize(
    ("values", "gate", "explained"),
    [
        ({}, "not_won", True),
        ({"crm_deleted": True, "won": True}, "deal_deleted", True),
        ({"crm_id": None, "won": None}, "deal_unknown", False),
    ],
)
def test_an_order_with_our_key_and_no_won_deal_is_a_stray(con: Any, values: Any, gate: str, explained: bool) -> None:
    order(con, **values)
    (row,) = found(con)
    assert (row["record"], row["gate"], row["explained"], row["period"]) == ("9", gate, explained, "2026-11")
    assert (row["currency"], row["amount"]) == ("EUR", 5), "in the order's own currency"
    assert row["reason"]


@pytest.mark.parametrize(
    "values",
    [
        {"won": True},
        {"key": "ERP-7"},
        {"order_status": "cancelled"},
        {"erp_deleted": True},
        {"close_date": EARLIER},
    ],
)
def test_other_orders_are_no_strays(con: Any, values: Any) -> None:
    order(con, **values)
    assert found(con) == []


@pytest.mark.parametrize(
    ("native", "known", "place", "explained"),
    [
        ((None, "c1"), (None, "cust-1"), "invoice_without_order", True),
        (("s1", "c1"), (None, "cust-1"), "invoice_of_unknown_order", False),
        (("s1", "c1"), ("so-1", None), "invoice_without_customer", False),
        (("s1", "c9"), ("so-1", None), "invoice_without_customer", True),
    ],
)
def test_an_invoice_without_order_or_customer_is_a_stray(
    con: Any, native: Any, known: Any, place: str, explained: bool
) -> None:
    invoice(con, native, known)
    (row,) = found(con)
    assert (row["place"], row["explained"], row["amount"]) == (place, explained, 7)
    assert ("name is missing" in row["reason"]) == (native[1] == "c9")


@pytest.mark.parametrize("values", [{"day": EARLIER}, {"status": "void"}, {"status": "draft"}, {"deleted": True}])
def test_invoices_that_are_not_owed_are_no_strays(con: Any, values: Any) -> None:
    invoice(con, (None, "c1"), (None, "cust-1"), **values)
    assert found(con) == []


def test_before_go_live_nothing_is_a_stray(con: Any) -> None:
    order(con)
    invoice(con, (None, "c1"), (None, None))
    assert found(con, go_live=None) == []
