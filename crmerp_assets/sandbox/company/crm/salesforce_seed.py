"""The company in Salesforce's words: accounts, contacts, products with price book entries, opportunities, lines."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from crmerp_assets.sandbox.company.client import Administration
from crmerp_assets.sandbox.company.model import Company, Fields, Record
from crmerp_assets.sandbox.company.salesforce import Salesforce
from crmerp_assets.sandbox.company.systems import Filled, Ids

TAX_FIELD = ("Account", "Tax_Id__c", "Tax Id", 40)
_STAGES = {"won": "Closed Won", "lost": "Closed Lost"}
_REFS = {
    "parent": "ParentId",
    "account": "AccountId",
    "deal": "OpportunityId",
    "price": "PricebookEntryId",
    "product": "Product2Id",
}


def fill(url: str, company: Company, today: date) -> Filled:
    """Seed it. Raises Refused when Salesforce does not take the data."""
    with Salesforce(url, "admin") as person:
        person.ensure_field(*TAX_FIELD)
        book = {"Pricebook2Id": person.standard_price_book()}
    ids: Ids = {}
    with Administration(url) as admin:
        for parents in (False, True):
            _put(admin, "Account", [one for one in company.accounts if bool(one.refs) is parents], _account, ids)
        _put(admin, "Contact", company.contacts, _contact, ids)
        _put(admin, "Product2", company.products, _product, ids)
        _put(admin, "PricebookEntry", company.prices, lambda fields: _price(fields) | book, ids)
        _put(admin, "Opportunity", company.deals, lambda fields: _deal(fields) | book, ids)
        _put(admin, "OpportunityLineItem", company.lines, _line, ids, without="product")
    return Filled(ids, {"prices": len(company.prices)})


def _put(
    admin: Administration,
    object: str,
    records: Sequence[Record],
    words: Callable[[Fields], dict[str, Any]],
    ids: Ids,
    without: str = "",
) -> None:
    rows = [
        words(record.fields)
        | _stamps(record)
        | {_REFS[name]: ids[key] for name, key in record.refs.items() if name != without}
        for record in records
    ]
    ids.update(zip((record.key for record in records), admin.seed(object, rows), strict=True))


def _stamps(record: Record) -> dict[str, str]:
    made, changed = _moment(record.made), _moment(record.changed)
    return {"CreatedDate": made, "LastModifiedDate": changed, "SystemModstamp": changed}


def _moment(moment: datetime) -> str:
    return f"{moment.isoformat()}.000+0000"


def _account(fields: Fields) -> dict[str, Any]:
    return {
        "Name": fields["name"],
        "Website": fields["website"],
        "Phone": fields["phone"],
        "Tax_Id__c": fields["tax_number"],
        "Industry": fields["industry"],
        "NumberOfEmployees": fields["employees"],
        "AnnualRevenue": fields["revenue"],
        "Type": "Customer - Direct" if fields["customer"] else "Prospect",
        "CurrencyIsoCode": fields["currency"],
        "BillingStreet": fields["street"],
        "BillingCity": fields["city"],
        "BillingState": fields["state"],
        "BillingPostalCode": fields["postcode"],
        "BillingCountry": fields["country"],
    }


def _contact(fields: Fields) -> dict[str, Any]:
    return {
        "FirstName": fields["first_name"],
        "LastName": fields["last_name"],
        "Email": fields["email"],
        "Phone": fields["phone"],
        "Title": fields["title"],
        "Department": fields["department"],
        "CurrencyIsoCode": fields["currency"],
    }


def _product(fields: Fields) -> dict[str, Any]:
    return {
        "Name": fields["name"],
        "ProductCode": fields["sku"],
        "Family": fields["family"],
        "QuantityUnitOfMeasure": fields["unit"],
        "IsActive": True,
        "CurrencyIsoCode": "USD",
    }


def _price(fields: Fields) -> dict[str, Any]:
    return {"UnitPrice": float(fields["price"]), "IsActive": True, "CurrencyIsoCode": fields["currency"]}


def _deal(fields: Fields) -> dict[str, Any]:
    stage = fields["stage"]
    return {
        "Name": fields["name"],
        "StageName": _STAGES.get(stage, stage.capitalize()),
        "CloseDate": fields["closes"].isoformat(),
        "CurrencyIsoCode": fields["currency"],
        "Type": fields["kind"],
        "Amount": float(fields["amount"]),
    }


def _line(fields: Fields) -> dict[str, Any]:
    line = {
        "Quantity": fields["quantity"],
        "UnitPrice": float(fields["price"]),
        "SortOrder": fields["position"],
    }
    return line | ({"Discount": fields["discount"]} if "discount" in fields else {})
