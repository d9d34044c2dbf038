"""Writes as rows of an import: every value a cell, every line of an order a row of its own.

What a value needs to be looked up for (the id of a country's code, the pricelist of a currency, the line that a line
of the deal is) is looked up before anything is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from crmerp_assets.connectors.errors import ConnectorError, Rejected
from crmerp_assets.connectors.odoo.answers import SYSTEM
from crmerp_assets.connectors.odoo.api import MODULE
from crmerp_assets.connectors.odoo.home import Home
from crmerp_assets.connectors.odoo.lookups import Lookups
from crmerp_assets.connectors.odoo.schema import Schema
from crmerp_assets.connectors.odoo.texts import cell_of
from crmerp_assets.connectors.odoo.views import DELIVERY, DELIVERY_PARTS, KEY, View
from crmerp_assets.connectors.protocol import Ref, Value, Write

Cells = dict[str, str]
Line = dict[str, Value]
DEAL_PARTS = ("deal.amount", "deal.currency", "deal.day")
WON_STAGE = "stage_id.is_won"
NAME_PARTS = {"name.first": "x_first_name", "name.last": "x_last_name"}


@dataclass(slots=True)
class Draft:
    """One write in the making. `lines` are the whole list of an order, None where it does not change; `state` is what
    an order is to become; `link` that an existing record gets our key."""

    write: Write
    cells: Cells = field(default_factory=dict)
    delivery: Cells = field(default_factory=dict)
    lines: list[Line] | None = None
    states: list[tuple[str, str]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    state: str | None = None
    day: str | None = None
    link: bool = False
    rows: list[Cells] = field(default_factory=list)

    @property
    def creates(self) -> bool:
        return self.write.operation == "create"


class Drafts:
    """Turns writes into drafts; a value that cannot be sent is Rejected for its record alone."""

    def __init__(self, connection: str, schema: Schema, lookups: Lookups, home: Home) -> None:
        self._connection, self._schema, self._lookups, self._home = connection, schema, lookups, home

    def draft(self, view: View, write: Write) -> Draft | ConnectorError:
        draft = Draft(write)
        try:
            for path, value in write.values.items():
                if value is not None or not draft.creates:
                    self._put(view, draft, path, value)
        except Rejected as rejected:
            return rejected
        if draft.creates:
            draft.cells = {**view.given, **draft.cells}
        return draft

    def _put(self, view: View, draft: Draft, path: str, value: Value) -> None:
        name, _, rest = path.partition(".")
        if path == KEY:
            draft.link = True
        elif path == "state" and view.model == "sale.order":
            draft.state = str(value)
        elif name in view.lists and isinstance(value, list):
            draft.lines = value
        elif path in NAME_PARTS:
            draft.names[path] = cell_of("char", value)
        elif name == DELIVERY and view.delivery and rest in DELIVERY_PARTS:
            self._address(draft, rest, value)
        elif path == "date_order.day":
            draft.day = draft.cells["date_order"] = self._home.noon(str(value)) if value else ""
        elif path == "currency_id.name" and view.model == "sale.order":
            draft.cells["pricelist_id/.id"] = self._pricelist(draft.write, str(value))
        elif path == "currency_id.name" and view.model == "product.product":
            self._own_currency(draft.write, path, value)
        elif path == "state_id.code":
            draft.states.append(("", cell_of("char", value)))
        elif view.model == "crm.lead" and path in (*DEAL_PARTS, WON_STAGE):
            self._deal(draft, path, value)
        else:
            self._cell(view, draft, path, value)

    def _deal(self, draft: Draft, path: str, value: Value) -> None:
        """A deal that is made has no quotation: its amount is what is expected, in the company's currency."""
        if path == "deal.amount":
            draft.cells["expected_revenue"] = cell_of("monetary", value)
        elif path == "deal.day":
            draft.cells["date_deadline"] = cell_of("date", value)
            if value and draft.write.values.get(WON_STAGE):
                draft.cells["date_closed"] = self._home.noon(str(value))
        elif path == WON_STAGE:
            draft.cells["stage_id/.id"] = self._won_stage(draft.write)
        else:
            self._own_currency(draft.write, path, value)

    def _own_currency(self, write: Write, path: str, value: Value) -> None:
        """Nothing to write, and Rejected for an amount that would be one of another currency."""
        if value is not None and value != self._home.currency():
            reason = "is not the currency of the company in Odoo, in which this amount is kept"
            raise self.rejected(write, path, reason, "UNKNOWN_CURRENCY")

    def _won_stage(self, write: Write) -> str:
        """The first stage that is won and open to every team."""
        found = self._lookups.ids_of("crm.stage", "is_won", "true")
        team = self._schema.first("crm.stage", ["team_ids", "team_id"])
        teams = self._lookups.values("crm.stage", team, found) if team else {}
        fitting = [id_ for id_ in found if not teams.get(id_)]
        at = self._lookups.values("crm.stage", "sequence", fitting)
        if not fitting:
            reason = "asks for a stage that is won and open to every team; make one under CRM, Configuration, Stages"
            raise self.rejected(write, WON_STAGE, reason, "UNKNOWN_NAME")
        return min(fitting, key=lambda id_: (int(at[id_] or 0), int(id_)))

    def _cell(self, view: View, draft: Draft, path: str, value: Value) -> None:
        name, _, rest = path.partition(".")
        derived = view.derived.get(path)
        definition = self._schema.field(view.model, name)
        kind = str(definition["type"])
        if (derived and not derived.writeable) or (definition.get("readonly") and name != "company_type"):
            raise self.rejected(draft.write, path, "is computed by Odoo and cannot be written", "READ_ONLY")
        if isinstance(value, Ref):
            column, cell = reference(name, value)
            draft.cells[column] = cell
        elif kind == "many2one":
            draft.cells[f"{name}/.id"] = self._named(draft.write, path, str(definition["relation"]), rest, value)
        elif kind == "datetime" and isinstance(value, str) and len(value) == len("2026-01-31"):
            draft.cells[name] = self._home.noon(value)
        else:
            draft.cells[name] = cell_of(kind, value)

    def _named(self, write: Write, path: str, model: str, field: str, value: Value) -> str:
        """The id behind a name, or the id itself where the path has no second part."""
        if value is None or not field:
            return cell_of("char", value)
        found = self._lookups.ids_of(model, field, str(value))
        if not found:
            raise self.rejected(write, path, f"has a value that is not among Odoo's {model}", "UNKNOWN_NAME")
        return found[0]

    def _pricelist(self, write: Write, currency: str) -> str:
        """The first pricelist in a currency: that is what decides the currency of an order."""
        lists = self._lookups.pricelists(currency)
        if not lists:
            reason = "is a currency that no pricelist in Odoo has; make one under Sales, Products, Pricelists"
            raise self.rejected(write, "currency_id.name", reason, "UNKNOWN_CURRENCY")
        return lists[0]

    def _address(self, draft: Draft, part: str, value: Value) -> None:
        if part == "state_id.code":
            draft.states.append((DELIVERY, cell_of("char", value)))
        elif part == "country_id.code":
            found = self._named(draft.write, f"{DELIVERY}.{part}", "res.country", "code", value)
            draft.delivery["country_id/.id"] = found
        else:
            draft.delivery[part] = cell_of("char", value)

    def place_states(self, draft: Draft, countries: Mapping[str, str | None]) -> ConnectorError | None:
        """Put states in: a code means something in its country only, the one that is sent or the one that is there.

        A new record is not refused for a state that Odoo does not list; a change of one is.
        """
        for side, code in draft.states:
            cells = draft.delivery if side else draft.cells
            country = cells.get("country_id/.id") or countries.get(side)
            found = self._lookups.ids_of("res.country.state", "code", code) if code else []
            there = self._lookups.values("res.country.state", "country_id", found)
            fitting = [id_ for id_ in found if there.get(id_) == country] if country else found
            if code and len(fitting) != 1 and not draft.creates:
                reason = "is a state that Odoo does not list for the country; add it under Contacts, Configuration"
                return self.rejected(draft.write, f"{side + '.' if side else ''}state_id.code", reason, "UNKNOWN_STATE")
            if not code or len(fitting) == 1:
                cells["state_id/.id"] = fitting[0] if fitting else ""
        return None

    def place_names(self, view: View, draft: Draft, current: Mapping[str, str]) -> None:
        """A person's name in one, and how it was put together in fields of ours where the database has them."""
        if not draft.names:
            return
        parts = {path: draft.names.get(path, current.get(path, "")) for path in NAME_PARTS}
        draft.cells["name"] = " ".join(part for part in parts.values() if part)
        known = self._schema.fields(view.model)
        draft.cells |= {own: parts[path] for path, own in NAME_PARTS.items() if own in known}

    def line_cells(self, model: str, line: Line, product: str, shown: str) -> Cells:
        """One line; `product` is the id of its product. A line without text of its own has the product's name.

        The text is always sent: an empty cell would be no text, and a line must have one. So is the discount, which a
        pricelist would else take off the price of the deal once more.
        """
        cells = {"product_id/.id": product, "name": shown, "discount": "0"}
        for path, value in line.items():
            if path != "product_id" and (path != "name" or value):
                cells[path] = cell_of(str(self._schema.field(model, path)["type"]), value)
        return cells

    def product_names(self, products: Sequence[str]) -> Mapping[str, str | None]:
        """What Odoo calls products on a line."""
        return self._lookups.values("product.product", "display_name", products)

    def rejected(self, write: Write, path: str, reason: str, code: str) -> Rejected:
        message = f"{self._connection}: {path} of {write.object} {write.key} {reason}."
        return Rejected(
            message, system=SYSTEM, reason=reason, code=code, field=path, object=write.object, record=write.key
        )


def reference(name: str, ref: Ref) -> tuple[str, str]:
    """Column and cell of a reference, by database id or by our key."""
    if ref.native_id is not None:
        return f"{name}/.id", ref.native_id
    return f"{name}/id", f"{MODULE}.{ref.key}"


def grid(drafts: Sequence[Draft]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of records that have the same columns. Rows after a record's first hold lines only."""
    columns = list(dict.fromkeys(name for draft in drafts for row in draft.rows for name in row))
    return columns, [[row.get(name, "") for name in columns] for draft in drafts for row in draft.rows]


def referenced_keys(write: Write) -> set[str]:
    """Our keys of the records that a write leans on."""
    values = [value for value in write.values.values() if isinstance(value, Ref)]
    lines = [value for value in write.values.values() if isinstance(value, list)]
    values += [item for line in lines for row in line for item in row.values() if isinstance(item, Ref)]
    return {ref.key for ref in values if ref.native_id is None and ref.key}


def sent_values(write: Write) -> frozenset[str]:
    """Every text in a write, to be kept out of messages."""
    lines = [row for value in write.values.values() if isinstance(value, list) for row in value]
    values = [*write.values.values(), *(item for row in lines for item in row.values())]
    return frozenset(value for value in values if isinstance(value, str) and len(value.strip()) > 1)
