"""A seller in HubSpot."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.company import roles
from crmerp_assets.sandbox.company.catalogue import RATES
from crmerp_assets.sandbox.company.client import Administration
from crmerp_assets.sandbox.company.crm.hubspot_person import CONTACT_OF, DEAL_OF, LINE_OF, HubSpot
from crmerp_assets.sandbox.company.crm.hubspot_seed import STAGES, fill, noon
from crmerp_assets.sandbox.company.roles import Keyed, Newcomer, OpenDeal, SaleLine
from crmerp_assets.sandbox.company.systems import System

_CLOSES_IN = timedelta(days=30)
_CENT = Decimal("0.01")
_DEAL = ("dealname", "dealstage", "amount", "deal_currency_code", "hs_is_closed")


class Seller(roles.Seller):
    """What a seller does, on companies and deals."""

    def __init__(self, url: str) -> None:
        self.person = HubSpot(url, "ann")

    def open_deals(self) -> list[OpenDeal]:
        deals = {str(one["hs_object_id"]): one for one in self.person.all("deals", *_DEAL)}
        deals = {id_: deal for id_, deal in deals.items() if deal["hs_is_closed"] != "true"}
        companies = self.person.linked("deals", "companies", deals)
        lines = self.person.linked("deals", "line_items", deals)
        sold = self.person.some("line_items", [line for some in lines.values() for line in some], "hs_sku")
        return [
            _open_deal(id_, deal, companies.get(id_, [""])[0], [sold[line]["hs_sku"] for line in lines.get(id_, ())])
            for id_, deal in deals.items()
        ]

    def win(self, deal: str, today: date) -> None:
        self.person.change("deals", deal, {"dealstage": "closedwon", "closedate": noon(today)})

    def create_account(self, newcomer: Newcomer) -> str:
        values = {
            "name": newcomer.name,
            "website": newcomer.website,
            "phone": newcomer.phone,
            "address": newcomer.street,
            "city": newcomer.city,
            "zip": newcomer.postcode,
            "country": newcomer.country,
            "billing_currency": newcomer.currency,
        }
        return self.person.create("companies", values)

    def create_contact(self, account: str, first_name: str, last_name: str, email: str) -> str:
        values = {"firstname": first_name, "lastname": last_name, "email": email}
        return self.person.create("contacts", values, {CONTACT_OF: account})

    def create_deal(self, account: str, name: str, lines: Sequence[SaleLine], today: date, currency: str) -> str:
        """HubSpot sums up no lines in its API, so that the seller says what they come to."""
        priced = [(line, *self._priced(line, currency)) for line in lines]
        amount = sum((_net(line, price) for line, _, price in priced), Decimal(0))
        deal = self._deal(account, name, today, currency, amount)
        rows = [
            (_line(line, product, price, position), {LINE_OF: deal})
            for position, (line, product, price) in enumerate(priced)
        ]
        self.person.create_all("line_items", rows)
        return deal

    def create_text_deal(self, account: str, name: str, product: str, amount: Decimal, today: date) -> str:
        return self._deal(account, name, today, "USD", amount, product_name=product)

    def _deal(self, account: str, name: str, today: date, currency: str, amount: Decimal, **more: str) -> str:
        values = {
            "dealname": name,
            "dealstage": STAGES["negotiation"],
            "closedate": noon(today + _CLOSES_IN),
            "deal_currency_code": currency,
            "amount": str(amount),
            **more,
        }
        return self.person.create("deals", values, {DEAL_OF: account})

    def _priced(self, line: SaleLine, currency: str) -> tuple[str, Decimal]:
        """The product and its price: products have one in the portal's currency, a seller converts it."""
        for product in self.person.all("products", "hs_sku", "price"):
            if product["hs_sku"] == line.sku and product["price"]:
                listed = (Decimal(product["price"]) * RATES[currency]).quantize(_CENT)
                return str(product["hs_object_id"]), listed if line.unit_price is None else line.unit_price
        raise LookupError(f"no price for {line.sku}")

    def change_phone(self, account: str, phone: str) -> None:
        self.person.change("companies", account, {"phone": phone})

    def phone(self, account: str) -> str:
        return self.person.read("companies", account, "phone")["phone"] or ""

    def street(self, account: str) -> str:
        return self.person.read("companies", account, "address")["address"] or ""

    def invoice_statuses(self, deals: Iterable[str]) -> dict[str, str | None]:
        found = self.person.some("deals", deals, "erp_invoice_status")
        return {id_: values["erp_invoice_status"] for id_, values in found.items()}

    def keyed_accounts(self) -> list[Keyed]:
        found = self.person.all("companies", "crmerp_id", "billing_currency")
        return [
            Keyed(str(one["crmerp_id"]), str(one["hs_object_id"]), one.get("billing_currency") or "USD")
            for one in found
            if one.get("crmerp_id")
        ]


def _open_deal(id_: str, deal: Mapping[str, str | None], company: str, skus: Sequence[str | None]) -> OpenDeal:
    return OpenDeal(
        id_,
        deal["dealname"] or "",
        deal["dealstage"] or "",
        Decimal(deal["amount"] or 0),
        deal["deal_currency_code"] or "",
        company,
        tuple(sku for sku in skus if sku),
    )


def _line(line: SaleLine, product: str, price: Decimal, position: int) -> dict[str, Any]:
    values = {
        "hs_product_id": product,
        "hs_sku": line.sku,
        "quantity": str(line.quantity),
        "price": str(price),
        "hs_position_on_quote": str(position),
    }
    return values if line.discount is None else {**values, "hs_discount_percentage": str(line.discount)}


def _net(line: SaleLine, price: Decimal) -> Decimal:
    return (price * line.quantity * (1 - (line.discount or Decimal(0)) / 100)).quantize(_CENT)


def _is_empty(url: str) -> bool:
    with Administration(url) as admin:
        return admin.count("companies") == 0


SYSTEM = System(
    "hubspot",
    "HubSpot",
    8713,
    Seller,
    fill,
    _is_empty,
    server="hubspot",
    policy="mirror: {orders: true, invoices: true}\n",
    notes=("HubSpot has one list price, in the portal's currency: for deals in others the seller converts it.",),
)
