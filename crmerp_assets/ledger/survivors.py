"""Which record took over from which after a merge, and what a golden id that stopped is an alias of.

A row stands for as long as its loser is gone: `over` (taken over), `double` (the other system holds two records, a
person is asked), `waiting` (a pusher has one of the golden ids in hand) or `undone` (a person keeps them apart). When
the loser exists again the row is history: `back`. Aliases are never used for anything else, so they resolve for ever.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl
from sqlalchemy import select, update

from crmerp_assets.ledger.links import Links
from crmerp_assets.ledger.session import Session
from crmerp_assets.ledger.tables import survivors
from crmerp_assets.matching.survivors import Takeover, resolved

STANDING = ("over", "double", "waiting", "undone")
ALIASING = ("over", "double")


class Survivors:
    """`tx.survivors`. Frames have the columns of the table `survivors`."""

    def __init__(self, session: Session, links: Links) -> None:
        self._session = session
        self._links = links

    def standing(self, entity: str) -> pl.DataFrame:
        """The rows that stand, oldest first; at most one a loser."""
        c = survivors.c
        here = (c.entity == entity, c.state.in_(STANDING))
        return self._session.frame(select(survivors).where(*here).order_by(c.number))

    def history(self, entity: str) -> pl.DataFrame:
        """Every row, also of merges that were undone and losers that came back."""
        return self._session.frame(select(survivors).where(survivors.c.entity == entity).order_by(survivors.c.number))

    def waiting(self, entity: str) -> set[str]:
        """Golden ids of merges that wait: nothing is created for them, or it would be there twice."""
        rows = self.standing(entity).filter(pl.col("state") == "waiting").to_dicts()
        return {golden_id for row in rows for golden_id in takeover(row).golden_ids}

    def put(self, entity: str, takeovers: Sequence[Takeover], why: str, *, waiting: bool = False) -> None:
        """Note merges as over or double, or all as waiting.

        A loser that has a row keeps it, and what both had before the first time.
        """
        before = self.aliases(entity)
        known = {(row["connection"], row["loser"]): row for row in self.standing(entity).to_dicts()}
        fresh = []
        for one in takeovers:
            state = "waiting" if waiting else "double" if one.double else "over"
            row = known.get((one.connection, one.loser))
            if row is None:
                fresh.append(_row(entity, one) | {"state": state, "made_at": self._session.now(), "why": why})
            elif (row["survivor"], row["golden_id"], row["state"]) != (one.survivor, one.golden_id, state):
                changed = _row(entity, one) if row["survivor"] != one.survivor else {"golden_id": one.golden_id}
                here = survivors.c.number == row["number"]
                self._session.execute(update(survivors).where(here).values(**changed, state=state, why=why))
        self._session.insert(survivors, fresh)
        self._touch_changed(entity, before)

    def end(self, entity: str, numbers: Iterable[int], state: str, by: str, why: str) -> None:
        """Let rows be `undone` (a person keeps the records apart) or `back` (the loser exists again)."""
        before = self.aliases(entity)
        values = {"state": state, "ended_at": self._session.now(), "ended_by": by, "why": why}
        self._session.execute(update(survivors).where(survivors.c.number.in_(list(numbers))).values(**values))
        self._touch_changed(entity, before)

    def aliases(self, entity: str) -> dict[str, str]:
        """Golden id that stopped -> the one that lives on, chains followed to their end."""
        c = survivors.c
        here = (c.entity == entity, c.state.in_(ALIASING), c.survivor_golden.is_not(None))
        columns = (c.loser_golden, c.survivor_golden, c.golden_id)
        rows = self._session.rows(select(*columns).where(*here).order_by(c.number))
        return resolved({(own if lives == old else old): lives for old, own, lives in rows})

    def _touch_changed(self, entity: str, before: dict[str, str]) -> None:
        now = self.aliases(entity)
        self._links.touch(entity, sorted(a for a in {*before, *now} if before.get(a) != now.get(a)))


def takeover(row: Mapping[str, Any]) -> Takeover:
    """A row as the decision that it notes."""
    names = ("connection", "loser", "survivor", "loser_golden", "survivor_golden", "golden_id")
    return Takeover(**{name: row[name] for name in names}, double=row["state"] == "double")


def _row(entity: str, one: Takeover) -> dict[str, str | None]:
    return {
        "entity": entity,
        "connection": one.connection,
        "loser": one.loser,
        "survivor": one.survivor,
        "loser_golden": one.loser_golden,
        "survivor_golden": one.survivor_golden,
        "golden_id": one.golden_id,
    }
