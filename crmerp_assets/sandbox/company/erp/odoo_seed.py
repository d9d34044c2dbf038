"""The company in Odoo's words: partners and the people below them, products, orders, and what was billed and paid."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.company.catalogue import RATES
from crmerp_assets.sandbox.company.client import Administration
from crmerp_assets.sandbox.company.erp.odoo_billing import bill, pay
from crmerp_assets.sandbox.company.erp.odoo_lists import STAMP, Lists, lists, put
from crmerp_assets.sandbox.company.erp.odoo_person import Odoo
from crmerp_assets.sandbox.company.model import Company, Fields, Record
from crmerp_assets.sandbox.company.systems import Filled, Ids

_TERMS = {"Net 15": "15 Days", "Net 30": "30 Days", "Net 60": "60 Days", "Due on receipt": "Immediate Payment"}
_CENT = Decimal("0.01")
_DAY_SECONDS = 86_400
_QUIET_DAYS = timedelta(days=14)
"""Invoices and payments were last touched at least this long before the company's day."""


def fill(url: str, company: Company, today: date) -> Filled:
    """Seed it. Raises Refused when Odoo does not take the data."""
    ids: Ids = {}
    with Administration(url) as admin, Odoo(url, "bookkeeping") as person:
        known = lists(admin, person, {item.fields["unit"] for item in company.items})
        _rates(admin, known, today)
        put(admin, "res.partner", company.customers, lambda fields: _partner(fields, known), ids)
        docks = [_dock(one, ids, known) for one in company.customers if len(one.fields["addresses"]) > 1]
        admin.seed("res.partner", docks)
        put(admin, "res.partner", company.customer_contacts, _contact, ids, customer="parent_id")
        put(admin, "product.product", company.items, lambda fields: _product(fields, known), ids)
        skus = {item.fields["sku"]: int(ids[item.key]) for item in company.items}
        put(admin, "sale.order", company.orders, lambda fields: _order(fields, skus, known), ids, customer="partner_id")
        payments = _history(admin, person, company, ids, today)
    made = {"invoices": len(company.billings), "payments": payments}
    return Filled(ids, {"customer contacts": len(company.customer_contacts)} | made)


def _rates(admin: Administration, known: Lists, today: date) -> None:
    """Odoo keeps how much of a currency one unit of the company's is."""
    days = (today - timedelta(days=450), today - timedelta(days=7))
    rows = [
        {"name": day.isoformat(), "currency_id": known.currencies[code], "rate": float(rate), "company_id": 1}
        for code, rate in RATES.items()
        if rate != 1
        for day in days
    ]
    admin.seed("res.currency.rate", rows)


def _partner(fields: Fields, known: Lists) -> dict[str, Any]:
    return {
        "name": fields["name"],
        "is_company": True,
        "customer_rank": 1,
        "email": fields["email"],
        "phone": fields["phone"],
        "website": fields["website"],
        "vat": fields["tax_number"],
        "property_payment_term_id": known.terms[_TERMS[fields["terms"]]],
        "property_product_pricelist": known.pricelist(fields["currency"]),
        "use_partner_credit_limit": True,
        "credit_limit": fields["credit_limit"],
        **_address(fields["addresses"][0], known),
    }


def _dock(customer: Record, ids: Ids, known: Lists) -> dict[str, Any]:
    """Where goods go is a partner below the company."""
    below = {"parent_id": int(ids[customer.key]), "type": "delivery", "name": "Warehouse"}
    stamp = customer.changed.strftime(STAMP)
    return below | _address(customer.fields["addresses"][1], known) | {"create_date": stamp, "write_date": stamp}


def _address(address: Fields, known: Lists) -> dict[str, Any]:
    return known.address(
        address["country"], address["state"], street=address["street"], city=address["city"], zip=address["postcode"]
    )


def _contact(fields: Fields) -> dict[str, Any]:
    name = f"{fields['first_name']} {fields['last_name']}"
    return {"name": name, "email": fields["email"], "function": fields["title"]}


def _product(fields: Fields, known: Lists) -> dict[str, Any]:
    """The list price is in the company's currency."""
    return {
        "default_code": fields["sku"],
        "name": fields["name"],
        "type": "service" if fields["service"] else "consu",
        "uom_id": known.unit(fields["unit"]),
        "list_price": float(fields["prices"]["USD"]),
    }


def _order(fields: Fields, skus: Mapping[str, int], known: Lists) -> dict[str, Any]:
    lines = [
        [
            0,
            0,
            {"product_id": skus[line["sku"]], "product_uom_qty": line["quantity"], "price_unit": float(line["rate"])},
        ]
        for line in fields["lines"]
    ]
    return {
        "date_order": f"{fields['date'].isoformat()} 12:00:00",
        "pricelist_id": known.pricelist(fields["currency"]),
        "client_order_ref": fields["reference"],
        "origin": fields["memo"],
        "state": "sale",
        "order_line": lines,
    }


def _history(admin: Administration, person: Odoo, company: Company, ids: Ids, today: date) -> int:
    """Invoice every past order and pay what was paid, then date everything back; how many payments there are."""
    paid = 0
    for billing in company.billings:
        invoice = bill(person, ids[billing.order], billing.invoice_date, billing.due_date)
        if billing.payment_date is not None:
            total = Decimal(str(person.row("account.move", invoice, "amount_total")["amount_total"]))
            amount = (total * Decimal(str(billing.paid_share))).quantize(_CENT)
            payment = pay(person, invoice, amount, billing.payment_date)
            _date_back(admin, "account.payment", payment, billing.payment_date, today)
            paid += 1
        _date_back(admin, "account.move", invoice, billing.payment_date or billing.invoice_date, today)
        _date_back(admin, "sale.order", ids[billing.order], billing.invoice_date, today)
    return paid


def _date_back(admin: Administration, model: str, id_: str, day: date, today: date) -> None:
    admin.touched_long_ago(model, id_, max(today - day, _QUIET_DAYS).days * _DAY_SECONDS)
