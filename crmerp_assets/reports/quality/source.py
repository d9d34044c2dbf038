"""What the audit is given: the live records of one system and entity, and what is known around them.

Every column says something about its own record alone, so the records may come in any order and in any batches.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from crmerp_assets.canonical.money import MONEY
from crmerp_assets.mapping import EntityMap, EntityRules

RAW = "raw:"  # before the name of a field: its native text as the system has it
KNOWN = "known:"  # before the name of a reference: whether the record it names is there
LABELS: Mapping[str, tuple[str, ...]] = {
    "customer": ("name",),
    "contact": ("first_name", "last_name"),
    "product": ("sku", "name"),
    "order": ("name", "order_number"),
}
"""The fields by which a person knows a record again."""
AROUND: dict[str, pl.DataType] = {
    "native_id": pl.String(),
    "changed": pl.Date(),
    "flags": pl.List(pl.String()),
    "linked": pl.Boolean(),
    "expected_there": pl.Boolean(),
    "orders": pl.Int64(),
    "worth": MONEY,
    "worth_currency": pl.String(),
}
"""Columns of `records` beside the fields. `linked`: has a live partner in the other system, null where that was never
read; `expected_there`: of a kind that the other system should hold; `orders`: of a customer, null elsewhere; `worth`:
what its orders come to."""
PARKED: dict[str, pl.DataType] = {"native_id": pl.String(), "reason": pl.String()}
LINES: dict[str, pl.DataType] = {"native_id": pl.String(), "reason": pl.String()}
REMARKS: dict[str, pl.DataType] = {"native_id": pl.String(), "field": pl.String(), "reason": pl.String()}
NOT_READ = "not read yet"
DUPLICATES: dict[str, pl.DataType] = {
    "native_id": pl.String(),
    "cluster": pl.String(),
    "probability": pl.Float64(),
    "survivor": pl.String(),
    "why": pl.String(),
}


@dataclass(frozen=True, slots=True)
class Source:
    """The records of one map of one system.

    `records`: the columns of AROUND, canonical text by field, RAW and KNOWN columns. `parked` (PARKED), `remarks`
    (REMARKS: what validation says of values), `lines` (LINES: orders with lines that name no product) and
    `duplicates` (DUPLICATES, the survivors too; None: not assessed) are about records of it. `other` is the map by
    which a record is created on the other side, None where that never is.
    """

    system: str
    role: str
    entity_map: EntityMap
    rules: EntityRules
    today: date
    records: pl.DataFrame
    parked: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PARKED))
    remarks: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REMARKS))
    lines: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=LINES))
    duplicates: pl.DataFrame | None = None
    other: EntityMap | None = None
    other_system: str = ""
    expected: Collection[str] = ()
    stale_days: int | None = None
    read: bool = True

    @property
    def entity(self) -> str:
        """The canonical entity."""
        return self.entity_map.entity

    def personal(self, name: str) -> bool:
        """Whether values of a field stay out of everything that is not a steward's own list."""
        rule = self.rules.fields.get(name)
        return self.entity_map.model.field(name).personal or (rule is not None and rule.personal)

    @property
    def named_in_person(self) -> bool:
        """Whether the name of a record is a person's."""
        return any(self.personal(name) for name in LABELS[self.entity])

    def fields(self) -> list[str]:
        """The fields that this system should fill itself: mapped, and not written back by us alone."""
        return [name for name in self.entity_map.fields if name in self.records.columns and self._own(name)]

    def _own(self, name: str) -> bool:
        rule = self.rules.fields.get(name)
        return rule is None or not (rule.derived or (not rule.seed and rule.owner != self.role))

    @property
    def not_assessed(self) -> list[str]:
        """What could not be looked for."""
        if not self.read:
            return [NOT_READ]
        found = [] if self.duplicates is not None else ["duplicate"]
        unread = self.records.height > 0 and self.records["linked"].is_null().all()
        return [*found, *(["one_side", "refused", "does_not_fit"] if unread else [])]
