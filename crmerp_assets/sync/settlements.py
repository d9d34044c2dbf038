"""Golden payments, and which document settles or uses up which: what the balances are made of.

Every application is a row of `golden.application` that stays, marked deleted, when the ERP takes it back. NetSuite
drops the applications of what is voided, so what was reversed is known only of applications that a pull had seen;
after a rebuild from nothing such a payment is neither in `paid` nor in `reversed`, and every balance is the same.
"""

from collections.abc import Sequence

import duckdb

from crmerp_assets.canonical import PAYMENT_KINDS
from crmerp_assets.mapping import EntityMap
from crmerp_assets.merge.receivables import unspent
from crmerp_assets.sync import tables
from crmerp_assets.sync.platform import Connection
from crmerp_assets.warehouse import Table
from crmerp_assets.warehouse.tables import seen

APPLICATIONS = Table("golden", "application", ("payment", "use", "document"))
SETTLES, USES = "settles", "uses"
_COLUMNS = {
    "kind": "VARCHAR",
    "number": "VARCHAR",
    "customer": "VARCHAR",
    "date": "DATE",
    "currency": "VARCHAR",
    "exchange_rate": "DECIMAL(28, 12)",
    "amount": "DECIMAL(20, 6)",
    "unapplied": "DECIMAL(20, 6)",
    "item": "VARCHAR",
    "voided": "BOOLEAN",
}


def sources(con: duckdb.DuckDBPyConnection, erp: Connection, maps: Sequence[EntityMap]) -> list[Table]:
    """The conformed tables that payments are made from."""
    named = [table(erp.name, one.name) for one in maps for table in (tables.conformed, tables.conformed_lines)]
    return [table for table in named if table.exists(con)]


def merge_payments(
    con: duckdb.DuckDBPyConnection,
    erp: Connection,
    maps: Sequence[EntityMap],
    consumer: str,
    write_off_items: Sequence[str],
    company: str | None,
) -> None:
    """Bring `golden.application` and `golden.payment` up to date with what changed since `consumer` last advanced."""
    held = [one for one in maps if tables.conformed(erp.name, one.name).exists(con)]
    if not held:
        return
    _headers(con, erp, held)
    _apply(con, erp, held, consumer)
    _touched(con, erp, held, consumer)
    rows = con.execute(_payment_sql(con, erp, write_off_items)).pl()
    used = con.execute(
        f"""
        SELECT p.payment, p.amount FROM (
            SELECT payment, payment AS by, amount, deleted FROM {APPLICATIONS.sql} WHERE use = '{SETTLES}'
            UNION ALL SELECT document, payment, amount, deleted FROM {APPLICATIONS.sql} WHERE use = '{USES}'
        ) p JOIN _headers h ON h.native_id = p.by SEMI JOIN _payments t ON t.native_id = p.payment
        WHERE NOT p.deleted AND NOT h.deleted AND NOT coalesce(h.voided, false)
        """
    ).pl()
    tables.golden("payment").upsert(con, unspent(rows, used, company))


def _headers(con: duckdb.DuckDBPyConnection, erp: Connection, held: Sequence[EntityMap]) -> None:
    """Temp view `_headers` of every payment, credit, deposit and refund of the ERP."""
    parts = []
    for one in held:
        table = tables.conformed(erp.name, one.name)
        known = table.columns(con)
        columns = [f'"{c}"' if c in known else f'NULL::{kind} AS "{c}"' for c, kind in _COLUMNS.items()]
        parts.append(f"SELECT native_id, {', '.join(columns)}, modified, deleted, _change FROM {table.sql}")
    con.execute(f"CREATE OR REPLACE TEMP VIEW _headers AS {' UNION ALL '.join(parts)}")


def _apply(con: duckdb.DuckDBPyConnection, erp: Connection, held: Sequence[EntityMap], consumer: str) -> None:
    """Replace the applications of the documents that changed, so that what is no longer applied is told too."""
    changed, found = [], []
    for one in held:
        header, lines = tables.conformed(erp.name, one.name), tables.conformed_lines(erp.name, one.name)
        changed.append(f"SELECT native_id FROM {header.sql} WHERE _change > {seen(con, header, consumer)}")
        if lines.exists(con):
            changed.append(f"SELECT parent_id FROM {lines.sql} WHERE _change > {seen(con, lines, consumer)}")
            found += [
                f"SELECT n.parent_id AS payment, '{use}' AS use, n.{target} AS document, n.amount "
                f"FROM {lines.sql} n JOIN _headers h ON h.native_id = n.parent_id "
                f"WHERE NOT n.deleted AND NOT h.deleted AND n.{target} IS NOT NULL"
                for target, use in (("invoice", SETTLES), ("payment", USES))
                if target in lines.columns(con)
            ]
    con.execute(f"CREATE OR REPLACE TEMP TABLE _applying AS {' UNION '.join(changed)}")
    nothing = "SELECT NULL::VARCHAR AS payment, NULL::VARCHAR AS use, NULL::VARCHAR AS document, 0 AS amount LIMIT 0"
    rows = con.execute(
        f"SELECT payment, use, document, sum(amount)::DECIMAL(20, 6) AS amount "
        f"FROM ({' UNION ALL '.join(found) or nothing}) a SEMI JOIN _applying t ON t.native_id = a.payment GROUP BY ALL"
    ).pl()
    parents = [row[0] for row in con.execute("SELECT native_id FROM _applying").fetchall()]
    APPLICATIONS.replace_children(con, parents, rows)


def _touched(con: duckdb.DuckDBPyConnection, erp: Connection, held: Sequence[EntityMap], consumer: str) -> None:
    """Temp table `_payments`: native ids of documents to look at again."""
    since = seen(con, APPLICATIONS, consumer)
    parts = [
        "SELECT native_id FROM _applying",
        f"SELECT payment FROM {APPLICATIONS.sql} WHERE _change > {since}",
        f"SELECT document FROM {APPLICATIONS.sql} WHERE use = '{USES}' AND _change > {since}",
    ]
    links = tables.links("customer")
    if links.exists(con):
        parts.append(
            f"SELECT h.native_id FROM _headers h JOIN {links.sql} l ON l.connection = '{erp.name}' "
            f"AND l.native_id = h.customer WHERE l._change > {seen(con, links, consumer)}"
        )
    con.execute(f"CREATE OR REPLACE TEMP TABLE _payments AS {' UNION '.join(parts)}")


def _payment_sql(con: duckdb.DuckDBPyConnection, erp: Connection, write_off_items: Sequence[str]) -> str:
    """Touched documents with their customer's golden id; a credit over one of the items is a write-off."""
    items = ", ".join("'" + item.replace("'", "''") + "'" for item in write_off_items) or "NULL"
    links, join, customer = tables.links("customer"), "", "NULL::VARCHAR"
    if links.exists(con):
        join = f"LEFT JOIN {links.sql} l ON l.connection = '{erp.name}' AND l.native_id = h.customer"
        customer = tables.lives("l")
    credit, write_off = PAYMENT_KINDS[1], PAYMENT_KINDS[2]
    return f"""
        SELECT '{erp.name}-' || h.native_id AS golden_id, h.native_id,
               CASE WHEN h.kind = '{credit}' AND h.item IN ({items}) THEN '{write_off}' ELSE h.kind END AS kind,
               h.number, {customer} AS customer, h.date, h.currency, h.exchange_rate, h.amount,
               h.unapplied AS erp_unapplied, coalesce(h.voided, false) AS voided, h.deleted
        FROM _headers h SEMI JOIN _payments t ON t.native_id = h.native_id {join}
    """
