"""Child lists of a page of records: order lines, the orders an invoice bills, what a payment or credit settles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from crmerp_assets.connectors.odoo.api import OdooApi, Record
from crmerp_assets.connectors.odoo.lookups import Lookups
from crmerp_assets.connectors.odoo.schema import Schema
from crmerp_assets.connectors.odoo.texts import text_of
from crmerp_assets.connectors.odoo.views import ChildList
from crmerp_assets.connectors.protocol import Row

Listed = dict[str, list[Row]]
PROGRESS = ("product_uom_qty", "qty_delivered", "qty_invoiced")


class Lists:
    """Reads the lists of up to 1,000 parents at once."""

    def __init__(self, api: OdooApi, schema: Schema, lookups: Lookups) -> None:
        self._api, self._schema, self._lookups = api, schema, lookups

    def records(self, child: ChildList, parents: Sequence[str], paths: Sequence[str]) -> dict[str, list[Record]]:
        """The child records themselves by parent, in their order, with what the paths need of them."""
        known = self._schema.fields(child.model)
        wanted = {child.inverse, "write_date", *child.order}
        for path in paths:
            derived = child.derived.get(path)
            wanted |= set(derived.needs) if derived else {path.partition(".")[0]}
        where = [[child.inverse, "in", [int(id_) for id_ in parents]], *[list(term) for term in child.where]]
        found: dict[str, list[Record]] = defaultdict(list)
        for row in self._api.whole(child.model, where, sorted(wanted & set(known))):
            found[str(row[child.inverse][0])].append(row)
        for rows in found.values():
            rows.sort(key=lambda row: tuple(int(row[name]) for name in (*child.order, "id")))
        return found

    def lines(self, child: ChildList, found: Mapping[str, list[Record]], paths: Sequence[str]) -> Listed:
        """The asked paths of child records as text."""
        everything = [row for rows in found.values() for row in rows]
        columns = {path: self._column(child, path, everything) for path in paths}
        return {
            parent: [{path: columns[path][str(row["id"])] for path in paths} for row in rows]
            for parent, rows in found.items()
        }

    def _column(self, child: ChildList, path: str, rows: Sequence[Record]) -> Mapping[str, str | None]:
        if path in child.derived:
            return {str(row["id"]): child.derived[path].read(row) for row in rows}
        name, _, rest = path.partition(".")
        definition = self._schema.field(child.model, name)
        own = {str(row["id"]): text_of(str(definition["type"]), row[name]) for row in rows}
        if not rest:
            return own
        beyond = self._lookups.values(str(definition["relation"]), rest, [value for value in own.values() if value])
        return {id_: beyond.get(value) if value else None for id_, value in own.items()}

    def billed(self, moves: Sequence[str]) -> Listed:
        """Which orders an invoice bills and how much of each, without tax, line by line."""
        where = [["move_id", "in", [int(id_) for id_ in moves]], ["sale_line_ids", "!=", False]]
        items = list(self._api.whole("account.move.line", where, ["move_id", "sale_line_ids", "price_subtotal"]))
        sold = {str(item["sale_line_ids"][0]) for item in items}
        orders = self._lookups.values("sale.order.line", "order_id", sold)
        found: Listed = defaultdict(list)
        for item in items:
            amount = text_of("monetary", item["price_subtotal"])
            row: Row = {"order": orders.get(str(item["sale_line_ids"][0])), "amount": amount}
            found[str(item["move_id"][0])].append(row)
        return found

    def applied(self, moves: Mapping[str, str]) -> Listed:
        """What credits settle: parent -> invoice and amount in the credit's currency. `moves`: parent by its entry.

        What is used up by something else than an invoice, such as money given back, has no invoice.
        """
        where = [["credit_move_id.move_id", "in", [int(move) for move in moves]]]
        names = ["credit_move_id", "debit_move_id", "credit_amount_currency"]
        partials = list(self._api.whole("account.partial.reconcile", where, names))
        items = {str(row[side][0]) for row in partials for side in ("credit_move_id", "debit_move_id")}
        entries = self._lookups.values("account.move.line", "move_id", items)
        kinds = self._lookups.values("account.move", "move_type", [entry for entry in entries.values() if entry])
        found: Listed = defaultdict(list)
        for row in partials:
            parent = moves.get(entries.get(str(row["credit_move_id"][0])) or "")
            entry = entries.get(str(row["debit_move_id"][0])) or ""
            invoice = entry if kinds.get(entry) == "out_invoice" else None
            if parent:
                amount = text_of("monetary", row["credit_amount_currency"])
                found[parent].append({"invoice": invoice, "amount": amount})
        return found
