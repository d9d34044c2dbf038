"""Links between records. Each is kept in both directions; a primary one brings its unlabelled one along."""

from collections.abc import Mapping
from typing import Any

from crmerp_assets.sandbox.hubspot.errors import HubSpotError, bad_request
from crmerp_assets.sandbox.hubspot.portal import Body, Portal
from crmerp_assets.sandbox.hubspot.schema import LINKS, ObjectType

_UNLABELLED = {1: 279, 2: 280, 5: 341, 6: 342}
_CATEGORY = "HUBSPOT_DEFINED"


class Associations:
    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def add(self, link: int, from_id: int, to_id: int) -> None:
        """Repeating it changes nothing. Associations do not touch the records' modification stamps."""
        if link not in LINKS:
            raise bad_request(f"No association type with id {link}")
        from_type, to_type, back, primary, _ = LINKS[link]
        for type_, id_ in ((from_type, from_id), (to_type, to_id)):
            kind = self._portal.kind(type_)
            if self._portal.live(kind, str(id_)) is None:
                raise self._portal.missing(kind, [str(id_)])
        if primary:
            self._no_longer_primary(link, back, from_id, to_id)
        self._check_parent(link, from_id, to_id)
        for kind_ in (link, _UNLABELLED.get(link)):
            if kind_ is not None:
                self._insert(from_type, from_id, to_type, to_id, kind_)
                self._insert(to_type, to_id, from_type, from_id, LINKS[kind_][2])

    def add_inline(self, kind: ObjectType, from_id: int, link: Mapping[str, Any]) -> None:
        for spec in link["types"]:
            type_id = int(spec["associationTypeId"])
            if type_id in LINKS and LINKS[type_id][0] != kind.name:
                raise bad_request(f"Association type {type_id} does not start at {kind.name}")
            self.add(type_id, from_id, int(link["to"]["id"]))

    def remove(self, from_: ObjectType, from_id: int, to: ObjectType, to_id: int) -> None:
        """Every link between two records."""
        sql = "DELETE FROM link WHERE from_type = ? AND from_id = ? AND to_type = ? AND to_id = ?"
        self._portal.store.write(sql, (from_.name, from_id, to.name, to_id))
        self._portal.store.write(sql, (to.name, to_id, from_.name, from_id))

    def of(self, from_: ObjectType, from_id: int, to: ObjectType, numbers: bool) -> list[Body]:
        """What a record is linked to; ids as numbers in version 4, as text in later ones."""
        sql = "SELECT to_id, kind FROM link WHERE from_type = ? AND from_id = ? AND to_type = ? ORDER BY to_id, kind"
        found: dict[int, list[Body]] = {}
        for to_id, kind in self._portal.store.rows(sql, (from_.name, from_id, to.name)):
            spec = {"category": _CATEGORY, "typeId": kind, "label": LINKS[kind][4]}
            found.setdefault(to_id, []).append(spec)
        return [
            {"toObjectId": to_id if numbers else str(to_id), "associationTypes": specs}
            for to_id, specs in found.items()
        ]

    def labels(self, from_: ObjectType, to: ObjectType) -> list[Body]:
        return [
            {"category": _CATEGORY, "typeId": id_, "label": label}
            for id_, (start, end, _, _, label) in LINKS.items()
            if (start, end) == (from_.name, to.name)
        ]

    def forget(self, kind: ObjectType, id_: int) -> None:
        db = self._portal.store.db
        db.execute("DELETE FROM link WHERE from_type = ? AND from_id = ?", (kind.name, id_))
        db.execute("DELETE FROM link WHERE to_type = ? AND to_id = ?", (kind.name, id_))

    def move(self, kind: ObjectType, old: int, new: int) -> None:
        db = self._portal.store.db
        for side in ("from", "to"):
            db.execute(
                f"UPDATE OR IGNORE link SET {side}_id = ? WHERE {side}_type = ? AND {side}_id = ?",
                (new, kind.name, old),
            )
        self.forget(kind, old)

    def default(self, from_: ObjectType, to: ObjectType) -> int:
        for id_, (start, end, _, primary, label) in LINKS.items():
            if (start, end) == (from_.name, to.name) and not primary and label is None:
                return id_
        raise HubSpotError(400, "VALIDATION_ERROR", f"{from_.name} and {to.name} cannot be associated")

    def _insert(self, *link: Any) -> None:
        self._portal.store.db.execute("INSERT OR IGNORE INTO link VALUES (?, ?, ?, ?, ?)", link)

    def _no_longer_primary(self, link: int, back: int, from_id: int, to_id: int) -> None:
        """A contact or a deal has one primary company, whichever side it is told from."""
        one, kind = (from_id, link) if link in (1, 5) else (to_id, back)
        db = self._portal.store.db
        db.execute("DELETE FROM link WHERE from_type = ? AND from_id = ? AND kind = ?", (LINKS[kind][0], one, kind))
        way_back = LINKS[kind][2]
        db.execute("DELETE FROM link WHERE to_type = ? AND to_id = ? AND kind = ?", (LINKS[kind][0], one, way_back))

    def _check_parent(self, link: int, from_id: int, to_id: int) -> None:
        """A company has one parent, and a line item one deal."""
        single = {14: (from_id, to_id), 13: (to_id, from_id), 20: (from_id, to_id), 19: (to_id, from_id)}
        if link not in single:
            return
        child, parent = single[link]
        kind = 14 if link in (13, 14) else 20
        sql = "SELECT to_id FROM link WHERE from_type = ? AND from_id = ? AND kind = ?"
        found = self._portal.store.row(sql, (LINKS[kind][0], child, kind))
        if found and found[0] != parent:
            raise bad_request(f"{LINKS[kind][0]} {child} is associated with another record already: {found[0]}")
