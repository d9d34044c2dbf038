"""Follow merges: the survivor takes over the loser's place, or a person is asked; and undo that.

The ledger is written in one transaction: links, what became an alias of what, and the intents that give way. A merge
whose golden ids a pusher has in hand waits for the next time. See docs/adr/0007-survivors.md.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import polars as pl

from crmerp_assets.ledger import Transaction
from crmerp_assets.ledger.survivors import takeover
from crmerp_assets.matching.survivors import Record, Takeover, heirs, take_over
from crmerp_assets.sync import tables
from crmerp_assets.sync.doubles import DOUBLE, ask, subject
from crmerp_assets.sync.gather import Side, sides
from crmerp_assets.sync.platform import Platform
from crmerp_assets.warehouse.tables import listed

WAITING = "waiting"
Rows = list[dict[str, Any]]


class NotUndone(LookupError):
    """No merge, or not one alone, can be undone under that name; the message says what to do."""


def follow(platform: Platform, entity: str) -> bool:
    """Let survivors of `entity` take over, and losers that exist again have their place back; whether links changed."""
    with platform.ledger.read() as tx:
        standing = tx.survivors.standing(entity).to_dicts()
    with platform.warehouse.open() as con:
        holding = sides(platform, con, entity)
        merged = _merged(con, entity, holding)
        back = _living(con, holding, {(row["connection"], row["loser"]) for row in standing})
        losers = _unsettled(merged, standing)
        if not (losers or back or any(row["state"] == DOUBLE for row in standing)):
            return False
        with platform.ledger.begin() as tx:
            undone = _give_back(tx, entity, [r for r in standing if (r["connection"], r["loser"]) in back])
            undone |= _kept_apart(tx, entity, standing)
            standing = tx.survivors.standing(entity).to_dicts()
            into = _chains(merged, standing)
            doubles, moved = _settle(tx, con, entity, holding, into, _unsettled(merged, standing))
            ask(tx, con, entity, holding, doubles)
    return undone or moved


def unmerge(platform: Platform, name: str, by: str) -> Takeover:
    """Undo, in the links, the one merge that `name` stands for: the former golden id or native id of its loser.

    Raises NotUndone where there is none or several, where later merges build on it, or a pusher has it in hand.
    """
    with platform.ledger.begin() as tx:
        found = [
            (entity, row)
            for entity in platform.governance
            for row in tx.survivors.standing(entity).to_dicts()
            if row["state"] != "undone" and name.lower() in _names(row)
        ]
        if len(found) != 1:
            raise NotUndone(_choice(name, [row for _, row in found]))
        entity, row = found[0]
        if not _undo(tx, entity, row, "undone", by, "a person keeps the records apart"):
            raise NotUndone(
                f"The merge of {row['loser']} into {row['survivor']} cannot be undone now: a later merge builds on it "
                "(undo that one first), or a write is under way (try again after the push)."
            )
        tx.reviews.withdraw(DOUBLE, entity, [subject(takeover(row))])
    return takeover(row)


def _names(row: Mapping[str, Any]) -> set[str]:
    """What a person may call a merge by: the loser, and the golden ids unless they still live on."""
    stopped = {row["loser_golden"], row["survivor_golden"] or row["loser_golden"]} - {row["golden_id"]}
    return {row["loser"].lower(), row["loser_golden"], *stopped}


def _choice(name: str, rows: Rows) -> str:
    if not rows:
        return f"Nothing that is merged now is called '{name}'; `crmerp links history` shows what was merged."
    losers = ", ".join(sorted(row["loser"] for row in rows))
    return f"'{name}' stands for several merges; say which record shall be on its own again: {losers}."


def _merged(con: duckdb.DuckDBPyConnection, entity: str, holding: list[Side]) -> Rows:
    """Every record that lost a merge: connection, native_id, merged_into, golden_id, partnered (its golden id holds a
    living record of another system)."""
    links = tables.links(entity).sql
    found: Rows = []
    for side in holding:
        others = [s for s in holding if s is not side]
        partner = " OR ".join(
            f"EXISTS (SELECT 1 FROM {links} p JOIN {o.table.sql} o ON o.native_id = p.native_id AND NOT o.deleted "
            f"WHERE p.golden_id = l.golden_id AND p.connection = '{o.connection.name}')"
            for o in others
        )
        found += (
            con.execute(
                f"SELECT '{side.connection.name}' AS connection, c.native_id, c.merged_into, l.golden_id, "
                f"coalesce({partner or 'false'}, false) AS partnered FROM {side.table.sql} c LEFT JOIN {links} l "
                f"ON l.connection = '{side.connection.name}' AND l.native_id = c.native_id "
                "WHERE c.deleted AND c.merged_into IS NOT NULL"
            )
            .pl()
            .to_dicts()
        )
    return found


def _chains(merged: Rows, standing: Rows) -> dict[Record, str]:
    """Loser -> the record it was merged into, without those that a person keeps apart."""
    apart = {(row["connection"], row["loser"]) for row in standing if row["state"] == "undone"}
    chains = {(row["connection"], row["native_id"]): row["merged_into"] for row in merged}
    return {record: into for record, into in chains.items() if record not in apart}


def ended(platform: Platform, con: duckdb.DuckDBPyConnection, entity: str, standing: Rows) -> set[Record]:
    """Merged records that nothing took over and nothing will: kept apart, or merged into one that was deleted."""
    holding = sides(platform, con, entity)
    chains = _chains(merged := _merged(con, entity, holding), standing)
    ends = {(connection, into) for (connection, _), into in chains.items()} - set(chains)
    apart = {(row["connection"], row["native_id"]) for row in merged} - set(chains)
    return apart | set(heirs(chains, _deleted(con, holding, ends) | apart))


def _unsettled(merged: Rows, standing: Rows) -> list[Record]:
    """Losers to decide on: new ones, doubles, and those whose alias came to hold a living record again."""
    state = {(row["connection"], row["loser"]): row["state"] for row in standing}
    return [
        record
        for row in merged
        if row["golden_id"] is not None
        and (state.get(record := (row["connection"], row["native_id"])) in (None, DOUBLE, WAITING) or row["partnered"])
        and state.get(record) != "undone"
    ]


def _living(con: duckdb.DuckDBPyConnection, holding: list[Side], records: Iterable[Record]) -> set[Record]:
    """Those of the records that exist."""
    return _among(con, holding, records, "NOT c.deleted")


def _deleted(con: duckdb.DuckDBPyConnection, holding: list[Side], records: Iterable[Record]) -> set[Record]:
    """Those of the records that are known to be gone."""
    return _among(con, holding, records, "c.deleted")


def _among(
    con: duckdb.DuckDBPyConnection, holding: list[Side], records: Iterable[Record], condition: str
) -> set[Record]:
    wanted = set(records)
    found: set[Record] = set()
    for side in holding:
        name = side.connection.name
        with listed(con, "_wanted", [native for connection, native in wanted if connection == name]):
            sql = f"SELECT c.native_id FROM {side.table.sql} c SEMI JOIN _wanted w ON w.id = c.native_id"
            found |= {(name, row[0]) for row in con.execute(f"{sql} WHERE {condition}").fetchall()}
    return found


def _settle(
    tx: Transaction,
    con: duckdb.DuckDBPyConnection,
    entity: str,
    holding: list[Side],
    merged: Mapping[Record, str],
    losers: list[Record],
) -> tuple[list[Takeover], bool]:
    """Decide and store; the doubles that remain, and whether anything changed."""
    ends = {(connection, into) for (connection, _), into in merged.items()} - set(merged)
    survivors = heirs(merged, _living(con, holding, ends))
    links = _links(tx, entity, [*losers, *((c, survivors[c, n]) for c, n in losers if (c, n) in survivors)])
    live = _living(con, holding, links)
    standing = tx.survivors.standing(entity).filter(pl.col("state") != WAITING)
    before = {(r["connection"], r["loser"]): takeover(r) for r in standing.to_dicts()}
    while True:
        takeovers = take_over(links, losers, survivors, live)
        fresh = [one for one in takeovers if not _same(one, before.get((one.connection, one.loser)))]
        flying = set(tx.intents.give_way(entity, set().union(*(one.golden_ids for one in fresh)), "merged"))
        busy = {(one.connection, one.loser) for one in fresh if one.golden_ids & flying}
        if not busy:
            break
        held = [one for one in fresh if (one.connection, one.loser) in busy]
        tx.survivors.put(entity, held, "a write is under way", waiting=True)
        losers = [loser for loser in losers if loser not in busy]
    for one in fresh:
        _move(tx, entity, one.moves, f"{one.loser} was merged into {one.survivor} in {one.connection}", "linking")
    tx.survivors.put(entity, fresh, "merged in its system")
    return [one for one in takeovers if one.double], bool(fresh)


def _same(new: Takeover, old: Takeover | None) -> bool:
    return old is not None and (new.survivor, new.golden_id, new.double) == (old.survivor, old.golden_id, old.double)


def _links(tx: Transaction, entity: str, records: list[Record]) -> dict[Record, str]:
    """The links of the records, and of everything that has one golden id with them."""
    golden_ids: set[str] = set()
    for connection in {connection for connection, _ in records}:
        natives = [native for c, native in records if c == connection]
        golden_ids |= set(tx.links.by_native(entity, connection, natives)["golden_id"])
    found = tx.links.of(entity, golden_ids).select("connection", "native_id", "golden_id")
    return {(connection, native): golden_id for connection, native, golden_id in found.iter_rows()}


def _move(tx: Transaction, entity: str, moves: Mapping[Record, str | None], why: str, by: str) -> None:
    """Change links; who is left without one goes first, so that its place is free."""
    for (connection, native), golden_id in moves.items():
        if golden_id is None:
            tx.links.remove(entity, connection, native, why, by)
    tx.links.add(
        [
            {"entity": entity, "connection": connection, "native_id": native, "golden_id": golden_id}
            | {"method": "merged", "evidence": why}
            for (connection, native), golden_id in moves.items()
            if golden_id is not None
        ],
        by=by,
    )


def _give_back(tx: Transaction, entity: str, rows: Rows) -> bool:
    """Losers that exist again get their former place, latest merge first; where later merges hold it, they stay."""
    changed = False
    for row in sorted(rows, key=lambda r: r["number"], reverse=True):
        why = f"{row['loser']} exists again in {row['connection']}"
        if row["state"] == "undone" or not _undo(tx, entity, row, "back", "linking", why):
            busy = tx.intents.give_way(entity, takeover(row).golden_ids, why)
            if not busy:
                tx.survivors.end(entity, [row["number"]], "back", "linking", why)
        changed = True
    return changed


def _kept_apart(tx: Transaction, entity: str, standing: Rows) -> bool:
    """Doubles that a person decided to keep apart."""
    rows = {subject(takeover(row)): row for row in standing if row["state"] == DOUBLE}
    answers = tx.reviews.decisions(DOUBLE).filter(pl.col("entity") == entity)
    done = [
        answer["subject"]
        for answer in answers.iter_rows(named=True)
        if answer["subject"] in rows
        and _undo(tx, entity, rows[answer["subject"]], "undone", answer["decided_by"], "a person keeps them apart")
    ]
    tx.reviews.withdraw(DOUBLE, entity, done)
    return bool(done)


def _undo(tx: Transaction, entity: str, row: Mapping[str, Any], state: str, by: str, why: str) -> bool:
    """End a merge and restore the links of before; False where they have moved on or a pusher has them in hand."""
    one = takeover(row)
    if one.moves:
        records = list(one.moves)
        now = _links(tx, entity, records)
        if any(now.get(record) != golden_id for record, golden_id in one.moves.items()):
            return False
    if tx.intents.give_way(entity, one.golden_ids, why):
        return False
    _move(tx, entity, one.before, why, by)
    tx.survivors.end(entity, [row["number"]], state, by, why)
    return True
