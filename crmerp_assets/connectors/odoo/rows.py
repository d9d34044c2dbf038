"""Records as rows of the protocol, with everything that comes from other models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from crmerp_assets.connectors import exactjson
from crmerp_assets.connectors.odoo.api import OdooApi, Record
from crmerp_assets.connectors.odoo.deals import Deals
from crmerp_assets.connectors.odoo.home import Home
from crmerp_assets.connectors.odoo.keys import Keys
from crmerp_assets.connectors.odoo.lists import PROGRESS, Listed, Lists
from crmerp_assets.connectors.odoo.lookups import Lookups
from crmerp_assets.connectors.odoo.rates import company_rates
from crmerp_assets.connectors.odoo.schema import Schema
from crmerp_assets.connectors.odoo.selection import APPLIED, ORDERS, RATE, Selection
from crmerp_assets.connectors.odoo.texts import plain, text_of
from crmerp_assets.connectors.odoo.views import DELIVERY, KEY
from crmerp_assets.connectors.protocol import Row


class Rows:
    """Puts rows together for a page of records, one call for each thing that is elsewhere."""

    def __init__(self, api: OdooApi, schema: Schema, lookups: Lookups, keys: Keys, home: Home) -> None:
        self._api, self._schema, self._lookups, self._keys, self._home = api, schema, lookups, keys, home
        self._lists = Lists(api, schema, lookups)
        self._deals = Deals(api, schema, lookups, self._lists)

    def whole(self, selection: Selection, records: Sequence[Record]) -> list[Row]:
        if not records:
            return []
        rows = [_base(selection, record) for record in records]
        by_id = {str(row["_id"]): row for row in rows}
        for path, rest in selection.along.items():
            self._along(selection, path, rest, records, by_id)
        if selection.keyed:
            keys = self._keys.of(selection.view.model, list(by_id))
            for id_, row in by_id.items():
                row[KEY] = keys.get(id_)
        if selection.delivery:
            self._delivery(selection, by_id)
        if selection.rated:
            day = "date" if selection.view.model == "account.payment" else "invoice_date"
            rates = company_rates(self._api, records, day)
            for id_, row in by_id.items():
                row[RATE] = rates.get(id_)
        self._children(selection, records, by_id)
        self._derived(selection, records, by_id)
        for row in rows:
            row["_id"] = f"{selection.view.prefix}{row['_id']}"
        return rows

    def _derived(self, selection: Selection, records: Sequence[Record], rows: Mapping[str, Row]) -> None:
        """What needs more than the record's own fields gets it from what was put on the record."""
        if "_won" in {name for derived in selection.derived.values() for name in derived.needs}:
            self._deals.stages(records)
        for record in records:
            record["_home"] = self._home
            values = {path: derived.read(record) for path, derived in selection.derived.items()}
            rows[str(record["id"])].update(values)

    def _along(
        self, selection: Selection, path: str, rest: str, records: Sequence[Record], rows: Mapping[str, Row]
    ) -> None:
        name = path.partition(".")[0]
        relation = str(self._schema.field(selection.view.model, name)["relation"])
        ids = {str(record["id"]): str(record[name][0]) for record in records if record[name]}
        values = self._lookups.values(relation, rest, ids.values())
        for id_, row in rows.items():
            row[path] = values.get(ids[id_]) if id_ in ids else None

    def _delivery(self, selection: Selection, rows: Mapping[str, Row]) -> None:
        """The first delivery address of each company; addresses are partners themselves."""
        chosen = self.delivery_addresses(list(rows), [part.partition(".")[0] for part in selection.delivery])
        for part in selection.delivery:
            name, _, rest = part.partition(".")
            values = self._part(name, rest, list(chosen.values()))
            for id_, row in rows.items():
                row[f"{DELIVERY}.{part}"] = values.get(str(chosen[id_]["id"])) if id_ in chosen else None
        for id_, address in chosen.items():
            _newer(rows[id_], address)

    def delivery_addresses(self, companies: Sequence[str], fields: Sequence[str]) -> dict[str, Record]:
        where = [["parent_id", "in", [int(id_) for id_ in companies]], ["type", "=", "delivery"], ["active", "=", True]]
        found: dict[str, Record] = {}
        for address in self._api.whole("res.partner", where, [*dict.fromkeys(fields), "parent_id", "write_date"]):
            found.setdefault(str(address["parent_id"][0]), address)
        return found

    def _part(self, name: str, rest: str, addresses: Sequence[Record]) -> Mapping[str, str | None]:
        definition = self._schema.field("res.partner", name)
        own = {str(one["id"]): text_of(str(definition["type"]), one[name]) for one in addresses}
        if not rest:
            return own
        values = self._lookups.values(str(definition["relation"]), rest, [value for value in own.values() if value])
        return {id_: values.get(value) if value else None for id_, value in own.items()}

    def _children(self, selection: Selection, records: Sequence[Record], rows: Mapping[str, Row]) -> None:
        progress = "progress" in selection.derived and "_lines" in selection.derived["progress"].needs
        dating = [name for name, child in selection.view.lists.items() if child.dates]
        names = dict.fromkeys([*selection.lists, *dating])
        for name in names:
            child = selection.view.lists[name]
            paths = selection.lists.get(name, [])
            if child.kind == "lines":
                needed = [*paths, *(PROGRESS if progress else ())]
                found = self._lists.records(child, list(rows), needed)
                listed = self._lists.lines(child, found, paths)
                for record in records:
                    record["_lines"] = found.get(str(record["id"]), [])
                for id_, line in [(id_, line) for id_, lines in found.items() for line in lines if child.dates]:
                    _newer(rows[id_], line)
            elif child.kind == "quoted":
                listed = self._deals.quoted(child, records, paths, lambda id_, record: _newer(rows[id_], record))
            elif child.kind == "billed":
                listed = self._lists.billed(list(rows))
            else:
                listed = self._lists.applied(_entries(selection, records))
            self._put(selection, name, paths, listed, records, rows)

    @staticmethod
    def _put(
        selection: Selection,
        name: str,
        paths: Sequence[str],
        listed: Listed,
        records: Sequence[Record],
        rows: Mapping[str, Row],
    ) -> None:
        for record in records:
            id_ = str(record["id"])
            found = listed.get(id_, [])
            if paths:
                shown = found if name != "applications" else [line for line in found if line["invoice"]]
                rows[id_][name] = exactjson.dumps([{path: line[path] for path in paths} for line in shown])
            if name == "billed" and selection.orders:
                orders = dict.fromkeys(line["order"] for line in found if line["order"])
                rows[id_][ORDERS] = ",".join(str(order) for order in orders) or None
            if name == "applications" and selection.unapplied:
                rows[id_][APPLIED] = _left(record, found)


def _base(selection: Selection, record: Record) -> Row:
    row: Row = {
        "_id": str(record["id"]),
        "_modified": text_of("datetime", record["write_date"]),
        "_modified_by": text_of("many2one", record["write_uid"]),
    }
    for path, kind in selection.own.items():
        row[path] = text_of(kind, record[path])
    return row


def _newer(row: Row, child: Record) -> None:
    """A record is as new as the newest of what it is made of."""
    moment = text_of("datetime", child["write_date"])
    if moment and moment > (row["_modified"] or ""):
        row["_modified"] = moment


def _entries(selection: Selection, records: Sequence[Record]) -> dict[str, str]:
    """Parent id by the id of its journal entry."""
    if selection.view.model != "account.payment":
        return {str(record["id"]): str(record["id"]) for record in records}
    return {str(record["move_id"][0]): str(record["id"]) for record in records if record["move_id"]}


def _left(record: Record, applied: Sequence[Row]) -> str:
    whole = Decimal(str(record["amount"] if "amount" in record else record["amount_total"]))
    return plain(format(whole - sum(Decimal(str(line["amount"])) for line in applied), "f"))
