"""The company in the words of Odoo's CRM: partners and their people, products, opportunities and their quotations."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from crmerp_assets.sandbox.company.catalogue import RATES
from crmerp_assets.sandbox.company.client import Administration
from crmerp_assets.sandbox.company.erp.odoo_lists import Lists, lists, put
from crmerp_assets.sandbox.company.erp.odoo_person import Odoo
from crmerp_assets.sandbox.company.model import Company, Fields, Record
from crmerp_assets.sandbox.company.places import COUNTRY_NAMES
from crmerp_assets.sandbox.company.systems import Filled, Ids

CURRENCY = "x_billing_currency"
_STAGES = {"prospecting": "New", "qualification": "Qualified", "won": "Won"}
_LATE = "Proposition"
_QUOTED = {"won": "sale", "lost": "cancel"}
_LOST = {"active": False, "probability": 0, "automated_probability": 0}
_SERVICES = frozenset({"Services", "Support", "Licenses"})
_LONG_AGO_SECONDS = 21 * 86_400
_CODES = {name: code for code, names in COUNTRY_NAMES.items() for name in names}


def fill(url: str, company: Company, today: date) -> Filled:
    """Seed it. Raises Refused when Odoo does not take the data."""
    ids: Ids = {}
    with Administration(url) as admin, Odoo(url, "admin") as person:
        _ensure_currency(person)
        known = lists(admin, person, {product.fields["unit"] for product in company.products})
        for parents in (False, True):
            accounts = [one for one in company.accounts if bool(one.refs) is parents]
            put(admin, "res.partner", accounts, lambda fields: _account(fields, known), ids, parent="parent_id")
        put(admin, "res.partner", company.contacts, _contact, ids, account="parent_id")
        _products(admin, person, company, known, ids)
        stages = person.named("crm.stage")
        put(admin, "crm.lead", company.deals, lambda fields: _deal(fields, stages), ids, account="partner_id")
        _quotations(admin, company, known, ids)
    return Filled(ids, {"quotations": len(company.deals)})


def noon(day: date) -> str:
    """A moment of this day; Odoo keeps them in UTC, which is the sandbox's time zone."""
    return f"{day.isoformat()} 12:00:00"


def _ensure_currency(person: Odoo) -> None:
    """Odoo has no currency of a customer: the company keeps it in a field of its own."""
    if person.rows("ir.model.fields", [["model", "=", "res.partner"], ["name", "=", CURRENCY]], "name"):
        return
    (model,) = person.rows("ir.model", [["model", "=", "res.partner"]], "model")
    values = {"name": CURRENCY, "model_id": model["id"], "field_description": "Billing Currency", "ttype": "char"}
    person.create("ir.model.fields", values | {"state": "manual", "size": 3})


def _account(fields: Fields, known: Lists) -> dict[str, Any]:
    """Sellers pick the country from the list, however they write it elsewhere."""
    place = {"street": fields["street"], "city": fields["city"], "zip": fields["postcode"]}
    return {
        "name": fields["name"],
        "is_company": True,
        "customer_rank": int(fields["customer"]),
        "website": fields["website"],
        "phone": fields["phone"],
        "vat": fields["tax_number"],
        "property_product_pricelist": known.pricelist(fields["currency"]),
        CURRENCY: fields["currency"],
        **known.address(_CODES[fields["country"]], fields["state"], **place),
    }


def _contact(fields: Fields) -> dict[str, Any]:
    name = f"{fields['first_name']} {fields['last_name']}"
    return {"name": name, "email": fields["email"], "phone": fields["phone"], "function": fields["title"]}


def _products(admin: Administration, person: Odoo, company: Company, known: Lists, ids: Ids) -> None:
    """The list price is in the company's currency."""
    families = sorted({product.fields["family"] for product in company.products})
    admin.seed("product.category", [{"name": name} for name in families])
    categories = person.named("product.category")
    prices = {one.fields["sku"]: one.fields["price"] for one in company.prices if one.fields["currency"] == "USD"}

    def words(fields: Fields) -> dict[str, Any]:
        return {
            "default_code": fields["sku"],
            "name": fields["name"],
            "type": "service" if fields["family"] in _SERVICES else "consu",
            "categ_id": categories[fields["family"]],
            "uom_id": known.unit(fields["unit"]),
            "list_price": float(prices[fields["sku"]]),
        }

    put(admin, "product.product", company.products, words, ids)


def _deal(fields: Fields, stages: Mapping[str, int]) -> dict[str, Any]:
    """What it is expected to bring is in the company's currency; a lost deal is archived."""
    stage = fields["stage"]
    deal = {
        "name": fields["name"],
        "type": "opportunity",
        "stage_id": stages[_STAGES.get(stage, _LATE)],
        "expected_revenue": float(round(fields["amount"] / RATES[fields["currency"]], 2)),
        "date_deadline": fields["closes"].isoformat(),
    }
    closed = {"date_closed": noon(fields["closes"])} if stage in _QUOTED else {}
    return deal | closed | (_LOST if stage == "lost" else {})


def _quotations(admin: Administration, company: Company, known: Lists, ids: Ids) -> None:
    """One for each deal. Its lines stamp it anew, so that it is dated back: else every deal had changed just now."""
    quotations = [
        Record(_of(deal.key), deal.fields, deal.changed, deal.refs | {"deal": deal.key}, deal.age_days)
        for deal in company.deals
    ]
    words = {"account": "partner_id", "deal": "opportunity_id"}
    put(admin, "sale.order", quotations, lambda fields: _quotation(fields, known), ids, **words)
    lines = [
        Record(line.key, line.fields, line.changed, line.refs | {"deal": _of(line.refs["deal"])}, line.age_days)
        for line in company.lines
    ]
    put(admin, "sale.order.line", lines, _line, ids, deal="order_id", product="product_id")
    for quotation in quotations:
        admin.touched_long_ago("sale.order", ids[quotation.key], _LONG_AGO_SECONDS)


def _of(deal: str) -> str:
    return f"quotation of {deal}"


def _quotation(fields: Fields, known: Lists) -> dict[str, Any]:
    return {
        "pricelist_id": known.pricelist(fields["currency"]),
        "date_order": noon(fields["closes"]),
        "state": _QUOTED.get(fields["stage"], "draft"),
    }


def _line(line: Fields) -> dict[str, Any]:
    return {
        "product_uom_qty": line["quantity"],
        "price_unit": float(line["price"]),
        "discount": line.get("discount", 0),
        "sequence": line["position"],
    }
