"""A seller in Salesforce."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from crmerp_assets.sandbox.company import roles
from crmerp_assets.sandbox.company.client import Administration
from crmerp_assets.sandbox.company.crm.salesforce_seed import fill
from crmerp_assets.sandbox.company.roles import Keyed, Newcomer, OpenDeal, SaleLine
from crmerp_assets.sandbox.company.salesforce import quoted
from crmerp_assets.sandbox.company.seller import Seller as Person
from crmerp_assets.sandbox.company.systems import System

_KEY = "Crmerp_Id__c"


class Seller(roles.Seller):
    """What a seller does, on accounts and opportunities."""

    def __init__(self, url: str) -> None:
        self.person = Person(url)

    def open_deals(self) -> list[OpenDeal]:
        return [
            OpenDeal(
                deal["Id"],
                deal["Name"],
                deal["StageName"],
                Decimal(str(deal["Amount"] or 0)),
                deal["CurrencyIsoCode"],
                deal["AccountId"],
                tuple(line["ProductCode"] for line in deal["Lines"]),
            )
            for deal in self.person.open_deals()
        ]

    def win(self, deal: str, today: date) -> None:
        self.person.win(deal, today)

    def create_account(self, newcomer: Newcomer) -> str:
        return self.person.create_account(
            newcomer.name,
            Website=newcomer.website,
            Phone=newcomer.phone,
            BillingStreet=newcomer.street,
            BillingCity=newcomer.city,
            BillingPostalCode=newcomer.postcode,
            BillingCountry=newcomer.country,
            CurrencyIsoCode=newcomer.currency,
        )

    def create_contact(self, account: str, first_name: str, last_name: str, email: str) -> str:
        return self.person.create_contact(account, last_name, FirstName=first_name, Email=email)

    def create_deal(self, account: str, name: str, lines: Sequence[SaleLine], today: date, currency: str) -> str:
        return self.person.create_deal(account, name, lines, today, currency)

    def create_text_deal(self, account: str, name: str, product: str, amount: Decimal, today: date) -> str:
        return self.person.create_text_deal(account, name, product, amount, today)

    def change_phone(self, account: str, phone: str) -> None:
        self.person.change("Account", account, {"Phone": phone})

    def phone(self, account: str) -> str:
        return self._shown(account, "Phone")

    def street(self, account: str) -> str:
        return self._shown(account, "BillingStreet")

    def _shown(self, account: str, name: str) -> str:
        (found,) = self.person.find("Account", f"Id = {quoted(account)}", (name,))
        return found[name] or ""

    def invoice_statuses(self, deals: Iterable[str]) -> dict[str, str | None]:
        ids = ", ".join(map(quoted, deals))
        found = self.person.find("Opportunity", f"Id IN ({ids})", ("Id", "ERP_Invoice_Status__c")) if ids else []
        return {deal["Id"]: deal["ERP_Invoice_Status__c"] for deal in found}

    def keyed_accounts(self) -> list[Keyed]:
        if _KEY not in self.person.field_types("Account"):
            return []
        found = self.person.find("Account", f"{_KEY} != null", ("Id", _KEY, "CurrencyIsoCode"))
        return [Keyed(row[_KEY], row["Id"], row["CurrencyIsoCode"]) for row in found]


def _is_empty(url: str) -> bool:
    with Administration(url) as admin:
        return admin.count("Account") == 0


SYSTEM = System("salesforce", "Salesforce", 8711, Seller, fill, _is_empty, server="salesforce")
