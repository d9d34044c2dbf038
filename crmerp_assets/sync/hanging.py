"""What hangs on a record that somebody deleted: its open orders and unpaid invoices, in numbers and money."""

from dataclasses import dataclass
from decimal import Decimal

import duckdb

from crmerp_assets.sync import tables
from crmerp_assets.warehouse.tables import listed

_OPEN = (
    "o.erp_id IS NOT NULL AND NOT o.erp_deleted "
    "AND coalesce(o.order_status, '') NOT IN ('billed', 'closed', 'cancelled')"
)


@dataclass(frozen=True, slots=True)
class Weight:
    """Sentences and money by golden id."""

    parts: dict[str, list[str]]
    amounts: dict[str, Decimal]

    def text(self, golden_id: str) -> str:
        """` with 2 open orders over 300.00 USD, ...`, or nothing."""
        found = self.parts.get(golden_id)
        return f" with {', '.join(found)}" if found else ""

    def value(self, golden_id: str) -> float | None:
        """The sum of the amounts as a weight to sort by, whatever their currencies."""
        return float(self.amounts[golden_id]) if golden_id in self.amounts else None


def hanging(con: duckdb.DuckDBPyConnection, entity: str, golden_ids: list[str]) -> Weight:
    """What hangs on customers, and on orders themselves; other entities carry no money."""
    weight = Weight({}, {})
    for label, sql in _queries(con, entity):
        with listed(con, "_asked", golden_ids):
            rows = con.execute(sql).fetchall()
        for golden_id, count, amount, currency in rows:
            weight.parts.setdefault(golden_id, []).append(_sentence(label, count, amount, currency))
            weight.amounts[golden_id] = weight.amounts.get(golden_id, Decimal(0)) + Decimal(str(amount or 0))
    return weight


def _sentence(label: str, count: int, amount: Decimal | None, currency: str | None) -> str:
    worth = f"{Decimal(str(amount or 0)):.2f} {currency or ''}".strip()
    return f"{count} {label}{'' if count == 1 else 's'} over {worth}"


def _queries(con: duckdb.DuckDBPyConnection, entity: str) -> list[tuple[str, str]]:
    orders, invoices = tables.golden("order"), tables.golden("invoice")
    column = {"customer": "customer", "order": "order"}.get(entity)
    found = []
    if column is None:
        return []
    if orders.exists(con):
        owner = "golden_id" if entity == "order" else column
        amount = "coalesce(o.erp_total, o.amount)"
        found.append(("open order", _sums(orders.sql, f"o.{owner}", amount, _OPEN)))
    if invoices.exists(con):
        unpaid = "NOT o.deleted AND o.open_balance > 0"
        found.append(("unpaid invoice", _sums(invoices.sql, f'o."{column}"', "o.open_balance", unpaid)))
    return found


def _sums(table: str, owner: str, amount: str, condition: str) -> str:
    return (
        f"SELECT {owner}, count(*), sum({amount}), o.currency FROM {table} o JOIN _asked a ON a.id = {owner} "
        f"WHERE {condition} GROUP BY ALL ORDER BY ALL"
    )
