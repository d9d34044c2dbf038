"""The company in HubSpot's words: companies, contacts, products, deals, line items, and how they are linked."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from crmerp_assets.sandbox.company.client import Administration
from crmerp_assets.sandbox.company.crm.hubspot_person import CHILD_OF, CONTACT_OF, DEAL_OF, LINE_OF, HubSpot
from crmerp_assets.sandbox.company.model import Company, Fields, Record
from crmerp_assets.sandbox.company.systems import Filled, Ids

STAGES = {
    "prospecting": "appointmentscheduled",
    "qualification": "qualifiedtobuy",
    "proposal": "contractsent",
    "negotiation": "contractsent",
    "won": "closedwon",
    "lost": "closedlost",
}
_OWN = (("tax_id", "Tax Id"), ("billing_currency", "Billing Currency"))
_LINKS = {"parent": CHILD_OF, "deal": LINE_OF}


def fill(url: str, company: Company, today: date) -> Filled:
    """Seed it. Raises Refused when HubSpot does not take the data."""
    with HubSpot(url, "admin") as person:
        for name, label in _OWN:
            person.ensure_text("companies", name, label)
    ids: Ids = {}
    prices = {price.fields["sku"]: price.fields["price"] for price in company.prices if _is_own(price)}
    with Administration(url) as admin:
        for parents in (False, True):
            _put(admin, "companies", [one for one in company.accounts if bool(one.refs) is parents], _company, ids)
        _put(admin, "contacts", company.contacts, _contact, ids, CONTACT_OF)
        _put(admin, "products", company.products, lambda fields: _product(fields, prices), ids)
        _put(admin, "deals", company.deals, _deal, ids, DEAL_OF)
        products = {line.key: ids[line.refs["product"]] for line in company.lines}
        rows = [Record(one.key, one.fields | {"product": products[one.key]}, one.changed, {"deal": one.refs["deal"]})
                for one in company.lines]  # fmt: skip
        _put(admin, "line_items", rows, _line, ids)
    return Filled(ids, {})


def noon(day: date) -> str:
    """A moment that is this day in every portal's time zone from UTC-11 to UTC+11."""
    return f"{day.isoformat()}T12:00:00.000Z"


def _is_own(price: Record) -> bool:
    """HubSpot's products have their price in the portal's currency."""
    return bool(price.fields["currency"] == "USD")


def _put(
    admin: Administration,
    object: str,
    records: Sequence[Record],
    words: Callable[[Fields], dict[str, Any]],
    ids: Ids,
    account: int = DEAL_OF,
) -> None:
    links = _LINKS | {"account": account}
    rows = [
        words(record.fields)
        | {"updatedAt": f"{record.changed.isoformat()}.000Z"}
        | {"associations": {str(links[name]): ids[key] for name, key in record.refs.items()}}
        for record in records
    ]
    ids.update(zip((record.key for record in records), admin.seed(object, rows), strict=True))


def _company(fields: Fields) -> dict[str, Any]:
    return {
        "name": fields["name"],
        "website": fields["website"],
        "phone": fields["phone"],
        "tax_id": fields["tax_number"],
        "industry": fields["industry"],
        "numberofemployees": fields["employees"],
        "annualrevenue": fields["revenue"],
        "lifecyclestage": "customer" if fields["customer"] else "lead",
        "billing_currency": fields["currency"],
        "address": fields["street"],
        "city": fields["city"],
        "state": fields["state"],
        "zip": fields["postcode"],
        "country": fields["country"],
    }


def _contact(fields: Fields) -> dict[str, Any]:
    return {
        "firstname": fields["first_name"],
        "lastname": fields["last_name"],
        "email": fields["email"],
        "phone": fields["phone"],
        "jobtitle": fields["title"],
    }


def _product(fields: Fields, prices: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": fields["name"], "hs_sku": fields["sku"], "price": str(prices[fields["sku"]])}


def _deal(fields: Fields) -> dict[str, Any]:
    return {
        "dealname": fields["name"],
        "dealstage": STAGES[fields["stage"]],
        "closedate": noon(fields["closes"]),
        "deal_currency_code": fields["currency"],
        "dealtype": fields["kind"],
        "amount": str(fields["amount"]),
    }


def _line(fields: Fields) -> dict[str, Any]:
    line = {
        "hs_product_id": fields["product"],
        "hs_sku": fields["sku"],
        "quantity": str(fields["quantity"]),
        "price": str(fields["price"]),
        "hs_position_on_quote": str(fields["position"]),
    }
    return line | ({"hs_discount_percentage": str(fields["discount"])} if "discount" in fields else {})
