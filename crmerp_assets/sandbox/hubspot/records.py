"""Creating, changing, archiving and merging single records by the vendor's rules."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from crmerp_assets.sandbox.hubspot.associations import Associations
from crmerp_assets.sandbox.hubspot.errors import HubSpotError, Invalid, bad_request
from crmerp_assets.sandbox.hubspot.moments import iso, milliseconds
from crmerp_assets.sandbox.hubspot.portal import Portal, Record
from crmerp_assets.sandbox.hubspot.schema import DRAFT, MERGED, ObjectType
from crmerp_assets.sandbox.hubspot.values import Texts, accepted

Values = Mapping[str, Any]
ENFORCING = "2026-09"
_STATUS, _BILLABLE = "hs_invoice_status", "hs_invoice_billable"


class Records:
    """Each call happens completely or raises HubSpotError and changes nothing. `version` is that of the path."""

    def __init__(self, portal: Portal, associations: Associations) -> None:
        self.portal, self.associations = portal, associations

    def create(
        self, kind: ObjectType, values: Values, author: str, version: str, links: Iterable[Mapping[str, Any]] = ()
    ) -> Record:
        texts = accepted(kind.properties, values)
        demanded = self.portal.settings.required.get(kind.name, []) if version == ENFORCING else []
        lacking = [name for name in (*kind.required, *demanded) if not texts.get(name)]
        if lacking:
            raise Invalid([(name, "REQUIRED_FIELD", f"Error creating: {name} is required") for name in lacking])
        with self.portal.store.writing():
            now = self.portal.now()
            record = Record(self.portal.new_id(), {}, now, now, author)
            self._save(kind, record, texts)
            for link in links:
                self.associations.add_inline(kind, record.id, link)
            self._check_issued(kind, record)
        return record

    def update(self, kind: ObjectType, record: Record, values: Values, author: str) -> Record:
        texts = accepted(kind.properties, values)
        with self.portal.store.writing():
            if all(record.properties.get(name) == text for name, text in texts.items()):
                return record
            record.modified, record.author = self.portal.now(), author
            drafted = record.properties.get(_STATUS) == DRAFT
            self._save(kind, record, texts)
            if drafted:
                self._check_issued(kind, record)
        return record

    def archive(self, kind: ObjectType, record: Record, author: str) -> None:
        with self.portal.store.writing():
            record.archived = record.modified = self.portal.now()
            record.author = author
            self.portal.put(kind, record)
            self.portal.keep_unique(kind, record)
            self.associations.forget(kind, record.id)

    def seed(self, kind: ObjectType, rows: Iterable[Mapping[str, Any]], author: str) -> list[str]:
        """Insert records as they are; `updatedAt` may lie in the past, `associations` are of ids by type id."""
        ids: list[str] = []
        with self.portal.store.writing():
            for row in rows:
                given = dict(row)
                links = given.pop("associations", {})
                at = self._moment(given.pop("updatedAt", None))
                record = Record(self.portal.new_id(), {}, at, at, author)
                self._save(kind, record, accepted(kind.properties, given, seeding=True))
                for link, targets in links.items():
                    for target in targets if isinstance(targets, list) else [targets]:
                        self.associations.add(int(link), record.id, int(target))
                ids.append(str(record.id))
        return ids

    def merge(self, kind: ObjectType, primary: str, other: str, author: str) -> Record:
        """The survivor is a third record with an id of its own; both old ids lead to it from now on."""
        if not kind.mergeable:
            raise bad_request(f"{kind.name} cannot be merged")
        winner, loser = self.portal.needed(kind, primary), self.portal.needed(kind, other)
        if winner.id == loser.id:
            raise bad_request("Cannot merge a record into itself")
        with self.portal.store.writing() as db:
            now = self.portal.now()
            both = {**loser.properties, **winner.properties}
            history = [*both.pop(MERGED, "").split(";"), str(winner.id), str(loser.id)]
            history += winner.properties.get(MERGED, "").split(";") + loser.properties.get(MERGED, "").split(";")
            both[MERGED] = ";".join(dict.fromkeys(id_ for id_ in history if id_))
            if kind.name == "contacts":
                both["hs_calculated_merged_vids"] = ";".join(f"{id_}:{now}" for id_ in both[MERGED].split(";"))
            survivor = Record(self.portal.new_id(), both, min(winner.created, loser.created), now, author)
            for old in (winner, loser):
                db.execute("DELETE FROM record WHERE type = ? AND id = ?", (kind.name, old.id))
                db.execute("DELETE FROM unique_value WHERE type = ? AND id = ?", (kind.name, old.id))
                db.execute("INSERT INTO alias VALUES (?, ?, ?)", (kind.name, old.id, survivor.id))
                self.associations.move(kind, old.id, survivor.id)
            self.portal.put(kind, survivor)
            self.portal.keep_unique(kind, survivor)
        return survivor

    def _moment(self, given: str | None) -> int:
        return milliseconds(given) if given else self.portal.now()

    def _save(self, kind: ObjectType, record: Record, texts: Texts) -> None:
        for name, text in texts.items():
            if text is None:
                record.properties.pop(name, None)
            else:
                record.properties[name] = text
        self._check_unique(kind, record)
        self._compute(kind, record)
        self.portal.put(kind, record)
        self.portal.keep_unique(kind, record)

    def _check_unique(self, kind: ObjectType, record: Record) -> None:
        for name, property_ in kind.properties.items():
            value = record.properties.get(name)
            if not property_.unique or value is None:
                continue
            owner = self.portal.owner(kind, name, value)
            if owner is not None and owner != record.id:
                raise _clash(kind, name, value, owner)

    def _compute(self, kind: ObjectType, record: Record) -> None:
        if kind.name == "deals":
            self._stage(kind, record)
        elif kind.name == "line_items":
            record.properties["amount"] = _line_amount(record.properties)
        elif kind.name == "invoices":
            record.properties.setdefault(_STATUS, DRAFT)
            record.properties.setdefault(_BILLABLE, "true")

    def _check_issued(self, kind: ObjectType, record: Record) -> None:
        """An invoice by which the portal collects money leaves draft with a contact and a line item only."""
        values = record.properties
        if kind.name != "invoices" or values[_STATUS] == DRAFT or values[_BILLABLE] == "false":
            return
        demanded = {"INVOICE_TO_CONTACT": "contacts", "INVOICE_TO_LINE_ITEM": "line_items"}
        lacking = [
            name
            for name, to in demanded.items()
            if not self.associations.of(kind, record.id, self.portal.kind(to), numbers=False)
        ]
        if lacking:
            raise bad_request(f"Invoice {record.id} lacks required associations: {', '.join(lacking)}")

    def _stage(self, kind: ObjectType, record: Record) -> None:
        pipeline = record.properties.setdefault("pipeline", "default")
        stages = {
            stage["id"]: stage["metadata"]
            for found in self.portal.pipelines(kind)
            if found["id"] == pipeline
            for stage in found["stages"]
        }
        stage = record.properties.get("dealstage", "")
        if stage not in stages:
            what = f"{stage} was not one of the allowed options: {list(stages)}"
            raise Invalid([("dealstage", "INVALID_OPTION", what)])
        closed, probability = stages[stage]["isClosed"] == "true", stages[stage]["probability"]
        won = closed and float(probability) == 1
        record.properties["hs_is_closed"] = "true" if closed else "false"
        record.properties["hs_is_closed_won"] = "true" if won else "false"
        record.properties["hs_deal_stage_probability"] = probability
        if closed:
            record.properties.setdefault("closedate", iso(self.portal.now()))


def _clash(kind: ObjectType, name: str, value: str, owner: int) -> HubSpotError:
    if kind.name == "contacts" and name == "email":
        return HubSpotError(409, "CONFLICT", f"Contact already exists. Existing ID: {owner}")
    message = f"{name} already has the value {value}. Existing ID: {owner}"
    return Invalid([(name, "CONFLICTING_UNIQUE_VALUE", message)])


def _line_amount(properties: Mapping[str, str]) -> str:
    quantity, price = (Decimal(properties.get(name) or "0") for name in ("quantity", "price"))
    percent, off = (Decimal(properties.get(name) or "0") for name in ("hs_discount_percentage", "discount"))
    amount = quantity * (price * (100 - percent) / 100 - (off if not percent else 0))
    return str(amount.quantize(Decimal("0.01"), ROUND_HALF_UP))
