"""The company in NetSuite's words: customers with address books, contacts, items, sales orders and what was billed."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from crmerp_assets.sandbox.company.client import Administration
from crmerp_assets.sandbox.company.erp.netsuite_history import bill_past_orders
from crmerp_assets.sandbox.company.model import Company, Fields, Record
from crmerp_assets.sandbox.company.systems import Filled, Ids

CURRENCY_IDS = {"USD": "1", "GBP": "2", "CAD": "3", "EUR": "4"}
_TERMS = {"Net 15": "1", "Net 30": "2", "Net 60": "3", "Due on receipt": "4"}
_SUBSIDIARY = {"subsidiary": {"id": "1"}}
_NAME_LENGTH = 83


def fill(url: str, company: Company, today: date) -> Filled:
    """Seed it. Raises Refused when NetSuite does not take the data."""
    ids: Ids = {}
    with Administration(url) as admin:
        _put(admin, "customer", company.customers, _customer, ids)
        _put(admin, "contact", company.customer_contacts, _contact, ids, {"customer": "company"})
        for kind, is_service in (("nonInventorySaleItem", False), ("serviceSaleItem", True)):
            _put(admin, kind, [item for item in company.items if item.fields["service"] is is_service], _item, ids)
        skus = {item.fields["sku"]: ids[item.key] for item in company.items}
        _put(admin, "salesOrder", company.orders, lambda fields: _order(fields, skus), ids, {"customer": "entity"})
        billed = bill_past_orders(admin, url, company.billings, ids, today)
    return Filled(ids, {"customer contacts": len(company.customer_contacts)} | billed)


def _put(
    admin: Administration,
    type_: str,
    records: Sequence[Record],
    words: Callable[[Fields], dict[str, Any]],
    ids: Ids,
    refs: Mapping[str, str] | None = None,
) -> None:
    named = refs or {}
    rows = [
        words(record.fields) | _stamps(record) | {named[name]: {"id": ids[key]} for name, key in record.refs.items()}
        for record in records
    ]
    ids.update(zip((record.key for record in records), admin.seed(type_, rows), strict=True))


def _stamps(record: Record) -> dict[str, str]:
    return {"createdDate": f"{record.made.isoformat()}Z", "lastModifiedDate": f"{record.changed.isoformat()}Z"}


def _customer(fields: Fields) -> dict[str, Any]:
    return {
        "companyName": fields["name"][:_NAME_LENGTH],
        "isPerson": False,
        "email": fields["email"],
        "phone": fields["phone"],
        "url": fields["website"],
        "vatRegNumber": fields["tax_number"],
        "terms": {"id": _TERMS[fields["terms"]]},
        "currency": {"id": CURRENCY_IDS[fields["currency"]]},
        "creditLimit": fields["credit_limit"],
        "addressBook": {"items": [_address(address) for address in fields["addresses"]]},
        **_SUBSIDIARY,
    }


def _address(address: Fields) -> dict[str, Any]:
    return {
        "label": address["label"],
        "defaultBilling": address["billing"],
        "defaultShipping": address["shipping"],
        "addressBookAddress": {
            "addressee": address["addressee"],
            "addr1": address["street"],
            "city": address["city"],
            "state": address["state"],
            "zip": address["postcode"],
            "country": {"id": address["country"]},
        },
    }


def _contact(fields: Fields) -> dict[str, Any]:
    return {
        "firstName": fields["first_name"],
        "lastName": fields["last_name"],
        "email": fields["email"],
        "title": fields["title"],
        **_SUBSIDIARY,
    }


def _item(fields: Fields) -> dict[str, Any]:
    prices = [
        {"priceLevel": {"id": "1"}, "currency": {"id": CURRENCY_IDS[currency]}, "price": float(price)}
        for currency, price in fields["prices"].items()
    ]
    shown = {"itemId": fields["sku"], "displayName": fields["name"], "isInactive": False}
    return shown | {"price": {"items": prices}}


def _order(fields: Fields, skus: Mapping[str, str]) -> dict[str, Any]:
    lines = [
        {
            "item": {"id": skus[line["sku"]]},
            "quantity": line["quantity"],
            "rate": float(line["rate"]),
            "amount": float(line["amount"]),
        }
        for line in fields["lines"]
    ]
    return {
        "tranDate": fields["date"].isoformat(),
        "currency": {"id": CURRENCY_IDS[fields["currency"]]},
        "otherRefNum": fields["reference"],
        "memo": fields["memo"],
        "item": {"items": lines},
    }
