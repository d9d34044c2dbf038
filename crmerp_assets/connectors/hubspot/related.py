"""What belongs to a record and is not on it: the company it refers to, a deal's line items, what its stage means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crmerp_assets.connectors.exactjson import dumps, loads
from crmerp_assets.connectors.hubspot.api import LINKS_READ, HubSpotApi, Record
from crmerp_assets.connectors.hubspot.days import Days
from crmerp_assets.connectors.hubspot.objects import CHILDREN, LINKS, PIPELINE, STAGE, STAGE_LABEL, WON, Child, Link
from crmerp_assets.connectors.hubspot.schema import Schema, is_won
from crmerp_assets.connectors.hubspot.selection import Selection, text
from crmerp_assets.connectors.protocol import Row

Targets = Mapping[str, frozenset[int]]
"""Record id -> the association types by which it is linked."""


class Related:
    def __init__(self, api: HubSpotApi, schema: Schema, days: Days) -> None:
        self._api, self._schema, self._days = api, schema, days

    def rows(self, selection: Selection, records: Sequence[Record]) -> list[Row]:
        """Complete rows of these records."""
        rows = [selection.row(record) for record in records]
        ids = [str(record["id"]) for record in records]
        for path, link in selection.links.items():
            found = self.targets(selection.object, ids, link.object)
            for row in rows:
                row[path] = chosen(found.get(row["_id"] or "", {}), link)
        for name, (child, paths) in selection.children.items():
            lists = self._lists(selection.object, ids, child, paths)
            for row in rows:
                row[name] = dumps(lists.get(row["_id"] or "", []))
        for row, record in zip(rows, records, strict=True):
            row.update({path: self._days.day(record["properties"].get(p)) for path, p in selection.days.items()})
            row.update(self._staged(selection, record["properties"]) if selection.staged else {})
        return rows

    def targets(self, object: str, ids: Sequence[str], to: str) -> dict[str, dict[str, frozenset[int]]]:
        """Record id -> linked record id -> association types. A record that has none is left out."""
        found: dict[str, dict[str, frozenset[int]]] = {}
        path = self._api.paths.links(object, to, "/batch/read")
        waiting: list[dict[str, str]] = [{"id": id_} for id_ in dict.fromkeys(ids)]
        while waiting:
            chunk, waiting = waiting[:LINKS_READ], waiting[LINKS_READ:]
            for result in self._api.read_rows(path, {"inputs": chunk}, object):
                from_id = str(result["from"]["id"])
                found.setdefault(from_id, {}).update(_types(result["to"]))
                after = ((result.get("paging") or {}).get("next") or {}).get("after")
                if after:
                    waiting.append({"id": from_id, "after": str(after)})
        return found

    def differing(self, object: str, known: Sequence[Row]) -> list[str]:
        """Ids of the rows whose references, or lists, are of other records than these rows say."""
        ids, paths = [str(row["_id"]) for row in known], set().union(*known)
        found: set[str | None] = set()
        for path, link in LINKS.get(object, {}).items():
            if path in paths:
                now = self.targets(object, ids, link.object)
                found |= {
                    row["_id"]
                    for row, id_ in zip(known, ids, strict=True)
                    if row[path] != chosen(now.get(id_, {}), link)
                }
        for name, child in CHILDREN.get(object, {}).items():
            if name in paths:
                now = self.targets(object, ids, child.object)
                found |= {
                    row["_id"]
                    for row, id_ in zip(known, ids, strict=True)
                    if _listed(row[name]) != now.get(id_, {}).keys()
                }
        return [id_ for id_ in ids if id_ in found]

    def _lists(self, object: str, ids: Sequence[str], child: Child, paths: Sequence[str]) -> dict[str, list[Row]]:
        links = self.targets(object, ids, child.object)
        wanted = sorted({to for targets in links.values() for to in targets}, key=int)
        read = self._api.batch_read(child.object, wanted, list(dict.fromkeys(("hs_object_id", *paths))))
        self._require(child.object, read, paths)
        rows = {str(record["id"]): _child_row(record, paths) for record in read}
        return {
            parent: [rows[to] for to in sorted(targets, key=int) if to in rows] for parent, targets in links.items()
        }

    def _require(self, object: str, records: Iterable[Record], paths: Sequence[str]) -> None:
        lacking = {path for record in records for path in paths if path not in record["properties"]}
        if lacking:
            self._schema.require(object, sorted(lacking))

    def _staged(self, selection: Selection, values: Mapping[str, Any]) -> Row:
        stage = self._schema.stage(text(values.get(PIPELINE)), text(values.get(STAGE)))
        told: Row = {
            WON: ("true" if is_won(stage) else "false") if stage else None,
            STAGE_LABEL: str(stage["label"]) if stage else None,
        }
        return {path: told[path] for path in selection.staged}


def chosen(targets: Targets, link: Link) -> str | None:
    """The one record that a reference means: the marked one, else the oldest where any will do."""
    marked = [to for to, types in targets.items() if link.type_id in types]
    return min(marked or (targets if link.any_other else ()), key=int, default=None)


def children_of(records: Iterable[str], links: Mapping[str, Mapping[str, frozenset[int]]]) -> list[str]:
    """The records that these are linked to, each once."""
    return list(dict.fromkeys(to for record in records for to in links.get(record, {})))


def _listed(rows: str | None) -> set[str]:
    """The ids of a list as it was read."""
    return {str(row["hs_object_id"]) for row in loads(rows or "[]")}


def _types(targets: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[int]]:
    return {
        str(target["toObjectId"]): frozenset(int(kind["typeId"]) for kind in target.get("associationTypes") or ())
        for target in targets
    }


def _child_row(record: Record, paths: Sequence[str]) -> Row:
    return {path: text(record["properties"].get(path)) for path in dict.fromkeys(("hs_object_id", *paths))}
