"""Field paths of one object resolved to columns, joining a parent's table once for each relationship on the way."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from crmerp_assets.sandbox.salesforce.schema import Catalog, Field, ObjectType
from crmerp_assets.sandbox.salesforce.soql.errors import no_column, no_relationship

Steps = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A field as selected: the relationships that lead to it, and its SQL."""

    parents: Steps
    field: Field
    sql: str


@dataclass(slots=True)
class Join:
    """The parent's object under an alias."""

    kind: ObjectType
    alias: str
    sql: str


@dataclass(slots=True)
class Scope:
    """`level` keeps the aliases of nested queries apart; `alias` is the name that the query itself may use."""

    catalog: Catalog
    kind: ObjectType
    everything: bool
    soql: str
    level: int = 0
    alias: str = ""
    joins: dict[Steps, Join] = field(default_factory=dict)

    @property
    def table(self) -> str:
        return f"q{self.level}"

    @property
    def source(self) -> str:
        """The FROM clause without parents."""
        return f'"{self.kind.name}" AS {self.table}'

    @property
    def joined(self) -> str:
        return "".join(join.sql for join in self.joins.values())

    def column(self, path: Sequence[str]) -> Column:
        """Raises INVALID_FIELD for a field or relationship that the caller cannot see."""
        steps = list(path)
        if len(steps) > 1 and self._is_self(steps[0]):
            steps = steps[1:]
        parents: Steps = ()
        kind, table = self.kind, self.table
        for step in steps[:-1]:
            parents = self._join(kind, table, parents, step, ".".join(path))
            kind, table = self.joins[parents].kind, self.joins[parents].alias
        found = self.catalog.visible(kind, self.everything).get(steps[-1].lower())
        if found is None:
            raise no_column(self.soql, ".".join(path), kind.name)
        return Column(parents, found, f'{table}."{found.name}"')

    def _is_self(self, name: str) -> bool:
        own = name.lower() in (self.kind.name.lower(), self.alias.lower())
        return own and self._reference(self.kind, name) is None

    def _join(self, kind: ObjectType, table: str, parents: Steps, step: str, path: str) -> Steps:
        """The steps to a parent, joined if it was not yet."""
        reference = self._reference(kind, step)
        if reference is None or reference.reference_to is None:
            raise no_relationship(self.soql, path, step)
        key = (*parents, str(reference.relationship))
        if key not in self.joins:
            target, alias = self.catalog.object(reference.reference_to), f"{self.table}_{len(self.joins)}"
            on = f'{alias}."Id" = {table}."{reference.name}"'
            sql = f' LEFT JOIN "{target.name}" AS {alias} ON {on}'
            self.joins[key] = Join(target, alias, sql)
        return key

    def _reference(self, kind: ObjectType, relationship: str) -> Field | None:
        wanted = relationship.lower()
        fields = self.catalog.visible(kind, self.everything).values()
        return next((f for f in fields if f.relationship and f.relationship.lower() == wanted), None)
