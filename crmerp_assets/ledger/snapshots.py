"""The values both sides last agreed on: the base of the three-way compare, one JSON object per golden record."""

import json
from collections.abc import Iterable

import polars as pl
from sqlalchemy import delete, select

from crmerp_assets.ledger.session import Session
from crmerp_assets.ledger.tables import snapshots


class Snapshots:
    """`tx.snapshots`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, entity: str, golden_ids: Iterable[str]) -> pl.DataFrame:
        """(golden_id, values) of those that have one; `values` is JSON text of field -> text or null."""
        c = snapshots.c
        found = self._session.among(c.golden_id, golden_ids)
        return self._session.frame(select(c.golden_id, c["values"]).where(c.entity == entity, found))

    def put(self, entity: str, frame: pl.DataFrame) -> int:
        """Merge (golden_id, values) into what is stored: given fields change, the others stay.

        A null field is a value: both sides agree that it is blank. Returns how many snapshots changed.
        """
        self._session.lock(f"snapshots:{entity}")
        offered = _one_each(frame)
        stored = dict(self.get(entity, offered).iter_rows())
        now = self._session.now()
        rows = [
            {"entity": entity, "golden_id": golden_id, "values": merged, "updated_at": now}
            for golden_id, values in offered.items()
            if (merged := _merged(stored.get(golden_id), values)) != stored.get(golden_id)
        ]
        self._session.upsert(snapshots, rows, lambda new, _: {"values": new["values"], "updated_at": new["updated_at"]})
        return len(rows)

    def forget(self, entity: str, golden_ids: Iterable[str]) -> int:
        """Drop what was agreed with another partner, so that the next merge decides as at first contact."""
        among = self._session.among(snapshots.c.golden_id, golden_ids)
        return self._session.execute(delete(snapshots).where(snapshots.c.entity == entity, among))


def _one_each(frame: pl.DataFrame) -> dict[str, str]:
    """golden_id -> values; where a golden id comes twice, the later row is merged into the earlier."""
    offered: dict[str, str] = {}
    for golden_id, values in frame.select("golden_id", "values").iter_rows():
        offered[golden_id] = _merged(offered.get(golden_id), values)
    return offered


def _merged(old: str | None, new: str) -> str:
    if old is None or old == new:
        return new
    known, values = json.loads(old), json.loads(new)
    if all(name in known and known[name] == value for name, value in values.items()):
        return old
    return json.dumps(known | values, ensure_ascii=False, separators=(",", ":"))
