"""What sellers do all day, through Salesforce's API: accounts, deals, lines, winning."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from crmerp_assets.sandbox.company.roles import SaleLine
from crmerp_assets.sandbox.company.salesforce import Salesforce, quoted

WON = "Closed Won"
_CLOSES_IN = timedelta(days=30)


class Seller(Salesforce):
    """A seller. Methods raise Refused when Salesforce says no."""

    def __init__(self, url: str, user: str = "ann", ca_file: Path | None = None) -> None:
        super().__init__(url, user, ca_file)

    def open_deals(self) -> list[dict[str, Any]]:
        """Deals neither won nor lost: Id, Name, StageName, Amount, CurrencyIsoCode, CloseDate, AccountId, Lines."""
        fields = "Id, Name, StageName, Amount, CurrencyIsoCode, CloseDate, AccountId"
        lines = "(SELECT Id, ProductCode, Quantity, UnitPrice FROM OpportunityLineItems)"
        deals = self.query(f"SELECT {fields}, {lines} FROM Opportunity WHERE IsClosed = false ORDER BY Id")
        return [_with_lines(deal) for deal in deals]

    def find(self, object: str, where: str, fields: Sequence[str] = ("Id", "Name")) -> list[dict[str, Any]]:
        """Records that meet a SOQL condition."""
        soql = f"SELECT {', '.join(fields)} FROM {object} WHERE {where} ORDER BY Id"
        return [{name: record.get(name) for name in fields} for record in self.query(soql)]

    def create_account(self, name: str, **fields: Any) -> str:
        """A new account; its id."""
        return self.create("Account", {"Name": name, **fields})

    def create_contact(self, account: str, last_name: str, **fields: Any) -> str:
        """A new contact at an account; its id."""
        return self.create("Contact", {"AccountId": account, "LastName": last_name, **fields})

    def create_deal(
        self,
        account: str,
        name: str,
        lines: Sequence[SaleLine],
        today: date,
        currency: str = "USD",
        **fields: Any,
    ) -> str:
        """A new deal in negotiation with its lines; its id. Raises LookupError for a SKU without a price."""
        prices = self._prices([line.sku for line in lines], currency)
        deal = self.create("Opportunity", _header(account, name, today, currency) | fields | self._book())
        self.create_all(
            "OpportunityLineItem",
            [_line(deal, line, prices[line.sku], position) for position, line in enumerate(lines, 1)],
        )
        return deal

    def create_text_deal(
        self, account: str, name: str, product: str, amount: Decimal, today: date, currency: str = "USD"
    ) -> str:
        """A deal that only says in words what was sold (`Product_Name__c`, once the platform has made that field)."""
        more = {"Product_Name__c": product, "Amount": float(amount)}
        return self.create("Opportunity", _header(account, name, today, currency) | more)

    def win(self, opportunity: str, today: date) -> None:
        """Close a deal as won today."""
        self.change("Opportunity", opportunity, {"StageName": WON, "CloseDate": today.isoformat()})

    def _book(self) -> dict[str, str]:
        return {"Pricebook2Id": self.standard_price_book()}

    def _prices(self, skus: Sequence[str], currency: str) -> dict[str, dict[str, Any]]:
        wanted = ", ".join(quoted(sku) for sku in sorted(set(skus)))
        where = f"ProductCode IN ({wanted}) AND CurrencyIsoCode = {quoted(currency)} AND IsActive = true"
        found = self.find("PricebookEntry", where, ("Id", "ProductCode", "UnitPrice"))
        prices = {str(entry["ProductCode"]): entry for entry in found}
        missing = sorted(set(skus) - prices.keys())
        if missing:
            raise LookupError(f"no price in {currency} for {', '.join(missing)}")
        return prices


def _header(account: str, name: str, today: date, currency: str) -> dict[str, Any]:
    closes = (today + _CLOSES_IN).isoformat()
    return {
        "AccountId": account,
        "Name": name,
        "StageName": "Negotiation",
        "CloseDate": closes,
        "CurrencyIsoCode": currency,
    }


def _line(deal: str, line: SaleLine, entry: Mapping[str, Any], position: int) -> dict[str, Any]:
    price = entry["UnitPrice"] if line.unit_price is None else float(line.unit_price)
    fields = {
        "OpportunityId": deal,
        "PricebookEntryId": entry["Id"],
        "Quantity": line.quantity,
        "UnitPrice": price,
        "SortOrder": position,
    }
    return fields if line.discount is None else {**fields, "Discount": float(line.discount)}


def _with_lines(deal: dict[str, Any]) -> dict[str, Any]:
    """Without the API's wrapping; a deal without lines has an empty list."""
    lines = (deal.pop("OpportunityLineItems", None) or {"records": []})["records"]
    plain = {name: value for name, value in deal.items() if name != "attributes"}
    return {**plain, "Lines": [{k: v for k, v in line.items() if k != "attributes"} for line in lines]}
