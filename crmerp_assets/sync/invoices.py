"""Golden invoices: the ERP's invoices with what settles them, a balance that adds up, and a status by stated rules.

An invoice is looked at again when it changed, when a document that settles it changed or no longer does, when one of
its orders or its customer was linked, and on every day on which it is overdue. The balance is computed from the
applied documents (see `merge.receivables`); the ERP's own figure is only compared with it.
"""

from dataclasses import dataclass, field
from datetime import date

import duckdb
import polars as pl

from crmerp_assets import canonical
from crmerp_assets.canonical.validate import CheckSummary, validate
from crmerp_assets.merge.attribution import AMOUNTS, shares
from crmerp_assets.merge.receivables import balanced
from crmerp_assets.sync import settlements, tables
from crmerp_assets.sync.accounts import merge_accounts
from crmerp_assets.sync.platform import Connection, Platform, in_one_transaction
from crmerp_assets.sync.settlements import APPLICATIONS, SETTLES
from crmerp_assets.warehouse import Changes, Table
from crmerp_assets.warehouse.tables import NO_CHANGES, advance, listed, newest, seen

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


@in_one_transaction
def merge_invoices(platform: Platform) -> Invoiced:
    """Bring golden payments, invoices, their parts by order, and accounts up to date.

    Amounts are in the document's currency, and balances in the company's too.
    """
    erp, today = platform.side("erp"), platform.clock().date()
    maps = [m for m in platform.matrix.maps(erp.system) if m.entity == "payment"]
    with platform.ledger.read() as tx:
        again = tx.parked.asked_again("golden", "invoice", "golden")
    with platform.warehouse.open() as con:
        if not tables.conformed(erp.name, "invoice").exists(con):
            return Invoiced()
        company = _company(platform, con)
        receivables = platform.policy.receivables
        consumer = platform.consumer(CONSUMER, receivables, company)
        before = _marks(con, [*settlements.sources(con, erp, maps), *_own_sources(erp)])
        settlements.merge_payments(con, erp, maps, consumer, receivables.write_off_items, company)
        marks = before | _marks(con, [APPLICATIONS, tables.golden("payment")])
        _affected(con, erp, marks, consumer, today, again)
        rows, applied = con.execute(_invoice_sql(con, erp)).pl(), con.execute(_applied_sql(con)).pl()
        billed = con.execute(_billed_sql(con, erp)).pl()
    golden = canonical.typed(
        "invoice", canonical.text("invoice", balanced(_of_order(rows, billed), applied, today, company))
    )
    checked = validate("invoice", "golden", golden)
    with platform.ledger.begin() as tx:
        tx.parked.resolve("golden", "invoice", "golden", checked.valid["golden_id"].to_list())
        if checked.parked.height:
            tx.parked.put("golden", "invoice", "golden", checked.parked)
    usable = checked.valid.drop("issues", strict=False)
    with platform.warehouse.open() as con:
        changes = tables.golden("invoice").upsert(con, usable)
        live = usable.filter(~pl.col("deleted")).select(_SHARED)
        SHARES.replace_children(con, rows["golden_id"].to_list(), shares(live, billed))
        merge_accounts(con, erp, company)
        for table, change in marks.items():
            advance(con, table, consumer, change)
        differing = _differing(con)
    return Invoiced(rows.height, changes, checked.parked.height, checked.checks, differing)


def merge_exchange_rates(platform: Platform) -> Changes:
    """Copy the ERP's exchange rates into the golden table."""
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
        return changes


def _company(platform: Platform, con: duckdb.DuckDBPyConnection) -> str | None:
    """The company's currency: what the policy says, or the base of the ERP's rates if they have one only."""
    rates = tables.golden("exchange_rate")
    if platform.policy.company_currency or not rates.exists(con):
        return platform.policy.company_currency
    found = con.execute(f"SELECT DISTINCT base_currency FROM {rates.sql} WHERE NOT deleted").fetchall()
    return str(found[0][0]) if len(found) == 1 else None


def _own_sources(erp: Connection) -> list[Table]:
    own = [tables.conformed(erp.name, "invoice"), tables.conformed_lines(erp.name, "invoice")]
    return own + [tables.links(name) for name in ("order", "customer", "invoice")]


def _marks(con: duckdb.DuckDBPyConnection, sources: list[Table]) -> dict[Table, int]:
    return {source: newest(con, source) for source in sources if source.exists(con)}


def _affected(
    con: duckdb.DuckDBPyConnection,
    erp: Connection,
    marks: dict[Table, int],
    consumer: str,
    today: date,
    again: list[str],
) -> None:
    """Temp table `_affected` of the native ids of invoices to look at again; `again` are golden ids asked for."""
    since = {source: seen(con, source, consumer) for source in marks}
    golden, links = tables.golden("invoice"), tables.links("invoice")
    parts = [*_touched(erp, since), *_settled(since)]
    if links in since:
        parts.append(f"SELECT native_id FROM {links.sql} SEMI JOIN _again ON golden_id = _again.id")
    if golden.exists(con) and "days_overdue" in golden.columns(con):
        parts.append(
            f"SELECT native_id FROM {golden.sql} WHERE status IN ('open', 'partially_paid', 'overdue') "
            f"AND days_overdue IS DISTINCT FROM greatest(date_diff('day', due_date, DATE '{today}'), 0)"
        )
    with listed(con, "_again", again):
        con.execute(f"CREATE OR REPLACE TEMP TABLE _affected AS {' UNION '.join(parts)}")


def _touched(erp: Connection, since: dict[Table, int]) -> list[str]:
    """SQL for invoices that changed themselves, or whose orders, customer or own link did."""
    invoice, lines = tables.conformed(erp.name, "invoice"), tables.conformed_lines(erp.name, "invoice")
    parts = [f"SELECT native_id FROM {invoice.sql} WHERE _change > {since[invoice]}"]
    refs = [("order", invoice, "native_id"), ("customer", invoice, "native_id")]
    if lines in since:
        parts.append(f"SELECT parent_id FROM {lines.sql} WHERE _change > {since[lines]}")
        refs.append(("order", lines, "parent_id"))
    if tables.links("invoice") in since:
        links = tables.links("invoice")
        parts.append(f"SELECT native_id FROM {links.sql} WHERE connection = '{erp.name}' AND _change > {since[links]}")
    return parts + [
        f'SELECT i.{key} FROM {table.sql} i JOIN {tables.links(name).sql} l ON l.native_id = i."{name}" '
        f"AND l.connection = '{erp.name}' WHERE l._change > {since[tables.links(name)]}"
        for name, table, key in refs
        if tables.links(name) in since
    ]


def _settled(since: dict[Table, int]) -> list[str]:
    """SQL for invoices of which an application, or the document that is applied, changed."""
    if APPLICATIONS not in since:
        return []
    settles, payments = f"use = '{SETTLES}'", tables.golden("payment")
    return [
        f"SELECT document FROM {APPLICATIONS.sql} WHERE {settles} AND _change > {since[APPLICATIONS]}",
        f"SELECT a.document FROM {APPLICATIONS.sql} a JOIN {payments.sql} p ON p.native_id = a.payment "
        f"WHERE {settles} AND p._change > {since[payments]}",
    ]


def _invoice_sql(con: duckdb.DuckDBPyConnection, erp: Connection) -> str:
    """Affected invoices with their customer, and what the ERP says is owed where its record is new enough to tell."""
    links, join, customer = tables.links("customer"), "", "NULL::VARCHAR"
    if links.exists(con):
        join = f"LEFT JOIN {links.sql} c ON c.connection = '{erp.name}' AND c.native_id = i.customer"
        customer = tables.lives("c")
    newer = ""
    if APPLICATIONS.exists(con):
        later = "CASE WHEN h.deleted THEN i._change < a._change ELSE h.modified > i.modified END"
        newer = (
            f"OR EXISTS (SELECT 1 FROM {APPLICATIONS.sql} a JOIN _headers h ON h.native_id = a.payment "
            f"WHERE a.document = i.native_id AND a.use = '{SETTLES}' AND {later})"
        )
    return f"""
        SELECT l.golden_id, i.native_id, i.number, {customer} AS customer,
               i.currency, i.exchange_rate, i.invoice_date, i.due_date, i.total, i.tax, i.status AS native_status,
               CASE WHEN i.status IN ('void', 'draft') {newer} THEN NULL ELSE i.erp_open_balance END
                   AS erp_open_balance,
               i.deleted
        FROM {tables.conformed(erp.name, "invoice").sql} i
        SEMI JOIN _affected f ON f.native_id = i.native_id
        JOIN {tables.links("invoice").sql} l ON l.connection = '{erp.name}' AND l.native_id = i.native_id
        {join}
    """


def _applied_sql(con: duckdb.DuckDBPyConnection) -> str:
    """What settles the affected invoices, and what was voided after it had done so.

    An application that vanished before its document was voided was not reversed, but taken back: only those that
    vanished last count.
    """
    if not APPLICATIONS.exists(con):
        return (
            "SELECT '' AS invoice, '' AS kind, 0::DECIMAL(20, 6) AS amount, NULL::DATE AS date, false AS reversed "
            "LIMIT 0"
        )
    last = f"SELECT max(b._change) FROM {APPLICATIONS.sql} b WHERE b.payment = a.payment"
    return f"""
        SELECT a.document AS invoice, p.kind, a.amount, p.date, p.voided AS reversed
        FROM {APPLICATIONS.sql} a JOIN {tables.golden("payment").sql} p ON p.native_id = a.payment
        SEMI JOIN _affected f ON f.native_id = a.document
        WHERE a.use = '{SETTLES}' AND NOT p.deleted AND (NOT a.deleted OR (p.voided AND a._change = ({last})))
    """


def _billed_sql(con: duckdb.DuckDBPyConnection, erp: Connection) -> str:
    """Which orders the affected invoices bill, line by line; by the invoice's own word where no line says so."""
    invoice, lines = tables.conformed(erp.name, "invoice"), tables.conformed_lines(erp.name, "invoice")
    links, join, order = tables.links("order"), "", "NULL::VARCHAR"
    if links.exists(con):
        join = f"LEFT JOIN {links.sql} o ON o.connection = '{erp.name}' AND o.native_id = b.native_order"
        order = tables.lives("o")
    found = f'SELECT native_id AS invoice, "order" AS native_order, total AS amount FROM {invoice.sql} i'
    if lines.exists(con):
        own = f'SELECT parent_id AS invoice, "order" AS native_order, amount FROM {lines.sql} WHERE NOT deleted'
        none = f"NOT EXISTS (SELECT 1 FROM {lines.sql} n WHERE n.parent_id = i.native_id AND NOT n.deleted)"
        found = f"{own} UNION ALL {found} WHERE {none}"
    return f"""
        SELECT l.golden_id, b.native_order, {order} AS "order", b.amount FROM ({found}) b
        SEMI JOIN _affected f ON f.native_id = b.invoice
        JOIN {tables.links("invoice").sql} l ON l.connection = '{erp.name}' AND l.native_id = b.invoice
        {join}
        WHERE b.native_order IS NOT NULL AND l.golden_id IS NOT NULL
    """


def _of_order(rows: pl.DataFrame, billed: pl.DataFrame) -> pl.DataFrame:
    """The invoices with `order`: the one they bill the most of, of those that are known here."""
    sums = billed.filter(pl.col("order").is_not_null()).group_by("golden_id", "order").agg(pl.col("amount").sum())
    most = sums.sort("amount", "order", descending=[True, False]).unique("golden_id", keep="first", maintain_order=True)
    return rows.join(most.drop("amount"), on="golden_id", how="left", maintain_order="left")


def _differing(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The invoices whose balance is not what the ERP says, over a cent."""
    return [
        f"{number}: {balance:.2f}, the ERP says {said:.2f}"
        for number, balance, said in con.execute(
            f"SELECT number, open_balance, erp_open_balance FROM {tables.golden('invoice').sql} "
            "WHERE NOT deleted AND abs(open_balance - erp_open_balance) > 0.01 ORDER BY number"
        ).fetchall()
    ]
