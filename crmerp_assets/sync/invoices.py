"""Golden invoices: the ERP's invoices with what settles them, a balance that adds up, and a status by stated rules.

An invoice is looked at again when it changed, when a document that settles it changed or no longer does, when one of
its orders or its customer was linked, and on every day on which it is overdue. The balance is computed from the
applied documents (see `merge.receivables`); the ERP's own figure is only compared with it.
"""

from dataclasses import dataclass, field

import duckdb
import polars as pl

from crmerp_assets import canonical
from crmerp_assets.canonical.validate import CheckSummary, validate
from crmerp_assets.mapping import EntityMap
from crmerp_assets.merge.attribution import AMOUNTS, shares
from crmerp_assets.merge.receivables import balanced
from crmerp_assets.sync import settlements, tables
from crmerp_assets.sync.accounts import merge_accounts
from crmerp_assets.sync.invoice_sources import affected, aging, applied_sql, billed_sql, invoice_sql
from crmerp_assets.sync.platform import Connection, Platform, in_one_transaction
from crmerp_assets.sync.reference_rates import merge_fallback
from crmerp_assets.sync.settlements import APPLICATIONS
from crmerp_assets.warehouse import Changes, Table
from crmerp_assets.warehouse.tables import NO_CHANGES, advance, marks, newest, progress, seen

CONSUMER = "merge:invoice"
SHARES = Table("golden", "invoice_share", ("golden_id", "native_order"))
_SHARED = ("golden_id", "number", "currency", "status", "due_date", "paid_date", "days_overdue", *AMOUNTS)


@dataclass(frozen=True, slots=True)
class Invoiced:
    """Invoices looked at, what changed, parked ones, and the checks' counts.

    `differing`: all invoices whose balance is not what the ERP says, as `number: balance, the ERP says balance`.
    """

    considered: int = 0
    changes: Changes = NO_CHANGES
    parked: int = 0
    checks: list[CheckSummary] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Gathered:
    """Affected invoices, what settles them and which orders they bill, with the marks of all that was read."""

    rows: pl.DataFrame
    applied: pl.DataFrame
    billed: pl.DataFrame
    marks: dict[Table, int]
    company: str | None


@in_one_transaction
def merge_invoices(platform: Platform) -> Invoiced:
    """Bring golden payments, invoices, their parts by order, and accounts up to date.

    Amounts are in the document's currency, and balances in the company's too.
    """
    erp, today = platform.side("erp"), platform.clock().date()
    with platform.ledger.read() as tx:
        again = tx.parked.asked_again("golden", "invoice", "golden")
    with platform.warehouse.open() as con:
        if not tables.conformed(erp.name, "invoice").exists(con):
            return Invoiced()
        company = _company(platform, con)
        consumer = platform.consumer(CONSUMER, platform.policy.receivables, company)
        if not again and tables.golden("invoice").exists(con) and _unmoved(platform, con, consumer):
            return Invoiced(differing=_differing(con))
        found = _gather(platform, con, consumer, company, again)
    rows = balanced(_of_order(found.rows, found.billed), found.applied, today, company)
    checked = validate("invoice", "golden", canonical.typed("invoice", canonical.text("invoice", rows)))
    with platform.ledger.begin() as tx:
        tx.parked.resolve("golden", "invoice", "golden", checked.valid["golden_id"].to_list())
        if checked.parked.height:
            tx.parked.put("golden", "invoice", "golden", checked.parked)
    with platform.warehouse.open() as con:
        changes = _store(con, erp, checked.valid.drop("issues", strict=False), found)
        for table, change in found.marks.items():
            advance(con, table, consumer, change)
        return Invoiced(rows.height, changes, checked.parked.height, checked.checks, _differing(con))


def _unmoved(platform: Platform, con: duckdb.DuckDBPyConnection, consumer: str) -> bool:
    """Whether nothing that invoices, payments and accounts are made from changed, and no day has passed for them."""
    erp = platform.side("erp")
    own = [*_sources(platform, con, erp), APPLICATIONS, tables.golden("payment")]
    found = marks(con, own)
    since = progress(con, found, consumer)
    return all(mark <= since[table] for table, mark in found.items()) and not aging(con, platform.clock().date())


def _gather(
    platform: Platform, con: duckdb.DuckDBPyConnection, consumer: str, company: str | None, again: list[str]
) -> _Gathered:
    """Merge the payments, then read the invoices that anything touched."""
    erp, today = platform.side("erp"), platform.clock().date()
    found = marks(con, _sources(platform, con, erp))
    items = platform.policy.receivables.write_off_items
    settlements.merge_payments(con, erp, _payment_maps(platform, erp), consumer, items, company)
    found |= marks(con, [APPLICATIONS, tables.golden("payment")])
    affected(con, erp, found, consumer, today, again)
    rows, applied, billed = (
        con.execute(sql).pl() for sql in (invoice_sql(con, erp), applied_sql(con), billed_sql(con, erp))
    )
    return _Gathered(rows, applied, billed, found, company)


def _store(con: duckdb.DuckDBPyConnection, erp: Connection, usable: pl.DataFrame, found: _Gathered) -> Changes:
    """Store the invoices, the part of each order in them, and what the accounts come to."""
    changes = tables.golden("invoice").upsert(con, usable)
    live = usable.filter(~pl.col("deleted")).select(_SHARED)
    SHARES.replace_children(con, usable["golden_id"].to_list(), shares(live, found.billed))
    merge_accounts(con, erp, found.company)
    return changes


def merge_exchange_rates(platform: Platform) -> Changes:
    """Copy the ERP's exchange rates into the golden table, and those of the fallback that the policy names."""
    erp = platform.side("erp")
    source, target = tables.conformed(erp.name, "exchange_rate"), tables.golden("exchange_rate")
    with platform.warehouse.open() as con:
        if not source.exists(con):
            return NO_CHANGES
        change = newest(con, source)
        since = seen(con, source, "merge:exchange_rate")
        rows = con.execute(
            f"SELECT '{erp.name}-' || native_id AS golden_id, base_currency, currency, rate_date, rate, "
            f"'{erp.name}' AS source, deleted FROM {source.sql} WHERE _change > {since}"
        ).pl()
        changes = target.upsert(con, rows)
        advance(con, source, "merge:exchange_rate", change)
        return changes + merge_fallback(platform.policy, con)


def _company(platform: Platform, con: duckdb.DuckDBPyConnection) -> str | None:
    """The company's currency: what the policy says, or the base of the ERP's rates if they have one only."""
    rates = tables.golden("exchange_rate")
    if platform.policy.company_currency or not rates.exists(con):
        return platform.policy.company_currency
    found = con.execute(f"SELECT DISTINCT base_currency FROM {rates.sql} WHERE NOT deleted").fetchall()
    return str(found[0][0]) if len(found) == 1 else None


def _payment_maps(platform: Platform, erp: Connection) -> list[EntityMap]:
    return [one for one in platform.matrix.maps(erp.system) if one.entity == "payment"]


def _sources(platform: Platform, con: duckdb.DuckDBPyConnection, erp: Connection) -> list[Table]:
    """Conformed tables and links that all of this is made from; of orders only the accounts' counts are."""
    own = [tables.conformed(erp.name, name) for name in ("invoice", "order")]
    own += [tables.conformed_lines(erp.name, "invoice")]
    own += [tables.links(name) for name in ("order", "customer", "invoice")]
    return [*settlements.sources(con, erp, _payment_maps(platform, erp)), *own]


def _of_order(rows: pl.DataFrame, billed: pl.DataFrame) -> pl.DataFrame:
    """The invoices with `order`: the one they bill the most of, of those that are known here."""
    sums = billed.filter(pl.col("order").is_not_null()).group_by("golden_id", "order").agg(pl.col("amount").sum())
    most = sums.sort("amount", "order", descending=[True, False]).unique("golden_id", keep="first", maintain_order=True)
    return rows.join(most.drop("amount"), on="golden_id", how="left", maintain_order="left")


def _differing(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The invoices whose balance is not what the ERP says, over a cent.

    On a draft nothing is owed yet, though Odoo calls its total open.
    """
    return [
        f"{number}: {balance:.2f}, the ERP says {said:.2f}"
        for number, balance, said in con.execute(
            f"SELECT number, open_balance, erp_open_balance FROM {tables.golden('invoice').sql} "
            "WHERE NOT deleted AND status IS DISTINCT FROM 'draft' AND abs(open_balance - erp_open_balance) > 0.01 "
            "ORDER BY number"
        ).fetchall()
    ]
