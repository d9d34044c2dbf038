"""How sellers do in each CRM what the fault matrix asks of them, and what each CRM shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pair_hands import GONE, PERSONS, PRICE, CrmHand, odoo_records, plain

from crmerp_assets.sandbox.company.crm.hubspot_person import CONTACT_OF, DEAL_OF
from crmerp_assets.sandbox.company.roles import Unable
from crmerp_assets.sandbox.company.salesforce import ROOT, quoted

NO_MIRRORS = "Only HubSpot shows the documents of the ERP as records of its own."


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

    def misplace(self, order: str, account: str) -> None:
        """An association alone leaves no stamp, so that the order's stage changes as well."""
        person = self.seller.person
        path, kind = "/crm/v4/associations/orders/companies/batch", _HUBSPOT_LINKS["orders"]
        for company in person.linked("orders", "companies", [order])[order]:
            person.call("POST", f"{path}/archive", {"inputs": [{"from": {"id": order}, "to": [{"id": company}]}]})
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}]
        person.call(
            "POST", f"{path}/create", {"inputs": [{"from": {"id": order}, "to": {"id": account}, "types": types}]}
        )
        person.change("orders", order, {"hs_pipeline_stage": "processed"})

    def records(self, entity: str) -> list[dict[str, Any]]:
        object, name, shown = _HUBSPOT[entity]
        rows = list(self.seller.person.all(object, "crmerp_id", name, *shown))
        answer = self.seller.person.call("GET", f"/crm/v3/objects/{object}", archived="true", limit="100").json()
        gone = [{"hs_object_id": one["id"], name: GONE} for one in answer["results"]]
        found = [{"id": row["hs_object_id"], "name": row[name], "key": row.get("crmerp_id")} for row in [*rows, *gone]]
        more = [{word: row.get(field) for field, word in shown.items()} for row in [*rows, *gone]]
        told = [one | extra for one, extra in zip(found, more, strict=True)]
        linked = self._linked(entity, told) if object in _HUBSPOT_LINKS else told
        return self._documents(object, linked) if object in _HUBSPOT_DOCUMENTS else linked

    def _linked(self, entity: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        object, ids = _HUBSPOT[entity][0], [row["id"] for row in rows if row["name"] != GONE]
        companies = self._one(object, "companies", _HUBSPOT_LINKS[object], ids)
        lines = self.seller.person.linked(object, "line_items", ids) if object == "deals" else {}
        held = self.seller.person.some(
            "line_items", [one for some in lines.values() for one in some], "quantity", "price"
        )
        for row in rows:
            row["customer"] = companies.get(row["id"])
            sold = [held[line] for line in lines.get(row["id"], [])]
            row["lines"] = sorted(f"{plain(line['quantity'])} x {plain(line['price'])}" for line in sold)
        return rows

    def _documents(self, object: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Each with its deal, amounts without zeros; an invoice, which has no name, by that of its deal."""
        ids = [row["id"] for row in rows if row["name"] != GONE]
        deals = self._one(object, "deals", _HUBSPOT_DOCUMENTS[object], ids)
        named = self.seller.person.some("deals", set(deals.values()), "dealname")
        for row in rows:
            row |= {word: plain(row[word]) for word in ("total", "paid", "open") if row.get(word)}
            row["deal"] = named.get(deals.get(row["id"], ""), {}).get("dealname")
            if object == "invoices" and row["name"] != GONE:
                row["name"] = row["deal"]
        return rows

    def _one(self, object: str, to_object: str, type_id: int, ids: list[str]) -> dict[str, str]:
        """id -> the one record that it is linked to by that type; an earlier primary one stays linked by another."""
        body = {"inputs": [{"id": id_} for id_ in ids]}
        path = f"/crm/v4/associations/{object}/{to_object}/batch/read"
        found: dict[str, str] = {}
        for row in self.seller.person.call("POST", path, body).json()["results"] if ids else ():
            linked = [
                str(to["toObjectId"])
                for to in row["to"]
                if any(kind["typeId"] == type_id for kind in to["associationTypes"])
            ]
            found |= {str(row["from"]["id"]): linked[0]} if len(linked) == 1 else {}
        return found


_HUBSPOT: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "customer": ("companies", "name", {"phone": "phone", "erp_customer_number": "number"}),
    "contact": ("contacts", "lastname", {}),
    "product": ("products", "name", {"hs_sku": "sku"}),
    "order": ("deals", "dealname", {"erp_order_number": "number", "erp_invoice_status": "invoice"}),
    "order_mirror": (
        *("orders", "hs_order_name"),
        {"hs_external_order_id": "number", "hs_payment_status": "invoice", "hs_total_price": "total"}
        | {"erp_open_balance": "open"},
    ),
    "invoice_mirror": (
        *("invoices", "hs_number"),
        {"hs_number": "number", "erp_invoice_status": "invoice", "hs_amount_billed": "total"}
        | {"erp_paid": "paid", "erp_open_balance": "open"},
    ),
}
_HUBSPOT_LINKS = {"contacts": CONTACT_OF, "deals": DEAL_OF, "orders": 509, "invoices": 179}
"""Association types to companies."""
_HUBSPOT_DOCUMENTS = {"orders": 512, "invoices": 175}
"""Association types to deals."""


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

    def misplace(self, order: str, account: str) -> None:
        raise Unable(NO_MIRRORS)

    def records(self, entity: str) -> list[dict[str, Any]]:
        model, domain, shown = _ODOO_CRM[entity]
        return odoo_records(self.seller.person, model, domain, shown)


_ODOO_CRM: Mapping[str, tuple[str, list[Any], Mapping[str, str]]] = {
    "customer": ("res.partner", [["is_company", "=", True]], {"phone": "phone", "x_erp_customer_number": "number"}),
    "contact": PERSONS,
    "product": ("product.product", [], {"default_code": "sku"}),
    "order": (
        "crm.lead",
        [],
        {"x_erp_order_number": "number", "x_erp_invoice_status": "invoice", "partner_id": "customer"},
    ),
}


@dataclass
class SalesforceHand:
    """Of a seller in Salesforce."""

    seller: Any

    def requantify(self, deal: str, quantity: int) -> None:
        person = self.seller.person
        (first,) = person.find("OpportunityLineItem", f"OpportunityId = {quoted(deal)} AND SortOrder = 1", ("Id",))
        person.change("OpportunityLineItem", first["Id"], {"Quantity": quantity})

    def reopen(self, deal: str) -> None:
        self.seller.person.change("Opportunity", deal, {"StageName": "Negotiation"})

    def misplace(self, order: str, account: str) -> None:
        raise Unable(NO_MIRRORS)

    def records(self, entity: str) -> list[dict[str, Any]]:
        object, name, shown = _SALESFORCE[entity]
        fields = dict.fromkeys(("Id", "IsDeleted", "Crmerp_Id__c", name, *shown))
        return [
            {"id": row["Id"], "name": GONE if row["IsDeleted"] else row[name], "key": row["Crmerp_Id__c"]}
            | {word: row[field] for field, word in shown.items()}
            for row in self._deleted_too(f"SELECT {', '.join(fields)} FROM {object}")
        ]

    def _deleted_too(self, soql: str) -> list[dict[str, Any]]:
        page = self.seller.person.call("GET", f"{ROOT}/queryAll", q=soql).json()
        rows: list[dict[str, Any]] = page["records"]
        while not page["done"]:
            page = self.seller.person.call("GET", page["nextRecordsUrl"]).json()
            rows += page["records"]
        return rows


_SALESFORCE: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "customer": ("Account", "Name", {"Phone": "phone", "ERP_Customer_Number__c": "number"}),
    "contact": ("Contact", "LastName", {"AccountId": "customer"}),
    "product": ("Product2", "Name", {"ProductCode": "sku"}),
    "order": (
        "Opportunity",
        "Name",
        {"ERP_Order_Number__c": "number", "ERP_Invoice_Status__c": "invoice", "AccountId": "customer"},
    ),
}

CRM_HANDS: Mapping[str, Callable[[Any], CrmHand]] = {
    "salesforce": SalesforceHand,
    "hubspot": HubSpotHand,
    "odoo_crm": OdooCrmHand,
}
"""By the name of the system."""
