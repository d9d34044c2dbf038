"""Which record is which real-world thing.

Every change of a link gets the next number of one counter (`version`), so a mirror copies only what changed; a
removed link stays as a tombstone without golden id. `link_history` is only ever added to.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import func, or_, select, update

from crmerp_assets.ledger.relinking import LINK, RECORD, Relinking, relink
from crmerp_assets.ledger.session import Session
from crmerp_assets.ledger.tables import counters, link_history, links


@dataclass(frozen=True, slots=True)
class Linked:
    """What adding links did: new ones, records moved to another golden id, ones that were there already.

    `taken` (entity, connection, native_id, golden_id, held_by) were left out: that golden id already has another
    record (`held_by`) on that connection.
    """

    added: int
    moved: int
    unchanged: int
    taken: pl.DataFrame


class Links:
    """`tx.links`. Frames: entity, connection, native_id, golden_id, method, evidence, made_at, made_by, version."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, rows: Iterable[Mapping[str, Any]] | pl.DataFrame, by: str) -> Linked:
        """Link records: entity, connection, native_id, golden_id, method, evidence (JSON or a sentence).

        A record linked elsewhere moves. A link that exists is left as it is. A golden id holds one record per
        connection: a second one is not linked but returned as taken, so that it never holds up the others.
        ValueError for a golden id of null.
        """
        offered = _offered(rows)
        if offered["golden_id"].null_count():
            raise ValueError("a link needs a golden id; `remove` unlinks a record")
        if offered.is_empty():
            return Linked(0, 0, 0, relink(offered, offered, offered).taken)
        self.lock()
        change = relink(offered, *self._known(offered))
        self._vacate(change.moved)
        self._store(change, by)
        return Linked(change.added.height, change.moved.height, change.unchanged, change.taken)

    def lock(self) -> None:
        """Keep others from changing links until this transaction ends, so that what is read from now on stays true."""
        self._session.lock("links")

    def remove(self, entity: str, connection: str, native_id: str, why: str, by: str) -> bool:
        """Unlink a record; False where it had no link."""
        self.lock()
        found = self.by_native(entity, connection, [native_id])
        if found.is_empty():
            return False
        nothing = pl.lit(None, dtype=pl.String)
        gone = found.select(
            *RECORD,
            nothing.alias("golden_id"),
            nothing.alias("method"),
            pl.lit(why).alias("evidence"),
            pl.col("golden_id").alias("previous"),
        )
        self._store(Relinking(gone.clear(), gone, 0, gone.clear()), by)
        return True

    def touch(self, entity: str, golden_ids: Iterable[str]) -> None:
        """Number the links of golden ids anew, so that mirrors take up what else changed about these ids."""
        found = self.of(entity, golden_ids).sort("native_id")
        if found.is_empty():
            return
        first = self._next_versions(found.height)
        numbered = found.with_columns(pl.int_range(first, first + found.height, dtype=pl.Int64).alias("version"))
        rows = numbered.drop("made_at").with_columns(made_at=found["made_at"].dt.epoch("us")).to_dicts()
        self._session.upsert(links, rows, lambda new, _: {"version": new["version"]})

    def of(self, entity: str, golden_ids: Iterable[str]) -> pl.DataFrame:
        """The links of golden records, on every connection."""
        among = self._session.among(links.c.golden_id, golden_ids)
        return self._session.frame(select(links).where(links.c.entity == entity, among))

    def first_used(self, entity: str, golden_ids: Iterable[str]) -> dict[str, int]:
        """Golden id -> the number of the change that used it first: the lower, the older."""
        c = link_history.c
        here = (c.entity == entity, self._session.among(c.golden_id, golden_ids))
        found = self._session.rows(select(c.golden_id, func.min(c.version)).where(*here).group_by(c.golden_id))
        return {golden_id: int(version) for golden_id, version in found}

    def by_native(self, entity: str, connection: str, native_ids: Iterable[str]) -> pl.DataFrame:
        """The links of records of one connection."""
        c = links.c
        among = self._session.among(c.native_id, native_ids)
        here = (c.entity == entity, c.connection == connection, c.golden_id.is_not(None))
        return self._session.frame(select(links).where(*here, among))

    def all(self, entity: str, since_version: int = 0) -> pl.DataFrame:
        """Links that changed after `since_version`, oldest change first; golden_id is null for removed ones."""
        c = links.c
        changed = select(links).where(c.entity == entity, c.version > since_version)
        return self._session.frame(changed.order_by(c.version))

    def history(self, entity: str, native_id: str, connection: str | None = None) -> pl.DataFrame:
        """Every change of a record's link: version, golden_id, previous_golden_id, method, evidence, at, by."""
        c = link_history.c
        statement = select(link_history).where(c.entity == entity, c.native_id == native_id).order_by(c.version)
        if connection is not None:
            statement = statement.where(c.connection == connection)
        return self._session.frame(statement)

    def concerning(self, entity: str, identifier: str) -> pl.DataFrame:
        """Every change of the links of a native id, or to or from a golden id; columns as in `history`."""
        c, golden_id = link_history.c, identifier.lower()
        named = or_(c.native_id == identifier, c.golden_id == golden_id, c.previous_golden_id == golden_id)
        return self._session.frame(select(link_history).where(c.entity == entity, named).order_by(c.version))

    def _known(self, offered: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """What is stored for the offered records (tombstones included), and who holds the offered golden ids."""
        c, own, holders = links.c, [], []
        columns = (c.entity, c.connection, c.native_id, c.golden_id)
        for (entity, connection), group in offered.group_by("entity", "connection"):
            here = select(*columns).where(c.entity == entity, c.connection == connection)
            own.append(self._session.frame(here.where(self._session.among(c.native_id, group["native_id"]))))
            holders.append(self._session.frame(here.where(self._session.among(c.golden_id, group["golden_id"]))))
        return pl.concat(own), pl.concat(holders)

    def _vacate(self, moved: pl.DataFrame) -> None:
        """Free the golden ids that records leave, so that records may swap within one call."""
        c = links.c
        for (entity, connection), group in moved.group_by("entity", "connection"):
            among = self._session.among(c.native_id, group["native_id"])
            here = update(links).where(c.entity == entity, c.connection == connection, among)
            self._session.execute(here.values(golden_id=None))

    def _store(self, change: Relinking, by: str) -> None:
        changed = pl.concat([change.added, change.moved])
        if changed.is_empty():
            return
        first, now = self._next_versions(changed.height), self._session.now()
        numbered = changed.with_row_index("version", first).with_columns(pl.col("version").cast(pl.Int64))
        self._session.upsert(
            links,
            numbered.drop("previous").with_columns(made_at=pl.lit(now), made_by=pl.lit(by)).to_dicts(),
            lambda new, _: {n: new[n] for n in ("golden_id", "method", "evidence", "made_at", "made_by", "version")},
        )
        self._remember_added(change.added, first)
        moved = numbered.tail(change.moved.height).rename({"previous": "previous_golden_id"})
        self._session.insert(link_history, moved.with_columns(at=pl.lit(now), by=pl.lit(by)).to_dicts())

    def _remember_added(self, added: pl.DataFrame, first: int) -> None:
        """Copy new links into the history inside the database: a first load has hundreds of thousands."""
        c, names = links.c, ["version", *LINK, "made_at", "made_by"]
        versions = c.version.between(first, first + added.height - 1)
        new = select(*(c[name] for name in names)).where(c.entity.in_(added["entity"].unique()), versions)
        columns = ["version", *LINK, "at", "by"]
        self._session.execute(link_history.insert().from_select(columns, new))

    def _next_versions(self, count: int) -> int:
        """The first of `count` new versions. The counter's row stays locked until the transaction ends, so a
        reader never sees a version before all lower ones."""
        self._session.upsert(
            counters,
            [{"name": "links", "value": count}],
            lambda new, old: {"value": old.c.value + new.value},
        )
        return int(self._session.rows(select(counters.c.value).where(counters.c.name == "links"))[0][0]) - count + 1


def _offered(rows: Iterable[Mapping[str, Any]] | pl.DataFrame) -> pl.DataFrame:
    if isinstance(rows, pl.DataFrame):
        frame = rows
    else:
        frame = pl.DataFrame(
            [[row[name] for name in LINK] for row in rows], dict.fromkeys(LINK, pl.String), orient="row"
        )
    return frame.select(*LINK).unique(RECORD, keep="last", maintain_order=True)
