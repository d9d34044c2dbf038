"""What makes a deal of an opportunity: whether it is won, when, and what was sold in it.

An opportunity has no lines; its quotations and orders do, which name it (the app Sales with CRM). What counts of them:

* the confirmed ones, all of them: each was sold;
* where none is confirmed, the only one that is open;
* none where it is not clear what was sold: several are open and none is confirmed, confirmed ones are in different
  currencies, or a line is in another unit than its product, whose quantity would mean something else in an ERP.

A deal of which none counts has no lines and waits, so that a person decides in Odoo.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from crmerp_assets.connectors.odoo.api import OdooApi, Record
from crmerp_assets.connectors.odoo.lists import Listed, Lists
from crmerp_assets.connectors.odoo.lookups import Lookups
from crmerp_assets.connectors.odoo.schema import Schema
from crmerp_assets.connectors.odoo.views import CONFIRMED, QUOTES, ChildList

_ORDER = ("opportunity_id", "state", "currency_id", "amount_untaxed", "write_date")
_UNITS = ("product_uom_id", "product_uom")
Touched = Callable[[str, Record], None]
"""Told that a record is as new as a record that belongs to it."""


class Deals:
    """Puts on opportunities what is elsewhere: `_quoted`, the orders that count, and `_won`."""

    def __init__(self, api: OdooApi, schema: Schema, lookups: Lookups, lists: Lists) -> None:
        self._api, self._schema, self._lookups, self._lists = api, schema, lookups, lists

    def stages(self, leads: Sequence[Record]) -> None:
        """Whether each opportunity is in a stage that is won. Asked each time: a stage may become one."""
        ids = {str(lead["id"]): str(lead["stage_id"][0]) for lead in leads if lead["stage_id"]}
        won = self._lookups.values("crm.stage", "is_won", ids.values())
        for lead in leads:
            lead["_won"] = won.get(ids.get(str(lead["id"]), "")) == "true"

    def quoted(self, child: ChildList, leads: Sequence[Record], paths: Sequence[str], touched: Touched) -> Listed:
        """The lines by opportunity, those of the first order first."""
        orders = self._orders(leads)
        counted = {lead: counting(found) for lead, found in orders.items()}
        lines = self._lines(child, [order for found in counted.values() for order in found], paths)
        for id_, found in orders.items():
            for record in [*found, *(line for order in counted[id_] for line in lines.get(str(order["id"]), []))]:
                touched(id_, record)
        odd = self._in_other_units(lines)
        for lead in leads:
            sold = counted.get(str(lead["id"]), [])
            lead["_quoted"] = [] if any(str(order["id"]) in odd for order in sold) else sold
        shown = {
            str(lead["id"]): [line for order in lead["_quoted"] for line in lines.get(str(order["id"]), [])]
            for lead in leads
        }
        return self._lists.lines(child, shown, paths)

    def _orders(self, leads: Sequence[Record]) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = defaultdict(list)
        where = [["opportunity_id", "in", [int(lead["id"]) for lead in leads]]]
        for order in self._api.whole("sale.order", where, list(_ORDER)):
            found[str(order["opportunity_id"][0])].append(order)
        return found

    def _lines(self, child: ChildList, orders: Sequence[Record], paths: Sequence[str]) -> dict[str, list[Record]]:
        if not orders:
            return {}
        unit = self._schema.first(child.model, _UNITS)
        needed = [*paths, "product_id", *([unit] if unit else [])]
        return self._lists.records(child, [str(order["id"]) for order in orders], needed)

    def _in_other_units(self, lines: Mapping[str, Sequence[Record]]) -> set[str]:
        """The orders with a line in another unit than that of its product."""
        every = [(order, line) for order, found in lines.items() for line in found if line["product_id"]]
        if not every:
            return set()
        products = {str(line["product_id"][0]) for _, line in every}
        own = self._lookups.values("product.product", "uom_id", products)
        return {order for order, line in every if _unit(line) not in (None, own.get(str(line["product_id"][0])))}


def counting(orders: Sequence[Record]) -> list[Record]:
    """The orders that say what was sold, in the order in which they were made."""
    confirmed = [order for order in orders if order["state"] in CONFIRMED]
    open_ = [order for order in orders if order["state"] in QUOTES]
    if confirmed:
        return confirmed if len({str(order["currency_id"]) for order in confirmed}) == 1 else []
    return open_ if len(open_) == 1 else []


def _unit(line: Record) -> str | None:
    unit = next((line[name] for name in _UNITS if line.get(name)), None)
    return str(unit[0]) if unit else None
