"""A seller in Odoo: what a deal sells is on its quotation, which is confirmed when the deal is won."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.company import roles
from crmerp_assets.sandbox.company.catalogue import RATES
from crmerp_assets.sandbox.company.client import Administration
from crmerp_assets.sandbox.company.crm.odoo_crm_seed import CURRENCY, fill, noon
from crmerp_assets.sandbox.company.erp.odoo_person import Odoo
from crmerp_assets.sandbox.company.roles import Keyed, Newcomer, OpenDeal, SaleLine
from crmerp_assets.sandbox.company.systems import System

_CLOSES_IN = timedelta(days=30)
_CENT = Decimal("0.01")
_OPEN = [["type", "=", "opportunity"], ["stage_id.is_won", "=", False]]
_QUOTES = ("draft", "sent")
_STATUS = "x_erp_invoice_status"


class Seller(roles.Seller):
    """What a seller does, on partners, opportunities and quotations."""

    def __init__(self, url: str) -> None:
        self.person = Odoo(url, "ann")

    def open_deals(self) -> list[OpenDeal]:
        fields = ("name", "stage_id", "partner_id", "expected_revenue", "company_currency")
        deals = self.person.rows("crm.lead", _OPEN, *fields)
        quotes = self._quotes([deal["id"] for deal in deals])
        skus = self._skus([quote["id"] for some in quotes.values() for quote in some])
        return [_open_deal(deal, quotes[deal["id"]], skus) for deal in deals]

    def win(self, deal: str, today: date) -> None:
        """Odoo closes a deal now, by UTC; the seller's own day may be another one."""
        quotes = self._quotes([int(deal)])[int(deal)]
        if quotes:
            self.person.run("sale.order", "action_confirm", ids=[quote["id"] for quote in quotes])
        self.person.run("crm.lead", "action_set_won_rainbowman", ids=[int(deal)])
        self.person.change("crm.lead", deal, {"date_closed": noon(today)})

    def create_account(self, newcomer: Newcomer) -> str:
        values = {
            "name": newcomer.name,
            "is_company": True,
            "website": newcomer.website,
            "phone": newcomer.phone,
            "street": newcomer.street,
            "city": newcomer.city,
            "zip": newcomer.postcode,
            "country_id": self.person.named("res.country")[newcomer.country],
            "property_product_pricelist": self._pricelist(newcomer.currency),
            CURRENCY: newcomer.currency,
        }
        return self.person.create("res.partner", values)

    def create_contact(self, account: str, first_name: str, last_name: str, email: str) -> str:
        values = {"name": f"{first_name} {last_name}", "parent_id": int(account), "email": email}
        return self.person.create("res.partner", values)

    def create_deal(self, account: str, name: str, lines: Sequence[SaleLine], today: date, currency: str) -> str:
        rows = [self._line(line, currency, position) for position, line in enumerate(lines, 1)]
        amount = sum((_net(row) for row in rows), Decimal(0))
        deal = self._deal(account, name, amount / RATES[currency], today)
        quotation = {"partner_id": int(account), "opportunity_id": int(deal), "pricelist_id": self._pricelist(currency)}
        self.person.create("sale.order", quotation | {"order_line": [[0, 0, row] for row in rows]})
        return deal

    def create_text_deal(self, account: str, name: str, product: str, amount: Decimal, today: date) -> str:
        """A quotation sells products only: what is none can be said in the notes, and nothing is quoted."""
        return self._deal(account, name, amount, today, description=f"<p>{product}</p>")

    def change_phone(self, account: str, phone: str) -> None:
        self.person.change("res.partner", account, {"phone": phone})

    def phone(self, account: str) -> str:
        return self.person.row("res.partner", account, "phone")["phone"] or ""

    def street(self, account: str) -> str:
        return self.person.row("res.partner", account, "street")["street"] or ""

    def invoice_statuses(self, deals: Iterable[str]) -> dict[str, str | None]:
        found = self.person.rows("crm.lead", [["id", "in", [int(deal) for deal in deals]]], _STATUS)
        return {str(deal["id"]): deal[_STATUS] or None for deal in found}

    def keyed_accounts(self) -> list[Keyed]:
        companies = self.person.keyed_companies(CURRENCY)
        return [Keyed(key, str(one["id"]), one[CURRENCY] or "USD") for key, one in companies]

    def _deal(self, account: str, name: str, revenue: Decimal, today: date, **more: str) -> str:
        values = {
            "name": name,
            "type": "opportunity",
            "partner_id": int(account),
            "stage_id": self.person.named("crm.stage")["Proposition"],
            "expected_revenue": float(revenue.quantize(_CENT)),
            "date_deadline": (today + _CLOSES_IN).isoformat(),
            **more,
        }
        return self.person.create("crm.lead", values)

    def _line(self, line: SaleLine, currency: str, position: int) -> dict[str, Any]:
        """A product has one price, in the company's currency: a seller converts it."""
        found = self.person.rows("product.product", [["default_code", "=", line.sku]], "list_price")
        if not found:
            raise LookupError(f"no price for {line.sku}")
        listed = (Decimal(str(found[0]["list_price"])) * RATES[currency]).quantize(_CENT)
        return {
            "product_id": found[0]["id"],
            "product_uom_qty": line.quantity,
            "price_unit": float(listed if line.unit_price is None else line.unit_price),
            "discount": float(line.discount or 0),
            "sequence": position,
        }

    def _pricelist(self, currency: str) -> int:
        return int(self.person.rows("product.pricelist", [["currency_id.name", "=", currency]], "name")[0]["id"])

    def _quotes(self, deals: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
        """The open quotations of deals."""
        asked = [["opportunity_id", "in", list(deals)], ["state", "in", list(_QUOTES)]]
        found: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for quote in self.person.rows("sale.order", asked, "opportunity_id", "amount_untaxed", "currency_id"):
            found[quote["opportunity_id"][0]].append(quote)
        return found

    def _skus(self, quotes: Sequence[int]) -> dict[int, list[str]]:
        """What each quotation sells, in the order of its lines."""
        codes = {row["id"]: row["default_code"] for row in self.person.rows("product.product", [], "default_code")}
        found: dict[int, list[str]] = defaultdict(list)
        asked = [["order_id", "in", list(quotes)], ["product_id", "!=", False]]
        for line in self.person.rows("sale.order.line", asked, "order_id", "product_id"):
            found[line["order_id"][0]].append(codes[line["product_id"][0]])
        return found


def _open_deal(deal: dict[str, Any], quotes: Sequence[dict[str, Any]], skus: dict[int, list[str]]) -> OpenDeal:
    amounts = [quote["amount_untaxed"] for quote in quotes] or [deal["expected_revenue"]]
    return OpenDeal(
        str(deal["id"]),
        deal["name"],
        deal["stage_id"][1],
        sum((Decimal(str(amount)) for amount in amounts), Decimal(0)),
        (quotes[0]["currency_id"] if quotes else deal["company_currency"])[1],
        str(deal["partner_id"][0]) if deal["partner_id"] else "",
        tuple(sku for quote in quotes for sku in skus[quote["id"]]),
    )


def _net(row: dict[str, Any]) -> Decimal:
    price, quantity, discount = (Decimal(str(row[name])) for name in ("price_unit", "product_uom_qty", "discount"))
    return (price * quantity * (1 - discount / 100)).quantize(_CENT)


def _is_empty(url: str) -> bool:
    with Administration(url) as admin:
        return admin.count("res.partner") == 0


SYSTEM = System(
    "odoo_crm",
    "Odoo CRM",
    8716,
    Seller,
    fill,
    _is_empty,
    server="odoo",
    text_deals="no_lines",
    notes=(
        "In Odoo what a deal sells, and in which currency, is on its quotation: a deal in mere words has none.",
        "Odoo has one list price, in the company's currency: for deals in others the seller converts it.",
    ),
)
