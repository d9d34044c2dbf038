"""Records by the name that a person types: a native id, or the golden id of a record that stands for itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import duckdb

from crmerp_assets.ledger import Transaction
from crmerp_assets.matching.survivors import Record
from crmerp_assets.sync.gather import sides
from crmerp_assets.sync.platform import Platform


@dataclass(frozen=True, slots=True)
class Found:
    """One living record: its entity, its role's system, connection and native id."""

    entity: str
    role: str
    connection: str
    native_id: str

    @property
    def record(self) -> Record:
        """As links name it."""
        return self.connection, self.native_id


def find(platform: Platform, name: str, entities: Iterable[str]) -> list[Found]:
    """Every living record that is called like this: a native id, or a golden id (then the records of that thing)."""
    with platform.ledger.read() as tx, platform.warehouse.open() as con:
        return [one for entity in entities for one in _of_entity(platform, tx, con, entity, name)]


def _of_entity(
    platform: Platform, tx: Transaction, con: duckdb.DuckDBPyConnection, entity: str, name: str
) -> list[Found]:
    linked = tx.links.of(entity, [name.lower()])
    found = []
    for side in sides(platform, con, entity):
        here = linked.filter(connection=side.connection.name)["native_id"].to_list()
        rows = con.execute(
            f"SELECT native_id FROM {side.table.sql} WHERE NOT deleted AND native_id IN (SELECT unnest(?::VARCHAR[]))",
            [[name, *here]],
        ).fetchall()
        found += [Found(entity, side.connection.role, side.connection.name, row[0]) for row in rows]
    return found


def one(platform: Platform, name: str, entities: Iterable[str]) -> Found:
    """The one record of that name. Raises LookupError where there is none, or several."""
    found = find(platform, name, entities)
    if len(found) != 1:
        raise LookupError(_not_one(name, found))
    return found[0]


def pair(platform: Platform, first: str, second: str, entities: Iterable[str]) -> tuple[Found, Found]:
    """The two records of those names, which are of one entity. Raises LookupError where none or several pairs fit."""
    chosen = list(entities)
    ones, others = find(platform, first, chosen), find(platform, second, chosen)
    for name, found in ((first, ones), (second, others)):
        if not found:
            raise LookupError(_not_one(name, found))
    fit = [(a, b) for a, b in product(ones, others) if a.entity == b.entity and a != b]
    across = [(a, b) for a, b in fit if a.role != b.role] or fit
    if not across:
        raise LookupError(f"'{first}' and '{second}' are not two records of one kind: {_listed([*ones, *others])}.")
    if len(across) > 1:
        raise LookupError(
            f"'{first}' and '{second}' stand for several pairs ({_listed([*ones, *others])}); say which kind with "
            "--entity, and use native ids."
        )
    return across[0]


def _not_one(name: str, found: list[Found]) -> str:
    if not found:
        return (
            f"No customer, contact or product is called '{name}'. Give the native id or the golden id of a record that "
            "was read; `crmerp trace` finds it by its number."
        )
    return f"'{name}' stands for several records ({_listed(found)}); give --entity, or the native id of the one."


def _listed(found: list[Found]) -> str:
    return ", ".join(f"{one.entity} {one.native_id} of {one.connection}" for one in found)
