"""Documents of the ERP as the CRM's own records show them: golden orders and invoices, laid out as one more entity.

The layout takes the place of a conformed table of the ERP. From there on nothing is special about a mirror: it is
linked by its key, merged, planned and written as everything else, and as the ERP owns all of its fields, whoever edits
it in the CRM is overruled. A document that the ERP has deleted is shown as cancelled or void, with nothing owed on it.

It names only a company and a deal that the CRM has: a write with one that is gone there would be refused as a whole.
"""

from collections.abc import Iterator, Mapping

import duckdb

from crmerp_assets.canonical import ENTITIES
from crmerp_assets.sync import tables
from crmerp_assets.sync.invoices import SHARES
from crmerp_assets.sync.link import born_id
from crmerp_assets.sync.platform import Platform, in_one_transaction
from crmerp_assets.sync.rollups import WORST
from crmerp_assets.warehouse import Changes, Table
from crmerp_assets.warehouse.tables import NO_CHANGES, advance, marks, progress

_DATES = {"order_mirror": "order_date", "invoice_mirror": "invoice_date"}
_ALSO = {"order_mirror": (SHARES,), "invoice_mirror": (tables.golden("order"),)}
"""What a document is laid out from besides its golden record and its customer."""
_SUMS = ("invoiced", "paid", "credited", "written_off", "reversed", "open_balance")
_STATUSES = {"order_mirror": "order_status", "invoice_mirror": "status"}


@in_one_transaction
def lay_out(platform: Platform, entity: str) -> Changes:
    """Lay out the golden documents since the go-live date that changed, or whose customer or deal did.

    An older one stays true where it was laid out before, or where the CRM shows it: the go-live date was moved.
    """
    shown, go_live, erp = ENTITIES[entity].mirrors or "", platform.policy.go_live, platform.side("erp")
    source, native, target = tables.golden(shown), tables.conformed(erp.name, shown), tables.conformed(erp.name, entity)
    consumer = platform.consumer(f"mirror:{entity}", str(go_live))
    with platform.warehouse.open() as con:
        found = marks(con, [source, *_ALSO[entity], tables.golden("customer")])
        since = progress(con, found, consumer)
        if not go_live or source not in found or all(mark <= since[table] for table, mark in found.items()):
            return NO_CHANGES
        moved = " UNION ".join(_moved(entity, erp.name, native, since))
        con.execute(f"CREATE OR REPLACE TEMP TABLE _moved AS {moved}")
        key = f"lower({born_id(entity, platform.prefix(entity), erp.name, 'c.native_id')})"
        fate = "c.modified, c.modified_by, false AS deleted, NULL::VARCHAR AS merged_into"
        record = f"c.native_id, {key} AS external_key, {fate}, c.buyer AS customer"
        documents = (_orders if entity == "order_mirror" else _invoices)(
            record, _bought(erp.name, native, since), since
        )
        known = _known(platform, con, entity, target)
        laid_out = f"SELECT * FROM ({documents}) WHERE {_DATES[entity]} >= DATE '{go_live}'{known}"
        changes = target.upsert(con, con.execute(laid_out).pl())
        for table, mark in found.items():
            advance(con, table, consumer, mark)
        return changes


def _moved(entity: str, erp: str, native: Table, since: Mapping[Table, int]) -> Iterator[str]:
    """SQL for the native ids of documents that changed, or of which the customer, the deal or what was billed did."""
    orders, invoices, customers = (tables.golden(name) for name in ("order", "invoice", "customer"))
    if entity == "order_mirror":
        yield f"SELECT erp_id AS native_id FROM {orders.sql} WHERE _change > {since[orders]}"
        if SHARES in since:
            yield f"SELECT native_order FROM {SHARES.sql} WHERE _change > {since[SHARES]}"
    else:
        yield f"SELECT native_id FROM {invoices.sql} WHERE _change > {since[invoices]}"
        if orders in since:
            billed = f'JOIN {orders.sql} o ON o.golden_id = i."order"'
            yield f"SELECT i.native_id FROM {invoices.sql} i {billed} WHERE o._change > {since[orders]}"
    if customers in since:
        links = tables.links("customer")
        yield (
            f"SELECT n.native_id FROM {native.sql} n "
            f"JOIN {links.sql} l ON l.connection = '{erp}' AND l.native_id = n.customer "
            f"JOIN {customers.sql} k ON k.golden_id = {tables.lives('l')} WHERE k._change > {since[customers]}"
        )


def _known(platform: Platform, con: duckdb.DuckDBPyConnection, entity: str, target: Table) -> str:
    """SQL for the documents that were laid out before, or that the CRM shows though this warehouse is a new one."""
    crm = platform.side("crm")
    entity_map = platform.entity_map(crm, entity)
    shown = tables.conformed(crm.name, entity_map.name if entity_map else entity)
    before = f" OR native_id IN (SELECT native_id FROM {target.sql})" if target.exists(con) else ""
    keys = f"SELECT lower(external_key) FROM {shown.sql} WHERE NOT deleted"
    return f"{before} OR external_key IN ({keys})" if shown.exists(con) else before


def _bought(erp: str, native: Table, since: Mapping[Table, int]) -> str:
    """SQL for the ERP's moved documents with their `buyer`, where the CRM has it."""
    customers, moved = tables.golden("customer"), f"FROM {native.sql} n SEMI JOIN _moved m ON m.native_id = n.native_id"
    if customers not in since:
        return f"(SELECT n.*, NULL::VARCHAR AS buyer {moved})"
    return f"""(
        SELECT n.*, CASE WHEN {_in_crm("k")} THEN n.customer END AS buyer {moved}
        LEFT JOIN {tables.links("customer").sql} l ON l.connection = '{erp}' AND l.native_id = n.customer
        LEFT JOIN {customers.sql} k ON k.golden_id = {tables.lives("l")}
    )"""


def _orders(record: str, native: str, since: Mapping[Table, int]) -> str:
    """What was billed is that of the ERP's own order: a golden one may have two while a person is asked."""
    owed, join = ("invoice_status", *_SUMS), ""
    sums = dict.fromkeys(owed, "NULL")
    if SHARES in since:
        sums = {name: f"CASE WHEN NOT g.erp_deleted THEN s.{name} END" for name in owed}
        billed = ", ".join(f"sum({name})::DECIMAL(20, 6) AS {name}" for name in _SUMS)
        join = f"""LEFT JOIN (
            SELECT native_order, {WORST} AS invoice_status, {billed} FROM {SHARES.sql}
            WHERE NOT deleted AND native_order IN (SELECT native_id FROM _moved) GROUP BY ALL
        ) s ON s.native_order = c.native_id"""
    return f"""
        SELECT {record}, g.order_number AS number, coalesce(g.name, g.order_number) AS name,
               CASE WHEN {_in_crm("g")} THEN c.native_id END AS deal, g.currency, g.close_date AS order_date,
               CASE WHEN g.erp_deleted THEN 'cancelled' ELSE g.order_status END AS order_status,
               g.erp_total AS subtotal, g.erp_tax AS tax,
               (g.erp_total + coalesce(g.erp_tax, 0))::DECIMAL(20, 6) AS total,
               {", ".join(f"{sql} AS {name}" for name, sql in sums.items())}
        FROM {tables.golden("order").sql} g JOIN {native} c ON c.native_id = g.erp_id {join}
    """


def _invoices(record: str, native: str, since: Mapping[Table, int]) -> str:
    invoices, orders = tables.golden("invoice"), tables.golden("order")
    deal, join = "NULL::VARCHAR", ""
    if orders in since:
        deal = f"CASE WHEN {_in_crm('o')} THEN o.erp_id END"
        join = f'LEFT JOIN {orders.sql} o ON o.golden_id = g."order"'
    status = "CASE WHEN g.deleted THEN 'void' ELSE g.status END"
    return f"""
        SELECT {record}, g.number, {deal} AS deal, g.currency, g.invoice_date, g.due_date, g.total, g.tax, g.paid,
               g.credited, g.written_off, g.reversed,
               CASE WHEN g.deleted THEN 0 ELSE g.open_balance END AS open_balance, {status} AS status,
               false AS billable, CASE WHEN {status} IN ('partially_paid', 'overdue') THEN 'open'
                    WHEN {status} = 'credited' THEN 'paid' ELSE {status} END AS phase,
               g.paid_date
        FROM {invoices.sql} g JOIN {native} c ON c.native_id = g.native_id {join}
    """


def _in_crm(alias: str) -> str:
    return f"{alias}.crm_id IS NOT NULL AND NOT {alias}.crm_deleted"


def wanted_sql(platform: Platform, con: duckdb.DuckDBPyConnection, entity: str) -> str | None:
    """SQL for the documents since the go-live date that the CRM shows not yet, though it knows their customer.

    A draft is none yet; what is cancelled or void before it was shown need not be.
    """
    table, customers, go_live = tables.golden(entity), tables.golden("customer"), platform.policy.go_live
    if not go_live or not table.exists(con) or not customers.exists(con):
        return None
    return f"""
        SELECT m.golden_id, 0 AS depth FROM {table.sql} m JOIN {customers.sql} o ON o.golden_id = m.customer
        WHERE m.crm_id IS NULL AND m.erp_id IS NOT NULL AND m.{_DATES[entity]} >= DATE '{go_live}' AND {_in_crm("o")}
        AND m.number IS NOT NULL AND m.{_STATUSES[entity]} NOT IN ('draft', 'void', 'cancelled')
    """
