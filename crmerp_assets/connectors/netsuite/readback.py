"""Reading records back right after writing them: their ids and stamps, 1,000 to a call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from crmerp_assets.connectors.netsuite.fields import NativeObject
from crmerp_assets.connectors.netsuite.preparing import Prepared
from crmerp_assets.connectors.netsuite.statements import select, statement
from crmerp_assets.connectors.netsuite.suiteql import Raw, SuiteQL, chunks, number_list
from crmerp_assets.connectors.netsuite.times import WallClock, parse_instant
from crmerp_assets.connectors.protocol import Write


@dataclass(frozen=True, slots=True)
class Saved:
    """A record as it is found after a write."""

    native_id: str
    modified: datetime


def read_back(suiteql: SuiteQL, wall: WallClock, native: NativeObject, sent: Sequence[Prepared]) -> Mapping[str, Saved]:
    """The records of `sent` that exist, by write id: creates by external id, updates by internal id."""
    return {
        **_found(suiteql, wall, native, [one for one in sent if one.method == "PUT"], by_key=True),
        **_found(suiteql, wall, native, [one for one in sent if one.method == "PATCH"], by_key=False),
    }


def existing(suiteql: SuiteQL, native: NativeObject, writes: Sequence[Write]) -> dict[str, str]:
    """Internal ids by write id, found by our key, or else by the name that NetSuite keeps unique."""
    by_key = {write.id: write.key for write in writes}
    found = _ids_by(suiteql, native, "t.externalid", by_key)
    natural = native.natural_key
    if natural is None:
        return found
    values = {write.id: write.values.get(natural) for write in writes if write.id not in found}
    texts = {id: value for id, value in values.items() if isinstance(value, str)}
    return found | _ids_by(suiteql, native, native.columns[natural].sql, texts)


def _ids_by(suiteql: SuiteQL, native: NativeObject, column: str, texts: Mapping[str, str]) -> dict[str, str]:
    """Internal ids by write id where `column` equals that write's text, whatever its case."""
    ids: dict[str, str] = {}
    for chunk in chunks(list(dict.fromkeys(text.lower() for text in texts.values()))):
        only = f"{native.only} AND " if native.only else ""
        marks = ", ".join("?" for _ in chunk)
        query = (
            f"SELECT t.id AS id, LOWER({column}) AS name FROM {native.table} t WHERE {only}LOWER({column}) IN ({marks})"
        )
        for raw in suiteql.rows(query, chunk):
            ids[raw.get("name") or ""] = raw["id"] or ""
    return {id: ids[text.lower()] for id, text in texts.items() if text.lower() in ids}


def _found(
    suiteql: SuiteQL, wall: WallClock, native: NativeObject, sent: Sequence[Prepared], by_key: bool
) -> dict[str, Saved]:
    found: dict[str, Saved] = {}
    for chunk in chunks(sent):
        wanted: dict[str, list[str]] = defaultdict(list)
        for one in chunk:
            wanted[one.write.key.lower() if by_key else one.write.native_id or ""].append(one.write.id)
        for raw in _rows(suiteql, native, list(wanted), by_key):
            saved = Saved(raw["id"] or "", parse_instant(wall.instant(raw["modified"] or "")))
            name = (raw.get("c0") or "").lower() if by_key else saved.native_id
            found |= dict.fromkeys(wanted[name], saved)
    return found


def _rows(suiteql: SuiteQL, native: NativeObject, wanted: Sequence[str], by_key: bool) -> list[Raw]:
    selection = select(native, ["externalId"], {})
    if not by_key:
        return suiteql.rows(statement(selection, [f"t.id IN ({number_list(wanted)})"], None))
    marks = ", ".join("?" for _ in wanted)
    return suiteql.rows(statement(selection, [f"LOWER(t.externalid) IN ({marks})"], None), wanted)
