"""One record about to be saved, as the rules of its object see it."""

from dataclasses import dataclass, field

from crmerp_assets.sandbox.salesforce.engine.organisation import Actor, Organisation, Row
from crmerp_assets.sandbox.salesforce.schema import ObjectType


@dataclass(slots=True)
class Change:
    """`old` is None for a new record; `new` holds the stored values to be set and may be added to."""

    organisation: Organisation
    kind: ObjectType
    actor: Actor
    old: Row | None
    new: Row = field(default_factory=dict)
    seeding: bool = False

    @property
    def creating(self) -> bool:
        return self.old is None

    def value(self, name: str) -> object:
        """The value after the change."""
        return self.new[name] if name in self.new else (self.old or {}).get(name)

    def changes(self, name: str) -> bool:
        return name in self.new and (self.old is None or self.new[name] != self.old.get(name))

    def record(self, object_name: str, reference: str) -> Row | None:
        """The record that a reference points to after the change."""
        id_ = self.value(reference)
        return self.organisation.get(self.organisation.catalog.object(object_name), str(id_)) if id_ else None
