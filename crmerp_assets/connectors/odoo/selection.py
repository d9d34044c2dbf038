"""The fields asked of an object, split by where they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.odoo.answers import SYSTEM
from crmerp_assets.connectors.odoo.schema import Schema
from crmerp_assets.connectors.odoo.views import DELIVERY, DELIVERY_PARTS, KEY, Derived, View

APPLIED, ORDERS, RATE = "unapplied", "order_ids", "company_rate"
"""Paths that come out of the child lists or of the exchange rates."""


@dataclass(slots=True)
class Selection:
    """`own` are fields of the model, `along` many2one paths, `lists` the asked paths of each child list."""

    view: View
    own: dict[str, str] = field(default_factory=dict)
    along: dict[str, str] = field(default_factory=dict)
    derived: dict[str, Derived] = field(default_factory=dict)
    delivery: list[str] = field(default_factory=list)
    lists: dict[str, list[str]] = field(default_factory=dict)
    keyed: bool = False
    rated: bool = False
    unapplied: bool = False
    orders: bool = False
    read: dict[str, None] = field(default_factory=dict)


def select(view: View, fields: Sequence[str], schema: Schema) -> Selection:
    """What `fields` mean; ConfigError names one that the database does not have."""
    chosen = Selection(view)
    for path in dict.fromkeys(fields):
        _choose(chosen, path, schema)
    for name in ("write_date", "write_uid"):
        chosen.read[name] = None
    for derived in chosen.derived.values():
        known = schema.fields(view.model)
        wanted = [name for name in (*derived.needs, *derived.optional) if not name.startswith("_")]
        chosen.read |= {name: None for name in wanted if name in known}
    return chosen


def _choose(chosen: Selection, path: str, schema: Schema) -> None:
    view, name = chosen.view, path.partition(".")[0]
    rest = path.partition(".")[2]
    if path == KEY:
        chosen.keyed = True
    elif path in view.derived:
        chosen.derived[path] = view.derived[path]
    elif name == DELIVERY and view.delivery and rest in DELIVERY_PARTS:
        chosen.delivery.append(rest)
    elif name in view.lists:
        _list(chosen, name, rest, schema)
    elif path == APPLIED and "applications" in view.lists:
        chosen.unapplied = True
        chosen.lists.setdefault("applications", [])
        chosen.read |= dict.fromkeys(["amount", "move_id"] if view.model == "account.payment" else ["amount_total"])
    elif path == ORDERS and "billed" in view.lists:
        chosen.orders = True
        chosen.lists.setdefault("billed", [])
    elif path == RATE and view.model in ("account.move", "account.payment"):
        _rated(chosen, schema)
    else:
        _field(chosen, path, name, rest, schema)


def _field(chosen: Selection, path: str, name: str, rest: str, schema: Schema) -> None:
    definition = schema.field(chosen.view.model, name)
    chosen.read[name] = None
    if not rest:
        chosen.own[path] = str(definition["type"])
        return
    model, part = str(definition.get("relation") or ""), rest
    while part:
        step, _, part = part.partition(".")
        if not model:
            message = f"Odoo {chosen.view.model} has no field {path!r}; correct the mapping."
            raise ConfigError(message, system=SYSTEM, object=chosen.view.name)
        model = str(schema.field(model, step).get("relation") or "")
    chosen.along[path] = rest


def _list(chosen: Selection, name: str, rest: str, schema: Schema) -> None:
    child = chosen.view.lists[name]
    known = rest in child.paths if child.paths else bool(rest)
    if known and not child.paths and rest not in child.derived:
        schema.field(child.model, rest.partition(".")[0])
    if rest and not known:
        message = f"Odoo {chosen.view.name} has no field {name}.{rest}; correct the mapping."
        raise ConfigError(message, system=SYSTEM, object=chosen.view.name)
    if child.kind == "applications" and chosen.view.model == "account.payment":
        chosen.read["move_id"] = None
    paths = chosen.lists.setdefault(name, [])
    if rest:
        paths.append(rest)


def _rated(chosen: Selection, schema: Schema) -> None:
    chosen.rated = True
    day = "date" if chosen.view.model == "account.payment" else "invoice_date"
    own = schema.first(chosen.view.model, ["invoice_currency_rate"])
    chosen.read |= dict.fromkeys(["currency_id", "company_id", day, *([own] if own else [])])
