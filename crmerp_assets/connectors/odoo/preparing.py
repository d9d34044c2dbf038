"""What must be read before writes can be sent, in bulk: so that once sending starts only the writes can fail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import copy

from crmerp_assets.connectors.errors import AuthFailed, ConfigError, ConnectorError, Dependent, QuotaSpent
from crmerp_assets.connectors.odoo.answers import SYSTEM
from crmerp_assets.connectors.odoo.api import MODULE, OdooApi, Record
from crmerp_assets.connectors.odoo.derived import contact_name
from crmerp_assets.connectors.odoo.drafts import Cells, Draft, Drafts
from crmerp_assets.connectors.odoo.keys import Keys
from crmerp_assets.connectors.odoo.ordering import matched
from crmerp_assets.connectors.odoo.rows import Rows
from crmerp_assets.connectors.odoo.schema import Schema
from crmerp_assets.connectors.odoo.views import View
from crmerp_assets.connectors.protocol import Ref, Value, Write

_KEY = re.compile(r"[A-Za-z0-9_-]+")
LINES = "order_line"
COPIED = ("product_id", "name", "sequence", "price_unit", "product_uom_qty")


class Preparer:
    """Prepares the writes of one push; what cannot be sent comes back as an error for its write."""

    def __init__(self, connection: str, api: OdooApi, schema: Schema, keys: Keys, rows: Rows, drafts: Drafts) -> None:
        self._connection, self._api, self._schema = connection, api, schema
        self._keys, self._rows, self._drafts = keys, rows, drafts

    def prepare(self, view: View, writes: Sequence[Write]) -> list[Draft | ConnectorError]:
        found = [self._checked(write) or self._drafts.draft(view, write) for write in writes]
        drafts = [one for one in found if isinstance(one, Draft)]
        errors: dict[str, ConnectorError] = {}
        self._places(view, drafts, errors)
        self._persons(view, drafts)
        self._columns(drafts)
        if view.delivery:
            self._addresses(drafts)
        self._lines(view, drafts, errors)
        return [errors.get(one.write.id, one) if isinstance(one, Draft) else one for one in found]

    def _checked(self, write: Write) -> ConnectorError | None:
        if not _KEY.fullmatch(write.key):
            reason = "is a key with other signs than letters, digits, _ and -"
            return self._drafts.rejected(write, write.key_field, reason, "BAD_KEY")
        if write.operation == "update" and not (write.native_id or "").isdigit():
            return self._drafts.rejected(write, "id", "is missing: an update needs the id of its record", "NO_ID")
        return None

    def _places(self, view: View, drafts: Sequence[Draft], errors: dict[str, ConnectorError]) -> None:
        """The countries that changed states lie in, of records that keep their country."""
        stateful = [draft for draft in drafts if draft.states]
        asked = [draft.write.native_id or "" for draft in stateful if not draft.creates]
        own = {str(row["id"]): row for row in self._api.some(view.model, asked, ["country_id"])} if asked else {}
        sent = self._rows.delivery_addresses(asked, ["country_id"]) if asked and view.delivery else {}
        for draft in stateful:
            id_ = draft.write.native_id or ""
            error = self._drafts.place_states(draft, {"": _country(own.get(id_)), "delivery": _country(sent.get(id_))})
            if error is not None:
                errors[draft.write.id] = error

    def _persons(self, view: View, drafts: Sequence[Draft]) -> None:
        """The other half of a name of which only one changes."""
        named = [draft for draft in drafts if draft.names]
        half = [draft.write.native_id or "" for draft in named if not draft.creates and len(draft.names) < 2]
        known = self._schema.fields(view.model) if half else {}
        fields = [name for name in ("name", "x_first_name", "x_last_name") if name in known]
        rows = {str(row["id"]): row for row in self._api.some(view.model, half, fields)} if half else {}
        for draft in named:
            row = rows.get(draft.write.native_id or "")
            first, last = contact_name(row) if row else (None, None)
            self._drafts.place_names(view, draft, {"name.first": first or "", "name.last": last or ""})

    def _columns(self, drafts: Sequence[Draft]) -> None:
        for draft in drafts:
            who = {"id": f"{MODULE}.{draft.write.key}"} if draft.creates else {".id": draft.write.native_id or ""}
            draft.rows = [who | draft.cells]

    def _addresses(self, drafts: Sequence[Draft]) -> None:
        """The delivery address is a child: the one that is there, or a new one under a key that follows from ours."""
        changed = [draft for draft in drafts if draft.delivery]
        parents = [draft.write.native_id or "" for draft in changed if not draft.creates]
        there = self._rows.delivery_addresses(parents, ["id"]) if parents else {}
        for draft in changed:
            address = there.get(draft.write.native_id or "")
            new = {"id": f"{MODULE}.{draft.write.key}_delivery", "type": "delivery"}
            cells = ({".id": str(address["id"])} if address else new) | draft.delivery
            draft.rows[0] |= {f"child_ids/{name}": cell for name, cell in cells.items()}

    def _lines(self, view: View, drafts: Sequence[Draft], errors: dict[str, ConnectorError]) -> None:
        changed = [draft for draft in drafts if draft.lines is not None]
        if not changed:
            return
        model = view.lists[LINES].model
        products = self._products(changed)
        there = self._existing_lines(view, changed, errors)
        known = {ref.native_id or products.get(ref.key or "") for draft in changed for ref in _refs(draft)}
        names = self._drafts.product_names([id_ for id_ in known if id_])
        for draft in [draft for draft in changed if draft.write.id not in errors]:
            lacking = [ref.key for ref in _refs(draft) if ref.native_id is None and ref.key not in products]
            if lacking:
                errors[draft.write.id] = self._waits(draft.write)
                continue
            cells = [
                self._drafts.line_cells(model, line, product, names.get(product) or "/")
                for line in draft.lines or []
                for product in [_product(line.get("product_id"), products)]
            ]
            _put_lines(draft, matched(draft.write.key, cells, there.get(draft.write.id, [])))

    def _waits(self, write: Write) -> Dependent:
        message = f"{self._connection}: {write.object} {write.key} waits for a product; it is tried again."
        return Dependent(message, system=SYSTEM, object=write.object, record=write.key)

    def _products(self, drafts: Sequence[Draft]) -> dict[str, str]:
        keys = {ref.key for draft in drafts for ref in _refs(draft) if ref.native_id is None and ref.key}
        return self._keys.find("product.product", sorted(keys)) if keys else {}

    def _existing_lines(
        self, view: View, drafts: Sequence[Draft], errors: dict[str, ConnectorError]
    ) -> dict[str, list[Record]]:
        """The lines that an order has, by write id. An order that was made before is looked up by its key."""
        made = self._keys.find(view.model, [draft.write.key for draft in drafts if draft.creates])
        orders = {
            draft.write.id: id_
            for draft in drafts
            if (id_ := made.get(draft.write.key) if draft.creates else draft.write.native_id)
        }
        if not orders:
            return {}
        model, ids = view.lists[LINES].model, [int(id_) for id_ in orders.values()]
        where = [["order_id", "in", ids], ["display_type", "=", False]]
        lines = list(self._api.whole(model, where, ["order_id", *COPIED]))
        keys = self._keys.of(model, [str(line["id"]) for line in lines]) if lines else {}
        for draft in drafts:
            if id_ := orders.get(draft.write.id):
                self._give_keys(model, draft, [one for one in lines if str(one["order_id"][0]) == id_], keys, errors)
        lines = [line for line in lines if str(line["id"]) in keys]
        found: dict[str, list[Record]] = {}
        for line in sorted(lines, key=lambda line: (int(line["sequence"]), int(line["id"]))):
            found.setdefault(str(line["order_id"][0]), []).append({**line, "key": keys[str(line["id"])]})
        return {write: found.get(id_, []) for write, id_ in orders.items()}

    def _give_keys(
        self,
        model: str,
        draft: Draft,
        lines: Sequence[Record],
        keys: dict[str, str],
        errors: dict[str, ConnectorError],
    ) -> None:
        """Lines that people added to an order get a key as well: an import names all of an order's lines in one way.

        Nothing of the write itself was sent where this fails; it fails with that error, and the others go on.
        """
        new = {
            f"{draft.write.key}_added_{line['id']}": str(line["id"]) for line in lines if str(line["id"]) not in keys
        }
        if not new:
            return
        try:
            self._keys.link(model, new)
        except (AuthFailed, QuotaSpent, ConfigError):
            raise
        except ConnectorError as failure:
            errors[draft.write.id] = self._said(draft.write, failure)
            return
        keys |= {id_: key for key, id_ in new.items()}

    @staticmethod
    def _said(write: Write, failure: ConnectorError) -> ConnectorError:
        error = copy(failure)
        error.object, error.record = write.object, write.key
        return error


def _put_lines(draft: Draft, lines: Sequence[Cells]) -> None:
    for number, cells in enumerate(lines):
        row = {f"{LINES}/{name}": cell for name, cell in cells.items()}
        if number == 0:
            draft.rows[0] |= row
        else:
            draft.rows.append(row)


def _refs(draft: Draft) -> list[Ref]:
    return [value for line in draft.lines or [] if isinstance(value := line.get("product_id"), Ref)]


def _product(value: Value, products: dict[str, str]) -> str:
    if isinstance(value, Ref):
        return value.native_id or products[value.key or ""]
    return str(value) if value else ""


def _country(row: Record | None) -> str | None:
    return str(row["country_id"][0]) if row and row["country_id"] else None
