"""Up to where each native object was pulled: a cursor that counts only for what it was made with.

Made with: the fields that were read, and the warehouse that got the rows. A warehouse that was deleted and has got a
first few rows again (a page, or what a push read back) looks like one that is complete; taking the old cursor for it
would leave out every row that does not change any more.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from crmerp_assets.ledger import Transaction
from crmerp_assets.mapping import EntityMap
from crmerp_assets.sync.platform import Platform
from crmerp_assets.warehouse import Table
from crmerp_assets.warehouse.tables import identity, marks

PURPOSE = "pull"


@dataclass(frozen=True, slots=True)
class Position:
    """The connector's cursor to go on from, and the mark (see `mark`) of the table that it was found to fit."""

    cursor: str
    mark: Mapping[str, Any]


def since(platform: Platform, known: Mapping[str, Any], fields: list[str], table: Table) -> Position | None:
    """Where to go on from what is `known`; None where everything must be read."""
    if known.get("fields") != _fingerprint(fields):
        return None
    with platform.warehouse.open() as con:
        here = mark(con, table)
        complete = known.get("warehouse") == here["warehouse"] and here["change"] >= known["change"]
        return Position(str(known["cursor"]), here) if complete and table.exists(con) else None


def position(platform: Platform, connection: str, entity_map: EntityMap) -> str | None:
    """The connector's cursor at which the last pull of the map's object ended; None before the first."""
    with platform.ledger.read() as tx:
        return known(tx, connection, entity_map.object).get("cursor")


def mark(con: duckdb.DuckDBPyConnection, table: Table) -> Mapping[str, Any]:
    """What a cursor is tied to: this warehouse, and that it holds all that the raw table holds now."""
    return {"warehouse": identity(con), "change": marks(con, [table]).get(table, 0)}


def remember(
    platform: Platform,
    connection: str,
    native_object: str,
    fields: list[str],
    cursor: str,
    mark: Mapping[str, Any],
) -> None:
    """Note the cursor behind rows that are stored by now; `mark` is that of their table."""
    _put(platform, connection, native_object, {"fields": _fingerprint(fields), "cursor": cursor, **mark})


def distrust(platform: Platform, connection: str, native_object: str) -> None:
    """Let the next pull read everything."""
    with platform.ledger.read() as tx:
        before = known(tx, connection, native_object)
    if before:
        _put(platform, connection, native_object, {**before, "fields": None})


def known(tx: Transaction, connection: str, native_object: str) -> dict[str, Any]:
    """What is remembered of an object; nothing before its first pull."""
    stored = tx.cursors.get(connection, native_object, PURPOSE)
    return json.loads(stored) if stored else {}


def _put(platform: Platform, connection: str, native_object: str, value: dict[str, Any]) -> None:
    with platform.ledger.begin() as tx:
        tx.cursors.put(connection, native_object, PURPOSE, json.dumps(value))


def _fingerprint(fields: list[str]) -> str:
    return hashlib.sha256("\n".join(sorted(fields)).encode()).hexdigest()[:16]
