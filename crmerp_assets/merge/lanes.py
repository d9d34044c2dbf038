"""Lanes: one CRM and one ERP each that are kept in agreement, and which records each of them carries.

A configuration with one CRM and one ERP is one lane without a name. Several lanes share systems: a CRM that sells for
two subsidiaries, or an ERP behind two CRMs. What keeps them from fighting over a shared system is decided here, from
the configuration alone (docs/adr/0015-lanes.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from crmerp_assets.canonical import MIRRORS
from crmerp_assets.merge.scope import CustomerScope
from crmerp_assets.merge.three_way import Role

Carried = Literal["customer", "contact", "product", "order"]
EVERYTHING: tuple[Carried, ...] = ("customer", "contact", "product", "order")
NEEDS: dict[Carried, tuple[Carried, ...]] = {"contact": ("customer",), "order": ("customer", "product")}
"""What a lane must carry, too: records that refer to customers and products need them there."""
_EVERYBODY = CustomerScope()
_WITH_ORDERS = ("invoice", "payment", "exchange_rate", *MIRRORS)


class LaneConfig(BaseModel):
    """One entry of `lanes`: its systems by the names of their connections, what it carries, and for which customers.

    The name becomes part of keys, asset names and a database schema: hence its letters.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,15}$")]
    crm: str
    erp: str
    entities: Annotated[tuple[Carried, ...], Field(min_length=1)] = EVERYTHING
    route: CustomerScope = CustomerScope()

    def end(self, role: Role) -> str:
        """The connection on one side."""
        return self.crm if role == "crm" else self.erp

    @property
    def ends(self) -> tuple[str, str]:
        """Both connections."""
        return self.crm, self.erp


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane among the others. The default is the only one of its configuration.

    `shared`: sides that other lanes use, too. `guest`: the shared sides that an earlier lane leads. `follows`: whether
    an earlier lane carries the same customers into the same ERP, so that this lane's CRM owns none of their fields.
    """

    name: str = ""
    entities: tuple[Carried, ...] = EVERYTHING
    route: CustomerScope = _EVERYBODY
    shared: frozenset[Role] = frozenset()
    guest: frozenset[Role] = frozenset()
    follows: bool = False

    @property
    def decides(self) -> Role | None:
        """The side whose values decide the route of a record that it holds: all lanes must see the same ones."""
        return next((role for role in ("crm", "erp") if role in self.shared), None)

    @property
    def canonical(self) -> tuple[str, ...]:
        """Every canonical entity that the lane reads: those it carries, and what orders bring along."""
        return (*self.entities, *(_WITH_ORDERS if "order" in self.entities else ()))

    def prefix(self, prefix: str) -> str:
        """How the golden ids of an entity begin here; other keys are those of strangers, and are left alone."""
        return f"{prefix}-{self.name}" if self.name else prefix

    def called(self, name: str) -> str:
        """The name of a job, a group or a pool of this lane."""
        return f"{self.name}_{name}" if self.name else name


ALONE = Lane()
"""The lane of a configuration that names none."""


def lanes(configs: Sequence[LaneConfig]) -> tuple[Lane, ...]:
    """The lanes as they stand to one another, in their order: of those that share a system the first one leads."""
    return tuple(
        _lane(one, configs[:number], [*configs[:number], *configs[number + 1 :]]) for number, one in enumerate(configs)
    )


def _lane(one: LaneConfig, earlier: Sequence[LaneConfig], others: Sequence[LaneConfig]) -> Lane:
    roles: tuple[Role, ...] = ("crm", "erp")
    shared = frozenset(role for role in roles if any(one.end(role) == other.end(role) for other in others))
    guest = frozenset(role for role in roles if any(one.end(role) == other.end(role) for other in earlier))
    follows = any(other.erp == one.erp and "customer" in other.entities and overlap(one, other) for other in earlier)
    return Lane(one.name, one.entities, one.route, shared, guest, follows)


def overlap(one: LaneConfig, other: LaneConfig) -> bool:
    """Whether some customer could fit both routes; values of fields are all that is looked at."""
    fields = {*one.route.fields, *other.route.fields}
    return not any(_apart(one.route, other.route, field) for field in fields)


def _apart(one: CustomerScope, other: CustomerScope, field: str) -> bool:
    """Whether no value of one field fits both routes."""
    ours, theirs = (
        None if (only := scope.only.get(field)) is None else set(only) - set(scope.without.get(field, ()))
        for scope in (one, other)
    )
    if ours is not None and theirs is not None:
        return not ours & theirs
    if ours is not None:
        return ours <= set(other.without.get(field, ()))
    return theirs is not None and theirs <= set(one.without.get(field, ()))


def together(configs: Sequence[LaneConfig]) -> list[tuple[int, str, str]]:
    """Mistakes between lanes: (number of the lane, key, what is wrong and what to do)."""
    found: list[tuple[int, str, str]] = []
    for number, one in enumerate(configs):
        for other in configs[:number]:
            found += [(number, key, what) for key, what in _between(one, other)]
        found += [
            (number, "entities", f"{entity} needs {need}; add it, or leave {entity} out")
            for entity in one.entities
            for need in NEEDS.get(entity, ())
            if need not in one.entities
        ]
    return found


def _between(one: LaneConfig, other: LaneConfig) -> list[tuple[str, str]]:
    if one.name == other.name:
        return [("name", f"'{one.name}' is the name of two lanes; rename one")]
    if one.ends == other.ends:
        return [("erp", f"lane {other.name} has the same CRM and ERP; make one lane of the two")]
    both = "customer" in one.entities and "customer" in other.entities
    if one.crm == other.crm and both and overlap(one, other):
        return [
            (
                "route",
                f"a customer of {one.crm} could fit this lane and lane {other.name}, and would be kept in two ERPs; "
                "say in `route` (only, without) by which field they are told apart",
            )
        ]
    return []
