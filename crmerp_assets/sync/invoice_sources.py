"""Which invoices to look at again, and what they are made from: SQL over the conformed tables and golden payments."""

from datetime import date

import duckdb

from crmerp_assets.sync import tables
from crmerp_assets.sync.platform import Connection
from crmerp_assets.sync.settlements import APPLICATIONS, SETTLES
from crmerp_assets.warehouse import Table
from crmerp_assets.warehouse.tables import listed, progress


def affected(
    con: duckdb.DuckDBPyConnection,
    erp: Connection,
    marks: dict[Table, int],
    consumer: str,
    today: date,
    again: list[str],
) -> None:
    """Temp table `_affected` of the native ids of invoices to look at again; `again` are golden ids asked for."""
    since = progress(con, marks, consumer)
    links = tables.links("invoice")
    parts = [*_touched(erp, since), *_settled(since), *aging(con, today)]
    if links in since:
        parts.append(f"SELECT native_id FROM {links.sql} SEMI JOIN _again ON golden_id = _again.id")
    with listed(con, "_again", again):
        con.execute(f"CREATE OR REPLACE TEMP TABLE _affected AS {' UNION '.join(parts)}")


def aging(con: duckdb.DuckDBPyConnection, today: date) -> list[str]:
    """SQL for open invoices that are overdue by other days than they were when they were last looked at, if any are."""
    golden = tables.golden("invoice")
    if not (golden.exists(con) and "days_overdue" in golden.columns(con)):
        return []
    aged = (
        f"SELECT native_id FROM {golden.sql} WHERE status IN ('open', 'partially_paid', 'overdue') "
        f"AND days_overdue IS DISTINCT FROM greatest(date_diff('day', due_date, DATE '{today}'), 0)"
    )
    return [aged] if con.execute(f"{aged} LIMIT 1").fetchone() else []


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


def invoice_sql(con: duckdb.DuckDBPyConnection, erp: Connection) -> str:
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


def applied_sql(con: duckdb.DuckDBPyConnection) -> str:
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


def billed_sql(con: duckdb.DuckDBPyConnection, erp: Connection) -> str:
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
