"""Filling both sandboxes with a generated company: a few large calls, and only where there is nothing yet."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from crmerp_assets.sandbox.company.client import Administration
from crmerp_assets.sandbox.company.history import bill_past_orders
from crmerp_assets.sandbox.company.model import Company, Record
from crmerp_assets.sandbox.company.salesforce import Salesforce

Ids = dict[str, str]
_TAX_FIELD = ("Account", "Tax_Id__c", "Tax Id", 40)


class AlreadySeeded(Exception):
    """The systems hold accounts or customers already; say `again=True` to add a company to them."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was made. `crm` and `erp` map the company's local keys to native ids."""

    counts: dict[str, int]
    crm: Ids
    erp: Ids
    pairs: list[tuple[str, str]]
    ambiguous: list[tuple[str, str]]


def seed(
    company: Company,
    crm_url: str,
    erp_url: str,
    today: date,
    *,
    crm_ca_file: Path | None = None,
    erp_ca_file: Path | None = None,
    again: bool = False,
) -> Seeded:
    """Fill both sandboxes as of `today`. Raises AlreadySeeded, and Refused when a system does not take the data."""
    with Administration(crm_url, crm_ca_file) as crm_admin, Administration(erp_url, erp_ca_file) as erp_admin:
        if not again and (crm_admin.count("Account") or erp_admin.count("customer")):
            raise AlreadySeeded(f"{crm_url} and {erp_url} are not empty: seed once, or remove their folders first")
        with Salesforce(crm_url, "admin", crm_ca_file) as admin:
            admin.ensure_field(*_TAX_FIELD)
            price_book = admin.standard_price_book()
        crm = _seed_crm(crm_admin, company, price_book)
        erp = _seed_erp(erp_admin, company)
        billed = bill_past_orders(erp_admin, erp_url, erp_ca_file, company.billings, erp, today)
    return Seeded(
        _counts(company) | billed,
        crm,
        erp,
        [(crm[match.account], erp[match.customer]) for match in company.matches],
        [(crm[match.account], erp[match.customer]) for match in company.ambiguous],
    )


def _seed_crm(admin: Administration, company: Company, price_book: str) -> Ids:
    ids: Ids = {}
    for parents in (False, True):
        _put(admin, "Account", [record for record in company.accounts if bool(record.refs) is parents], ids)
    _put(admin, "Contact", company.contacts, ids)
    _put(admin, "Product2", company.products, ids)
    _put(admin, "PricebookEntry", company.prices, ids, {"Pricebook2Id": price_book})
    _put(admin, "Opportunity", company.opportunities, ids, {"Pricebook2Id": price_book})
    _put(admin, "OpportunityLineItem", company.lines, ids)
    return ids


def _put(
    admin: Administration, object: str, records: Sequence[Record], ids: Ids, more: Mapping[str, Any] | None = None
) -> None:
    rows = [
        {**record.fields, **(more or {}), **{field: ids[key] for field, key in record.refs.items()}}
        for record in records
    ]
    ids.update(zip((record.key for record in records), admin.seed(object, rows), strict=True))


def _seed_erp(admin: Administration, company: Company) -> Ids:
    ids: Ids = {}
    _put_erp(admin, "customer", company.customers, ids)
    _put_erp(admin, "contact", company.customer_contacts, ids)
    for kind in ("nonInventorySaleItem", "serviceSaleItem"):
        _put_erp(admin, kind, [item for item in company.items if item.key.startswith(f"{kind}:")], ids)
    skus = {key.partition(":")[2]: id_ for key, id_ in ids.items() if ":" in key}
    _put_erp(admin, "salesOrder", [_with_items(order, skus) for order in company.orders], ids)
    return ids


def _put_erp(admin: Administration, type_: str, records: Sequence[Record], ids: Ids) -> None:
    rows = [{**r.fields, **{field: {"id": ids[key]} for field, key in r.refs.items()}} for r in records]
    ids.update(zip((record.key for record in records), admin.seed(type_, rows), strict=True))


def _with_items(order: Record, skus: Mapping[str, str]) -> Record:
    """The same order with items named by id instead of SKU."""
    lines = [{**line, "item": {"id": skus[line["item"]["sku"]]}} for line in order.fields["item"]["items"]]
    return Record(order.key, {**order.fields, "item": {"items": lines}}, order.refs)


def _counts(company: Company) -> dict[str, int]:
    named: Iterable[tuple[str, Sequence[Any]]] = (
        ("accounts", company.accounts),
        ("contacts", company.contacts),
        ("products", company.products),
        ("prices", company.prices),
        ("opportunities", company.opportunities),
        ("line items", company.lines),
        ("customers", company.customers),
        ("customer contacts", company.customer_contacts),
        ("items", company.items),
        ("orders", company.orders),
    )
    return {name: len(records) for name, records in named}
