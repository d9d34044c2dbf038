"""Is there anything to react to? Cheap questions for sensors: one API call each, nothing stored in the warehouse.

A question reads what changed since its own cursor, overlap included, and remembers what it has already seen inside
that overlap, so that each change is reported once. What the raw tables hold already, because a run pulled it or read
it back after writing it, is no news. Versions are told apart by their values, not by their time: systems stamp whole
seconds, and two people, or a person and this platform, write within one. The first question starts where the last
pull ended.

Lists that cost calls of their own (the lines of an ERP order, the applications of a payment) are not asked for: of
them only the time of change is seen, and the next pull finds the rest.
"""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from crmerp_assets.connectors.protocol import Row
from crmerp_assets.mapping import EntityMap, child_lists, inbound, native_fields, raw_columns
from crmerp_assets.sync import matches, positions, pull, tables
from crmerp_assets.sync.budget import pulling, spending
from crmerp_assets.sync.conform import reader
from crmerp_assets.sync.pauses import paused, resting_on_failure
from crmerp_assets.sync.platform import Platform
from crmerp_assets.warehouse.tables import listed, seen

MAX_REMEMBERED = 5000
_DECISIONS = "decisions"
# A deposit's application moves its invoice, and a refund what it refunds: looking for them would be paid for twice.
# A deposit by itself, and its refund, change one figure of the account, which the next whole sync brings.
NOT_WATCHED = ("deposit", "deposit_application", "refund")


@dataclass(slots=True)
class Watch:
    """Where each watched object was read up to, and the versions seen inside the overlap; travels as JSON text."""

    at: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def load(cls, text: str | None) -> "Watch":
        """From a sensor's cursor."""
        return cls(json.loads(text) if text else {})

    def dump(self) -> str:
        """For a sensor's cursor."""
        return json.dumps(self.at)


def won_deals(platform: Platform, watch: Watch) -> list[str]:
    """Native ids of deals that are won and changed since the last question."""
    crm = platform.side("crm")
    entity_map = platform.entity_map(crm, "order")
    assert entity_map is not None
    rows = _fresh(platform, crm.name, entity_map, native_fields(entity_map), watch)
    if not rows:
        return []
    deals = inbound(entity_map, pull.raw_frame(rows, entity_map))
    return deals.filter(pl.col("won") == "true")["native_id"].to_list()


def cash_changes(platform: Platform, watch: Watch) -> list[str]:
    """Native ids of orders, invoices, payments and credits that changed in the ERP since the last question."""
    erp = platform.side("erp")
    watched = [
        m
        for m in platform.matrix.maps(erp.system)
        if m.entity in ("order", "invoice", "payment") and m.constants.get("kind") not in NOT_WATCHED
    ]
    asked = [str(row["_id"]) for m in watched for row in _fresh(platform, erp.name, m, _header(m), watch)]
    return asked + [native_id for m in watched for native_id in _read_back(platform, erp.name, m)]


def customer_changes(platform: Platform, watch: Watch) -> list[str]:
    """Native ids of customers that changed on either side since the last question."""
    found: list[str] = []
    for side in platform.connections.values():
        entity_map = platform.entity_map(side, "customer")
        assert entity_map is not None
        found += [str(row["_id"]) for row in _fresh(platform, side.name, entity_map, _header(entity_map), watch)]
        found += _read_back(platform, side.name, entity_map)
    return found


def link_decisions(platform: Platform, watch: Watch) -> list[str]:
    """Reviews about links that people decided since the last question: their records are linked, and what waited for
    them goes on. It asks the ledger alone."""
    at = watch.at.get(_DECISIONS, {}).get("until")
    with platform.ledger.read() as tx:
        found = tx.reviews.decided_since(matches.KINDS, datetime.fromisoformat(at) if at else None)
    if found.height:
        watch.at[_DECISIONS] = {"until": found["decided_at"][-1].isoformat()}
    return found["id"].to_list()


def _header(entity_map: EntityMap) -> list[str]:
    """The native fields that come with the record itself, in the same call.

    A reference that is never written may be a list of its own, such as the orders that an invoice bills.
    """
    apart = [f"{name}." for name in child_lists(entity_map)]
    apart += [
        path for field in entity_map.fields.values() if field.ref and field.write == "never" for path in field.native
    ]
    return [path for path in native_fields(entity_map) if not path.startswith(tuple(apart))]


def _read_back(platform: Platform, connection: str, entity_map: EntityMap) -> list[str]:
    """Rows in the raw table that no run has conformed: what a push wrote and read back, such as an order's number."""
    source = tables.raw(connection, entity_map.object)
    with platform.warehouse.open() as con:
        if not source.exists(con):
            return []
        since = seen(con, source, reader(platform, connection, entity_map))
        return [row[0] for row in con.execute(f"SELECT _id FROM {source.sql} WHERE _change > {since}").fetchall()]


def _fresh(platform: Platform, connection: str, entity_map: EntityMap, fields: list[str], watch: Watch) -> list[Row]:
    """Rows not reported before.

    Nothing until the object was pulled once, as there is nothing to react to before, and while the connection rests.
    """
    name = f"{connection}/{entity_map.name}"
    state = watch.at.get(name) or {"cursor": positions.position(platform, connection, entity_map), "seen": []}
    if state["cursor"] is None or paused(platform, connection):
        return []
    rows: list[Row] = []
    cursor, side = state["cursor"], platform.connections[connection]
    with resting_on_failure(platform, connection), spending(pulling(entity_map.entity, side.role)):
        for page in side.connector.pull(entity_map.object, fields, cursor):
            rows += page.rows
            cursor = page.cursor
    versions = {f"{row['_id']}@{_fingerprint(row)}": row for row in rows}
    watch.at[name] = {"cursor": cursor, "seen": list(versions)[-MAX_REMEMBERED:]}
    told = set(state["seen"])
    return _news(platform, connection, entity_map, [row for version, row in versions.items() if version not in told])


def _fingerprint(row: Row) -> str:
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:16]


def _news(platform: Platform, connection: str, entity_map: EntityMap, rows: list[Row]) -> list[Row]:
    """The rows of which the raw table holds another version, or none."""
    table = tables.raw(connection, entity_map.object)
    if not rows:
        return []
    names = [name for name in ("_id", "_modified", *raw_columns(entity_map)) if name in rows[0]]
    with platform.warehouse.open() as con:
        if not set(names) <= set(table.columns(con)):
            return rows
        chosen = ", ".join(f'"{name}"' for name in names)
        with listed(con, "_asked", [str(row["_id"]) for row in rows]):
            sql = f"SELECT {chosen} FROM {table.sql} WHERE _id IN (SELECT id FROM _asked)"
            held = {tuple(row) for row in con.execute(sql).fetchall()}
    return [row for row in rows if tuple(row[name] for name in names) not in held]
