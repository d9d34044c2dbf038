"""Two records become one thing, or two things again, by what a person says: the links, and all that hangs on them.

`join` and `part` undo each other: whoever left its golden id in a join gets it back. All is done in the caller's
transaction: links with their history, snapshots, intents that give way, holds. What was agreed with another partner is
no base for a compare, so snapshots of both golden ids go.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

from crmerp_assets.ledger.errors import LedgerBusy
from crmerp_assets.ledger.ledger import Transaction
from crmerp_assets.matching.survivors import Record

METHOD = "decision"


class Busy(LedgerBusy):
    """A pusher has a write of one of the records in hand; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Moved:
    """`record` went from golden id `before` to `after`; `stays` keeps its own."""

    record: Record
    before: str
    after: str
    stays: str


def join(tx: Transaction, entity: str, a: Record, b: Record, why: str, by: str) -> Moved | None:
    """Let two records of two systems have one golden id: the older of theirs, whose other record of that system, if it
    has one, must be a deleted one. None where one of them has no golden id yet, or both have the same.

    Raises Busy.
    """
    golden = {record: _golden(tx, entity, record) for record in (a, b)}
    ours, theirs = golden[a], golden[b]
    if ours is None or theirs is None or ours == theirs:
        return None
    age = tx.links.first_used(entity, [ours, theirs])
    mover, before, after = (b, theirs, ours) if age[ours] < age[theirs] else (a, ours, theirs)
    _give_way(tx, entity, [ours, theirs], why)
    for (holder,) in tx.links.of(entity, [after]).filter(connection=mover[0]).select("native_id").iter_rows():
        tx.links.remove(entity, mover[0], holder, f"deleted, and {mover[1]} took its place", by)
    _move(tx, entity, mover, after, why, by)
    tx.snapshots.forget(entity, [before, after])
    return Moved(mover, before, after, after)


def part(tx: Transaction, entity: str, prefix: str, named: Record, partner: Record, why: str, by: str) -> Moved:
    """Give one of two linked records a golden id of its own: the one that it had before they came together, or else
    `named`, unless theirs was made from it.

    Raises Busy. ValueError where they are not linked.
    """
    shared = _golden(tx, entity, named)
    if shared is None or shared != _golden(tx, entity, partner):
        raise ValueError(f"{named} and {partner} have no golden id in common")
    leaver, own = _leaver(tx, entity, prefix, shared, (named, partner))
    _give_way(tx, entity, [shared, own], why)
    _move(tx, entity, leaver, own, why, by)
    tx.links.touch(entity, [shared])
    tx.snapshots.forget(entity, [shared, own])
    held = tx.holds.list(entity).filter(golden_id=shared)
    tx.holds.put(entity, dict.fromkeys([own] if held.height else [], "".join(held["reason"])), by)
    return Moved(leaver, shared, own, shared)


def born(entity: str, prefix: str, record: Record, again: int = 0) -> str:
    """The golden id that is made from a record alone, as linking makes it; `again` for one more of the same record."""
    seed = f"{entity}|{record[0]}|{record[1]}" + (f"|{again}" if again else "")
    return f"{prefix}-{hashlib.md5(seed.encode(), usedforsecurity=False).hexdigest()[:20]}"


def _leaver(tx: Transaction, entity: str, prefix: str, shared: str, pair: Iterable[Record]) -> tuple[Record, str]:
    records = list(pair)
    for record in records:
        former = _former(tx, entity, record, shared)
        if former is not None and _free(tx, entity, former):
            return record, former
    leaver = next(record for record in records if born(entity, prefix, record) != shared)
    return leaver, next(one for n in count() if _free(tx, entity, one := born(entity, prefix, leaver, n)))


def _former(tx: Transaction, entity: str, record: Record, shared: str) -> str | None:
    """The golden id that a record had before it came to the one it shares."""
    came = tx.links.history(entity, record[1], record[0]).filter(golden_id=shared).tail(1)
    former = came["previous_golden_id"].to_list()
    return former[0] if former else None


def _free(tx: Transaction, entity: str, golden_id: str) -> bool:
    """Whether no record has it, and it is no alias of a merge."""
    return tx.links.of(entity, [golden_id]).is_empty() and golden_id not in tx.survivors.aliases(entity)


def _golden(tx: Transaction, entity: str, record: Record) -> str | None:
    found = tx.links.by_native(entity, record[0], [record[1]])["golden_id"].to_list()
    return found[0] if found else None


def _give_way(tx: Transaction, entity: str, golden_ids: list[str], why: str) -> None:
    if tx.intents.give_way(entity, golden_ids, why):
        raise Busy("A write to one of these records is under way; try this again after the push.")


def _move(tx: Transaction, entity: str, record: Record, golden_id: str, why: str, by: str) -> None:
    row = {"entity": entity, "connection": record[0], "native_id": record[1], "golden_id": golden_id}
    taken = tx.links.add([row | {"method": METHOD, "evidence": why}], by).taken
    if taken.height:
        raise Busy(f"{golden_id} already has {taken['held_by'][0]} there; unlink that one first.")
