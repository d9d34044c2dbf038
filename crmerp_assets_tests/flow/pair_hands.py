"""What the fault matrix needs of the people in a CRM and in an ERP beyond what the business day asks of them, and what
each system holds of what was written, in the words of all.

`Found` is by name: each record of that name, with our key and what is compared. Records that were thrown away are
among them, so that a double that somebody tidied up is one all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol, TypeAlias

from crmerp_assets.sandbox.company.crm.hubspot_person import CONTACT_OF, DEAL_OF

Found: TypeAlias = dict[str, list[dict[str, Any]]]
SKUS = ("RT-100", "SW-08")
PRICE = Decimal("10.25")
GONE = "thrown away"
"""The name of what somebody deleted."""


class CrmHand(Protocol):
    """A seller's further doings, and what the CRM shows."""

    def requantify(self, deal: str, quantity: int) -> None:
        """Another quantity in the first line of a deal that was won with two of PRICE."""

    def reopen(self, deal: str) -> None:
        """The deal is won no more."""

    def records(self, entity: str) -> list[dict[str, Any]]:
        """name, id, key and what is shown of each record of an entity, in the words of SHOWN."""


class ErpHand(Protocol):
    """An accountant's further doings, and what the ERP holds."""

    def make_customer(self, name: str, phone: str) -> None: ...

    def make_product(self, name: str) -> None: ...

    def make_contact(self, customer: str, name: str) -> None:
        """A person of that family name."""

    def move_contact(self, contact: str, customer: str) -> None: ...

    def enter_order(self, customer: str, name: str, quantity: int) -> None:
        """An order by telephone over one line at PRICE, confirmed."""

    def not_begun(self) -> None:
        """Nobody has begun to work on any order."""

    def records(self, entity: str) -> list[dict[str, Any]]:
        """As in the CRM; of orders their state, number and lines as `quantity x price`."""


def digits(phone: object) -> str:
    """The last ten digits of a phone number, however it is written."""
    return "".join(sign for sign in str(phone or "") if sign.isdigit())[-10:]


def plain(amount: object) -> str:
    """An amount without the zeros that a system puts behind it."""
    return f"{Decimal(str(amount)).normalize():f}"


@dataclass
class HubSpotHand:
    """Of a seller in HubSpot."""

    seller: Any

    def requantify(self, deal: str, quantity: int) -> None:
        person = self.seller.person
        lines = person.some("line_items", person.linked("deals", "line_items", [deal])[deal], "hs_position_on_quote")
        first, second = sorted(lines, key=lambda line: int(lines[line]["hs_position_on_quote"]))
        person.change("line_items", first, {"quantity": str(quantity)})
        held = person.some("line_items", [second], "quantity")[second]
        person.change("deals", deal, {"amount": str(PRICE * (quantity + int(float(held["quantity"]))))})

    def reopen(self, deal: str) -> None:
        self.seller.person.change("deals", deal, {"dealstage": "contractsent"})

    def records(self, entity: str) -> list[dict[str, Any]]:
        object, name, shown = _HUBSPOT[entity]
        rows = list(self.seller.person.all(object, "crmerp_id", name, *shown))
        answer = self.seller.person.call("GET", f"/crm/v3/objects/{object}", archived="true", limit="100").json()
        gone = [{"hs_object_id": one["id"], name: GONE} for one in answer["results"]]
        found = [{"id": row["hs_object_id"], "name": row[name], "key": row.get("crmerp_id")} for row in [*rows, *gone]]
        more = [{word: row.get(field) for field, word in shown.items()} for row in [*rows, *gone]]
        told = [one | extra for one, extra in zip(found, more, strict=True)]
        return self._linked(entity, told) if object in _HUBSPOT_LINKS else told

    def _linked(self, entity: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        object, ids = _HUBSPOT[entity][0], [row["id"] for row in rows if row["name"] != GONE]
        companies = self._primary(object, ids)
        lines = self.seller.person.linked(object, "line_items", ids) if object == "deals" else {}
        held = self.seller.person.some(
            "line_items", [one for some in lines.values() for one in some], "quantity", "price"
        )
        for row in rows:
            row["customer"] = companies.get(row["id"])
            sold = [held[line] for line in lines.get(row["id"], [])]
            row["lines"] = sorted(f"{plain(line['quantity'])} x {plain(line['price'])}" for line in sold)
        return rows

    def _primary(self, object: str, ids: list[str]) -> dict[str, str]:
        """The company that counts; the ones before it stay linked."""
        body = {"inputs": [{"id": id_} for id_ in ids]}
        path = f"/crm/v4/associations/{object}/companies/batch/read"
        return {
            str(row["from"]["id"]): str(to["toObjectId"])
            for row in (self.seller.person.call("POST", path, body).json()["results"] if ids else ())
            for to in row["to"]
            if any(kind["typeId"] == _HUBSPOT_LINKS[object] for kind in to["associationTypes"])
        }


_HUBSPOT: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "customer": ("companies", "name", {"phone": "phone", "erp_customer_number": "number"}),
    "contact": ("contacts", "lastname", {}),
    "product": ("products", "name", {"hs_sku": "sku"}),
    "order": ("deals", "dealname", {"erp_order_number": "number", "erp_invoice_status": "invoice"}),
}
_HUBSPOT_LINKS = {"contacts": CONTACT_OF, "deals": DEAL_OF}


@dataclass
class OdooCrmHand:
    """Of a seller in Odoo."""

    seller: Any

    def requantify(self, deal: str, quantity: int) -> None:
        person = self.seller.person
        first, _ = person.rows("sale.order.line", [["order_id.opportunity_id", "=", int(deal)]], "sequence")
        person.change("sale.order.line", str(first["id"]), {"product_uom_qty": quantity})
        # A line leaves no stamp on its opportunity: the seller says there what it is worth now.
        person.change("crm.lead", deal, {"expected_revenue": float(PRICE * quantity)})

    def reopen(self, deal: str) -> None:
        person = self.seller.person
        person.change("crm.lead", deal, {"stage_id": person.named("crm.stage")["Proposition"], "probability": 40})

    def records(self, entity: str) -> list[dict[str, Any]]:
        model, domain, shown = _ODOO_CRM[entity]
        return odoo_records(self.seller.person, model, domain, shown)


_ODOO_CRM: Mapping[str, tuple[str, list[Any], Mapping[str, str]]] = {
    "customer": ("res.partner", [["is_company", "=", True]], {"phone": "phone", "x_erp_customer_number": "number"}),
    "contact": ("res.partner", [["is_company", "=", False], ["type", "=", "contact"]], {"parent_id": "customer"}),
    "product": ("product.product", [], {"default_code": "sku"}),
    "order": (
        "crm.lead",
        [],
        {"x_erp_order_number": "number", "x_erp_invoice_status": "invoice", "partner_id": "customer"},
    ),
}


def odoo_records(person: Any, model: str, domain: list[Any], shown: Mapping[str, str]) -> list[dict[str, Any]]:
    """Records in use and archived ones, by the field `name`, with our key."""
    mine = [["model", "=", model], ["module", "=", "__crmerp__"]]
    keys = {row["res_id"]: row["name"] for row in person.rows("ir.model.data", mine, "res_id", "name")}
    archived = ["|", ["active", "=", True], ["active", "=", False]] if model != "sale.order" else []
    rows = person.rows(model, [*archived, *domain], "name", *shown)
    return [
        {"id": str(row["id"]), "name": row["name"], "key": keys.get(row["id"])}
        | {word: _said(row[field]) for field, word in shown.items()}
        for row in rows
    ]


def _said(value: Any) -> Any:
    """A reference as its id, nothing as None."""
    return str(value[0]) if isinstance(value, list) and value else value or None


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
    "contact": _ODOO_CRM["contact"],
    "product": ("product.product", [], {"default_code": "sku"}),
}


@dataclass
class TrytonHand:
    """Of an accountant in Tryton; `server` is the one behind the proxy."""

    accountant: Any
    server: Any

    def make_customer(self, name: str, phone: str) -> None:
        raise NotImplementedError

    def make_product(self, name: str) -> None:
        raise NotImplementedError

    def make_contact(self, customer: str, name: str) -> None:
        raise NotImplementedError

    def move_contact(self, contact: str, customer: str) -> None:
        raise NotImplementedError

    def enter_order(self, customer: str, name: str, quantity: int) -> None:
        raise NotImplementedError

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
            {"id": str(row["id"]), "name": row["name"], "key": keys.get(str(row["id"])), "phone": phones.get(row["id"])}
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
