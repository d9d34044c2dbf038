"""The company in Tryton's words: parties, products, sales, and what was billed and paid.

Everything goes through Tryton's own API, as a person's client would send it: there is no back door into a real server.
Credit limits stay out: Tryton itself refuses a sale beyond one, which is no part of the day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import httpx

from crmerp_assets.sandbox.company.catalogue import BOTH, ERP_ONLY, RATES
from crmerp_assets.sandbox.company.erp.tryton_person import Person, amount_of, money, on
from crmerp_assets.sandbox.company.model import Company, Fields, Record
from crmerp_assets.sandbox.company.places import PLACES
from crmerp_assets.sandbox.company.systems import Filled, Ids
from crmerp_assets.sandbox.kit.tls import PLAIN

_GERMAN = {"Berlin": "BE", "Hessen": "HE", "Hamburg": "HH", "Nordrhein-Westfalen": "NW", "Bayern": "BY"}
_UNITS = {"Each": "Unit"}
_CENT, _PRICE = Decimal("0.01"), Decimal("0.0001")
_AGED_DAYS = 21
"""So long ago everything was touched last, once the company has moved in."""


@dataclass(frozen=True, slots=True)
class Lists:
    """Names of what the database holds -> ids; subdivisions by country and the code that the company has for them."""

    countries: Mapping[str, int]
    subdivisions: Mapping[tuple[str, str], int]
    currencies: Mapping[str, int]
    terms: Mapping[str, int]
    units: Mapping[str, int]
    category: int


def fill(url: str, company: Company, today: date) -> Filled:
    """Seed it. Raises Refused when Tryton does not take the data."""
    ids: Ids = {}
    person = Person(url)
    try:
        lists = _lists(person, company)
        _rates(person, lists, today)
        _put(person, "party.party", company.customers, [_party(one.fields, lists) for one in company.customers], ids)
        products = _products(person, company, lists)
        ids |= {item.key: str(products[item.fields["sku"]]) for item in company.items}
        addresses = {row["party"]: row["id"] for row in person.rows("party.address", [], "party")}
        sales = [_sale(order, int(ids[order.refs["customer"]]), addresses, products, lists) for order in company.orders]
        _put(person, "sale.sale", company.orders, sales, ids)
        payments = _history(person, company, ids, today)
    finally:
        person.close()
    httpx.post(f"{url}/_sandbox/age", json={"days": _AGED_DAYS}, timeout=120, verify=PLAIN).raise_for_status()
    return Filled(ids, {"invoices": len(company.billings), "payments": payments})


def _put(person: Person, model: str, records: list[Record], rows: list[dict[str, Any]], ids: Ids) -> None:
    made = person.make(model, rows)
    ids.update(zip((record.key for record in records), map(str, made), strict=True))


def _lists(person: Person, company: Company) -> Lists:
    units = _named(person, "product.uom")
    missing = {_unit(item.fields["unit"]) for item in company.items} - units.keys()
    whole = {"category": _named(person, "product.uom.category")["Units"], "factor": 1.0, "rate": 1.0, "digits": 0}
    rows = [{"name": name, "symbol": name.lower(), "rounding": 1.0, **whole} for name in sorted(missing)]
    person.make("product.uom", rows)
    countries = _named(person, "country.country", "code")
    return Lists(
        countries=countries,
        subdivisions=_subdivisions(person, countries),
        currencies=_named(person, "currency.currency", "code"),
        terms=_named(person, "account.invoice.payment_term"),
        units=_named(person, "product.uom"),
        category=_named(person, "product.category")["Services"],
    )


def _named(person: Person, model: str, field: str = "name") -> dict[str, int]:
    return {str(row[field]): int(row["id"]) for row in person.rows(model, [], field)}


def _subdivisions(person: Person, countries: Mapping[str, int]) -> dict[tuple[str, str], int]:
    """Tryton has those that somebody imported; the company needs those of its cities."""
    wanted = {
        (country, place.states[0]): (f"{country}-{_GERMAN.get(place.states[0], place.states[0])}", place.states[-1])
        for country, places in PLACES.items()
        for place in places
        if place.states
    }
    there = _named(person, "country.subdivision", "code")
    rows = [
        {"name": name, "code": code, "type": "state", "country": countries[country]}
        for (country, _), (code, name) in wanted.items()
        if code not in there
    ]
    person.make("country.subdivision", list({row["code"]: row for row in rows}.values()))
    there = _named(person, "country.subdivision", "code")
    return {place: there[code] for place, (code, _) in wanted.items()}


def _rates(person: Person, lists: Lists, today: date) -> None:
    """Tryton keeps how much of a currency one unit of the company's is; an old rate does not count for new orders."""
    rows = [
        {"currency": lists.currencies[code], "date": on(day), "rate": money(rate)}
        for code, rate in RATES.items()
        if rate != 1
        for day in (today - timedelta(days=450), today - timedelta(days=7))
    ]
    person.make("currency.currency.rate", rows)


def _party(fields: Fields, lists: Lists) -> dict[str, Any]:
    reached = [(kind, fields[kind]) for kind in ("phone", "email", "website") if fields[kind]]
    number = [{"type": None, "code": fields["tax_number"]}] if fields["tax_number"] else []
    return {
        "name": fields["name"],
        "customer_payment_term": lists.terms[fields["terms"]],
        "customer_currency": lists.currencies[fields["currency"]],
        "addresses": [["create", [_address(address, lists) for address in fields["addresses"]]]],
        "contact_mechanisms": [["create", [{"type": kind, "value": value} for kind, value in reached]]],
        "identifiers": [["create", number]] if number else [],
    }


def _address(address: Fields, lists: Lists) -> dict[str, Any]:
    return {
        "street": address["street"],
        "city": address["city"],
        "postal_code": address["postcode"],
        "country": lists.countries[address["country"]],
        "subdivision": lists.subdivisions.get((address["country"], address["state"])),
        "invoice": address["billing"],
        "delivery": address["shipping"],
    }


def _products(person: Person, company: Company, lists: Lists) -> dict[str, int]:
    """SKU -> product. What the demo database sold before goes; nothing is kept in stock, so all are services."""
    person.call("model.product.template.delete", [row["id"] for row in person.rows("product.template", [], "name")])
    person.make("product.template", [_product(item.fields, lists) for item in company.items])
    return _named(person, "product.product", "code")


def _product(fields: Fields, lists: Lists) -> dict[str, Any]:
    unit = lists.units[_unit(fields["unit"])]
    return {
        "name": fields["name"],
        "type": "service",
        "default_uom": unit,
        "sale_uom": unit,
        "salable": True,
        "list_price": money(fields["prices"]["USD"]),
        "account_category": lists.category,
        "products": [["create", [{"suffix_code": fields["sku"]}]]],
    }


def _unit(name: str) -> str:
    return _UNITS.get(name, name)


def _sale(
    order: Record, party: int, addresses: Mapping[int, int], products: Mapping[str, int], lists: Lists
) -> dict[str, Any]:
    fields = order.fields
    units = _units_of(lists)
    lines = [
        {
            "type": "line",
            "product": products[line["sku"]],
            "quantity": line["quantity"],
            "unit": units[line["sku"]],
            "unit_price": money(Decimal(line["rate"]).quantize(_PRICE, ROUND_HALF_UP)),
        }
        for line in fields["lines"]
    ]
    return {
        "party": party,
        "invoice_address": addresses[party],
        "shipment_address": addresses[party],
        "sale_date": on(fields["date"]),
        "currency": lists.currencies[fields["currency"]],
        "reference": fields["reference"],
        "description": fields["memo"],
        "lines": [["create", lines]],
    }


def _units_of(lists: Lists) -> dict[str, int]:
    """SKU -> the unit it is sold in."""
    return {good.sku: lists.units[_unit(good.unit)] for good in (*BOTH, *ERP_ONLY)}


def _history(person: Person, company: Company, ids: Ids, today: date) -> int:
    """Confirm every past order, invoice it in the order of the days, and pay what was paid; how many payments."""
    sales = [int(ids[order.key]) for order in company.orders]
    for button in ("quote", "confirm"):
        person.willing(f"model.sale.sale.{button}", sales)
    first = date(today.year - 1, 1, 1)
    invoices = {row["id"]: row["invoices"][0] for row in person.rows("sale.sale", [["id", "in", sales]], "invoices")}
    billings = sorted(company.billings, key=lambda billing: billing.invoice_date)
    for billing in billings:
        dates = {"invoice_date": on(max(billing.invoice_date, first)), "payment_term_date": on(billing.due_date)}
        person.edit("account.invoice", str(invoices[int(ids[billing.order])]), {**dates, "payment_term": None})
    for billing in billings:
        person.willing("model.account.invoice.post", [invoices[int(ids[billing.order])]])
    return _payments(person, {invoices[int(ids[one.order])]: one for one in billings if one.payment_date}, first)


def _payments(person: Person, paid: Mapping[int, Any], first: date) -> int:
    totals = person.rows("account.invoice", [["id", "in", list(paid)]], "total_amount")
    for row in totals:
        billing = paid[row["id"]]
        share = (amount_of(row["total_amount"]) * Decimal(str(billing.paid_share))).quantize(_CENT)
        person.pay(str(row["id"]), share, on(max(billing.payment_date, first)))
    return len(totals)
