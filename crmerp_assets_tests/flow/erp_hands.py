"""How accountants do in each ERP what the fault matrix asks of them, and what each ERP holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pair_hands import GONE, PERSONS, PRICE, SKUS, ErpHand, odoo_records, plain

from crmerp_assets.sandbox.company.erp.netsuite_seed import CURRENCY_IDS
from crmerp_assets.sandbox.company.erp.tryton_person import money, on
from crmerp_assets.sandbox.company.roles import Unable

NO_PERSONS = "Tryton has no persons that belong to a company."


@dataclass
class OdooHand:
    """Of an accountant in Odoo."""

    accountant: Any

    def make_customer(self, name: str, phone: str) -> None:
        self.accountant.person.create(
            "res.partner", {"name": name, "is_company": True, "customer_rank": 1, "phone": phone}
        )

    def make_product(self, name: str) -> None:
        values = {"name": name, "default_code": name.replace(" ", "-").upper(), "list_price": float(PRICE)}
        self.accountant.person.create("product.product", values)

    def make_contact(self, customer: str, name: str) -> None:
        email = f"{name.lower()}@{name.lower()}.example"
        values = {"name": f"Ann {name}", "parent_id": int(customer), "email": email}
        self.accountant.person.create("res.partner", values)

    def move_contact(self, contact: str, customer: str) -> None:
        self.accountant.person.change("res.partner", contact, {"parent_id": int(customer)})

    def enter_order(self, customer: str, name: str, quantity: int) -> None:
        person = self.accountant.person
        (product,) = person.rows("product.product", [["default_code", "=", SKUS[0]]], "name")
        line = {"product_id": product["id"], "product_uom_qty": quantity, "price_unit": float(PRICE)}
        values = {"partner_id": int(customer), "origin": name, "order_line": [[0, 0, line]]}
        order = person.create("sale.order", values)
        person.run("sale.order", "action_confirm", ids=[int(order)])

    def not_begun(self) -> None: ...

    def records(self, entity: str) -> list[dict[str, Any]]:
        person = self.accountant.person
        if entity != "order":
            model, domain, shown = _ODOO[entity]
            return odoo_records(person, model, domain, shown)
        shown = {"origin": "origin", "state": "state", "amount_untaxed": "total", "date_order": "day"}
        rows = odoo_records(person, "sale.order", [], {**shown, "name": "number"})
        lines: dict[str, list[str]] = {}
        for line in person.rows(
            "sale.order.line", [["product_uom_qty", ">", 0]], "order_id", "product_uom_qty", "price_unit"
        ):
            sold = f"{plain(line['product_uom_qty'])} x {plain(line['price_unit'])}"
            lines.setdefault(str(line["order_id"][0]), []).append(sold)
        return [
            row
            | {
                "name": row["origin"],
                "lines": sorted(lines.get(row["id"], [])),
                "total": Decimal(str(row["total"] or 0)),
            }
            | {
                "state": "cancelled"
                if row["state"] == "cancel"
                else "ordered"
                if row["state"] == "sale"
                else row["state"]
            }
            for row in rows
        ]


_ODOO: Mapping[str, tuple[str, list[Any], Mapping[str, str]]] = {
    "customer": ("res.partner", [["is_company", "=", True]], {"phone": "phone", "ref": "number"}),
    "contact": PERSONS,
    "product": ("product.product", [], {"default_code": "sku"}),
}


@dataclass
class TrytonHand:
    """Of an accountant in Tryton; `server` is the one behind the proxy."""

    accountant: Any
    server: Any

    def make_customer(self, name: str, phone: str) -> None:
        reached = [["create", [{"type": "phone", "value": phone}]]]
        values = {"name": name, "customer_currency": self._named("currency.currency", "code")["USD"]}
        self.accountant.person.make("party.party", [values | {"contact_mechanisms": reached}])

    def make_product(self, name: str) -> None:
        unit = self._named("product.uom")["Unit"]
        values = {"name": name, "type": "service", "default_uom": unit, "sale_uom": unit, "salable": True}
        values |= {"list_price": money(PRICE), "account_category": self._named("product.category")["Services"]}
        code = name.replace(" ", "-").upper()
        self.accountant.person.make("product.template", [values | {"products": [["create", [{"suffix_code": code}]]]}])

    def make_contact(self, customer: str, name: str) -> None:
        raise Unable(NO_PERSONS)

    def move_contact(self, contact: str, customer: str) -> None:
        raise Unable(NO_PERSONS)

    def enter_order(self, customer: str, name: str, quantity: int) -> None:
        person = self.accountant.person
        (product,) = person.rows("product.product", [["code", "=", SKUS[0]]], "default_uom")
        (address,) = person.rows("party.address", [["party", "=", int(customer)]], "id")
        line = {"type": "line", "product": product["id"], "unit": product["default_uom"], "quantity": quantity}
        values = {"party": int(customer), "description": name, "sale_date": on(date.today())}
        values |= {"invoice_address": address["id"], "shipment_address": address["id"]}
        values |= {"currency": self._named("currency.currency", "code")["USD"]}
        (sale,) = person.make("sale.sale", [values | {"lines": [["create", [line | {"unit_price": money(PRICE)}]]]}])
        self.accountant.approve(str(sale))

    def _named(self, model: str, field: str = "name") -> dict[str, int]:
        return {row[field]: row["id"] for row in self.accountant.person.rows(model, [], field)}

    def not_begun(self) -> None:
        """Tryton processes a sale as soon as it is confirmed; as a worker has not come to it yet, and stamped now."""
        stamp = "strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'"
        self.server.sql(f"UPDATE sale_sale SET state = 'confirmed', write_date = {stamp} WHERE state = 'processing'")

    def records(self, entity: str) -> list[dict[str, Any]]:
        return self._parties() if entity == "customer" else self._sales()

    def _parties(self) -> list[dict[str, Any]]:
        person = self.accountant.person
        phones = {
            row["party"]: row["value"]
            for row in person.rows("party.contact_mechanism", [["type", "=", "phone"]], "party", "value")
        }
        rows = person.rows("party.party", [["active", "in", [True, False]]], "name", "code")
        keys = {id_: key for key, id_ in self.accountant.keyed_customers().items()}
        return [
            {"id": str(row["id"]), "name": row["name"], "key": keys.get(str(row["id"]))}
            | {"number": row["code"], "phone": phones.get(row["id"])}
            for row in rows
        ]

    def _sales(self) -> list[dict[str, Any]]:
        person = self.accountant.person
        names = ("description", "reference", "number", "state", "untaxed_amount")
        lines: dict[int, list[str]] = {}
        for line in person.rows("sale.line", [["type", "=", "line"]], "sale", "quantity", "unit_price"):
            price = line["unit_price"]["decimal"]
            lines.setdefault(line["sale"], []).append(f"{plain(line['quantity'])} x {plain(price)}")
        done = {"confirmed": "ordered", "processing": "ordered"}
        return [
            {"id": str(row["id"]), "name": row["description"], "key": row["reference"], "number": row["number"]}
            | {"state": done.get(row["state"], row["state"]), "lines": sorted(lines.get(row["id"], []))}
            | {"total": Decimal(row["untaxed_amount"]["decimal"])}
            for row in person.rows("sale.sale", [], *names)
        ]


@dataclass
class NetSuiteHand:
    """Of an accountant in NetSuite."""

    accountant: Any

    def make_customer(self, name: str, phone: str) -> None:
        values = {"companyName": name, "phone": phone, "isPerson": False, "currency": {"id": CURRENCY_IDS["USD"]}}
        self.accountant.person.create("customer", values | _SUBSIDIARY)

    def make_product(self, name: str) -> None:
        values = {"itemId": name.replace(" ", "-").upper(), "displayName": name}
        self.accountant.person.create("nonInventorySaleItem", values)

    def make_contact(self, customer: str, name: str) -> None:
        values = {"firstName": "Ann", "lastName": name, "email": f"{name.lower()}@{name.lower()}.example"}
        self.accountant.person.create("contact", values | _SUBSIDIARY | {"company": {"id": customer}})

    def move_contact(self, contact: str, customer: str) -> None:
        self.accountant.person.change("contact", contact, {"company": {"id": customer}})

    def enter_order(self, customer: str, name: str, quantity: int) -> None:
        person = self.accountant.person
        (item,) = person.query("SELECT id FROM item WHERE itemid = ?", SKUS[0])
        line = {"item": {"id": item["id"]}, "quantity": quantity, "rate": float(PRICE)}
        person.create("salesOrder", {"entity": {"id": customer}, "memo": name, "item": {"items": [line]}})

    def not_begun(self) -> None: ...

    def records(self, entity: str) -> list[dict[str, Any]]:
        person = self.accountant.person
        asked, kind = _NETSUITE[entity]
        gone = person.query("SELECT recordid AS id FROM deletedrecord WHERE type = ?", kind)
        rows = [*person.query(asked), *({"id": row["id"], "name": GONE} for row in gone)]
        found = [{"key": None} | row for row in rows]
        return self._with_lines(found) if entity == "order" else found

    def _with_lines(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        lines: dict[str, list[str]] = {}
        for line in self.accountant.person.query(_NETSUITE_LINES):
            sold = f"{plain(line['quantity']).lstrip('-')} x {plain(line['rate'])}"
            lines.setdefault(line["transaction"], []).append(sold)
        states = {"A": "ordered", "B": "ordered", "C": "cancelled"}
        return [
            row
            | {"state": states.get(row.get("status", ""), row.get("status")), "lines": sorted(lines.get(row["id"], []))}
            | {"total": Decimal(row.get("total") or 0) - Decimal(row.get("tax") or 0)}
            for row in rows
        ]


_SUBSIDIARY = {"subsidiary": {"id": "1"}}
_NETSUITE: Mapping[str, tuple[str, str]] = {
    "customer": (
        "SELECT id, externalid AS key, companyname AS name, phone, entityid AS number FROM customer",
        "customer",
    ),
    "contact": (
        "SELECT id, externalid AS key, firstname || ' ' || lastname AS name, company AS customer FROM contact",
        "contact",
    ),
    "product": (
        "SELECT id, externalid AS key, displayname AS name, itemid AS sku FROM item",
        "nonInventorySaleItem",
    ),
    "order": (
        "SELECT id, externalid AS key, memo AS name, tranid AS number, status, foreigntotal AS total, taxtotal AS tax "
        "FROM transaction WHERE type = 'SalesOrd'",
        "salesOrder",
    ),
}
_NETSUITE_LINES = """SELECT transaction, quantity, rate FROM transactionline
    WHERE mainline = 'F' AND taxline = 'F' AND item IS NOT NULL"""


def erp_hand(name: str, accountant: Any, server: Any) -> ErpHand:
    """The hand of an accountant in the ERP of this name, whose server it is."""
    if name == "tryton":
        return TrytonHand(accountant, server)
    return NetSuiteHand(accountant) if name == "netsuite" else OdooHand(accountant)
