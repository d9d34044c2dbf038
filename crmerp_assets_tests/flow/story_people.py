"""What people do in both systems and what an auditor sees there, in the oracle's words.

A company is recognised by the first word of its name, a deal and its order by the first word of theirs, so that a
double shows as two records of one name, whatever keys they carry.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
from story_oracle import Line, Values
from world import CLOSED, PLAIN, World

from crmerp_assets.sandbox.company.people import Accountant, Seller

IN_CRM = {
    "name": "Name",
    "phone": "Phone",
    "website": "Website",
    "email": "Email__c",
    "billing_city": "BillingCity",
    "credit_limit": "Credit_Limit__c",
    "shipping_city": "ShippingCity",
}
IN_ERP = {"name": "companyName", "phone": "phone", "website": "url", "email": "email", "credit_limit": "creditLimit"}
CITIES = {"billing_city": "defaultBilling", "shipping_city": "defaultShipping"}
PAST, FUTURE = date(2026, 7, 15), date(2099, 1, 1)
DAY = date.fromisoformat(CLOSED)
SKUS = ("SKU-0", "SKU-1", "SKU-2")

_CUSTOMERS = """SELECT t.id, t.entityid, t.externalid AS extkey, t.companyname AS name, t.phone, t.url AS website,
    t.email, t.creditlimit AS credit_limit, TO_CHAR(t.lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS modified,
    b.city AS billing_city, s.city AS shipping_city FROM customer t
    LEFT JOIN customeraddressbookentityaddress b ON b.nkey = t.defaultbillingaddress
    LEFT JOIN customeraddressbookentityaddress s ON s.nkey = t.defaultshippingaddress"""
_ORDERS = """SELECT t.id, t.tranid, t.externalid AS extkey, t.memo AS name, t.foreigntotal AS total, t.entity
    FROM transaction t WHERE t.type = 'SalesOrd'"""
_LINES = """SELECT l.transaction AS "order", l.id AS line, i.itemid AS sku, l.quantity, l.rate
    FROM transactionline l JOIN item i ON i.id = l.item JOIN transaction t ON t.id = l.transaction
    WHERE t.type = 'SalesOrd' AND l.mainline = 'F' ORDER BY l.transaction, l.id"""
_CONTACTS = "SELECT id, externalid AS extkey, lastname AS name, title, email, company FROM contact"
_ITEMS = "SELECT id, externalid AS extkey, itemid AS sku, displayname AS name FROM item"
_DEALS = """SELECT Id, Name, Crmerp_Id__c, Amount, ERP_Order_Number__c, ERP_Order_Status__c, ERP_Order_Total__c,
    ERP_Invoice_Status__c, ERP_Invoiced__c, ERP_Paid__c, ERP_Credited__c, ERP_Open_Balance__c FROM Opportunity"""


@dataclass
class Seen:
    """All records of both systems, as native rows with `values` in the oracle's words, by the word they go by."""

    accounts: dict[str, list[dict[str, Any]]]
    customers: dict[str, list[dict[str, Any]]]
    deals: dict[str, list[dict[str, Any]]]
    orders: dict[str, list[dict[str, Any]]]
    contacts: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]]
    products: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]]

    def carried(self) -> Iterable[tuple[str, list[str]]]:
        """(what, keys of its live records) of every kind of record and system."""
        yield "accounts", _keys(self.accounts, "Crmerp_Id__c")
        yield "customers", _keys(self.customers, "extkey")
        yield "deals", _keys(self.deals, "Crmerp_Id__c")
        yield "orders", _keys(self.orders, "extkey")


def _keys(rows: dict[str, list[dict[str, Any]]], name: str) -> list[str]:
    return [row[name] for found in rows.values() for row in found if row.get(name)]


class People:
    """Ann sells in the CRM, Bob keeps the books in the ERP, and an auditor reads both."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ann, self.bob = Seller(world.crm.url), Accountant(world.erp.url)
        self.ids: dict[tuple[str, str], str] = {}
        """(crm or erp, word) -> native id of what people made themselves or have seen since."""

    def close(self) -> None:
        """They log out."""
        self.ann.close()
        self.bob.close()

    def new_account(self, word: str, values: Values, tax_id: str | None) -> None:
        """An account in the CRM."""
        fields = {IN_CRM[name]: _native(name, value) for name, value in values.items() if value is not None}
        self.ids["crm", word] = self.ann.create("Account", {"CurrencyIsoCode": "USD", "Tax_Id__c": tax_id, **fields})

    def new_customer(self, word: str, values: Values, tax_id: str | None) -> None:
        """A customer in the ERP."""
        fields = {IN_ERP[n]: _native(n, v) for n, v in values.items() if n in IN_ERP and v is not None}
        body = {"isPerson": False, "subsidiary": {"id": "1"}, "currency": {"id": "1"}, "vatRegNumber": tax_id, **fields}
        self.ids["erp", word] = self.bob.create("customer", body)
        for name in CITIES:
            if values.get(name) is not None:
                self.edit("erp", word, name, values[name])

    def edit(self, system: str, word: str, name: str, value: str | None) -> None:
        """One field of a company in one system; None blanks it."""
        if system == "crm":
            self.ann.change("Account", self.ids["crm", word], {IN_CRM[name]: _native(name, value)})
        elif name in CITIES:
            self._move(self.ids["erp", word], CITIES[name], value)
        else:
            self.bob.change_customer(self.ids["erp", word], **{IN_ERP[name]: _native(name, value)})

    def _move(self, customer: str, default: str, city: str | None) -> None:
        book = self.bob.read("customer", customer)["addressBook"]["items"]
        known = next((line for line in book if line.get(default)), None)
        line: dict[str, Any] = {"addressBookAddress": {"city": city}}
        line |= {default: True} if known is None else {"id": known["id"]}
        self.bob.change_customer(customer, addressBook={"items": [line]})

    def delete_account(self, word: str) -> None:
        """Into the recycle bin."""
        self.ann.call("DELETE", f"/services/data/v68.0/sobjects/Account/{self.ids['crm', word]}")

    def undelete_account(self, word: str) -> bool:
        """Out of the recycle bin; False where Salesforce refuses, as its survivor carries its key by now."""
        body = {"object": "Account", "ids": [self.ids["crm", word]]}
        answer = httpx.post(f"{self.world.crm.url}/_sandbox/undelete", json=body, timeout=60, verify=PLAIN)
        assert answer.status_code < 300 or "DUPLICATE_VALUE" in answer.text, answer.text
        return answer.status_code < 300

    def merge_accounts(self, winner: str, loser: str) -> None:
        """Two accounts become one."""
        ids = {"winner": self.ids["crm", winner], "losers": [self.ids["crm", loser]]}
        self.world.admin("crm", "merge", {"object": "Account", **ids})

    def new_contact(self, word: str, company: str, values: Values) -> None:
        """A person at an account."""
        fields = {"title": "Title", "email": "Email"}
        given = {fields[name]: value for name, value in values.items() if value is not None}
        self.ids["crm", word] = self.ann.create_contact(self.ids["crm", company], word, **given)

    def edit_contact(self, system: str, word: str, name: str, value: str | None) -> None:
        """One field of a contact."""
        if system == "crm":
            self.ann.change("Contact", self.ids["crm", word], {name.capitalize(): value})
        else:
            self.bob.change("contact", self.ids["erp", word], {name: value})

    def rename_product(self, system: str, sku: str, name: str) -> None:
        """The name of a product."""
        if system == "crm":
            self.ann.change("Product2", self.ids["crm", sku], {"Name": name})
        else:
            self.bob.change("nonInventorySaleItem", self.ids["erp", sku], {"displayName": name})

    def new_deal(self, name: str, company: str, lines: list[Line], entries: dict[str, str]) -> None:
        """An open deal over some lines."""
        word = _word(name)
        header = {"AccountId": self.ids["crm", company], "Name": name, "StageName": "Negotiation", "CloseDate": CLOSED}
        book = {"CurrencyIsoCode": "USD", "Pricebook2Id": self.world.price_book()}
        self.ids["crm", word] = self.ann.create("Opportunity", header | book)
        self._sell(word, lines, entries)

    def change_lines(self, word: str, lines: list[Line], entries: dict[str, str]) -> None:
        """The lines of a deal are thrown away and entered anew."""
        asked = f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{self.ids['crm', word]}'"
        for row in self.ann.query(asked):
            self.ann.call("DELETE", f"/services/data/v68.0/sobjects/OpportunityLineItem/{row['Id']}")
        self._sell(word, lines, entries)

    def _sell(self, word: str, lines: list[Line], entries: dict[str, str]) -> None:
        rows = [
            {"OpportunityId": self.ids["crm", word], "PricebookEntryId": entries[sku], "Quantity": quantity}
            | {"UnitPrice": float(price), "SortOrder": at}
            for at, (sku, quantity, price) in enumerate(lines, 1)
        ]
        if rows:
            self.ann.create_all("OpportunityLineItem", rows)

    def change_deal(self, word: str, **fields: Any) -> None:
        """The header of a deal."""
        self.ann.change("Opportunity", self.ids["crm", word], fields)

    def bill(self, word: str, lines: list[int] | None, overdue: bool) -> str:
        """Invoice all that is left of an order, or these lines of it (from 0); the invoice's id."""
        order = self.ids["erp", word]
        rows = self.bob.read("salesOrder", order)["item"]["items"]
        partial = None if lines is None else {int(rows[n]["line"]): int(rows[n]["quantity"]) for n in lines}
        return self.bob.bill(order, partial=partial, invoice_date=DAY, due_date=PAST if overdue else FUTURE)

    def pay(self, invoice: str, amount: Decimal) -> None:
        """A payment of an invoice."""
        self.bob.pay(invoice, amount, DAY)

    def credit(self, invoice: str, amount: Decimal | None) -> None:
        """A credit memo for an invoice, in full or over an amount."""
        self.bob.credit(invoice, amount, DAY)

    def look(self) -> Seen:
        """Read everything, and remember the ids of what has come up since."""
        fields = ", ".join(IN_CRM.values())
        asked = f"SELECT Id, Crmerp_Id__c, ERP_Customer_Number__c, ERP_Balance__c, ERP_Overdue_Balance__c, {fields}"
        accounts = self.ann.query(f"{asked}, SystemModstamp FROM Account")
        for row in accounts:
            row["values"] = {name: _plain(name, row.get(native)) for name, native in IN_CRM.items()}
            row["modified"] = datetime.strptime(row["SystemModstamp"], "%Y-%m-%dT%H:%M:%S.000%z")
        customers = self.bob.query(_CUSTOMERS)
        for row in customers:
            row["values"] = {name: _plain(name, row.get(name)) for name in IN_CRM}
            row["modified"] = datetime.fromisoformat(row["modified"]).replace(tzinfo=UTC)
        seen = Seen(
            _by(accounts, "Name"),
            _by(customers, "name"),
            _by(self.ann.query(_DEALS), "Name"),
            _by(self._orders(), "name"),
            self._contacts(),
            self._products(),
        )
        self._remember(seen)
        return seen

    def _orders(self) -> list[dict[str, Any]]:
        lines = defaultdict(list)
        for row in self.bob.query(_LINES):
            lines[row["order"]].append((row["sku"], abs(int(Decimal(row["quantity"]))), Decimal(row["rate"])))
        return [row | {"lines": lines[row["id"]]} for row in self.bob.query(_ORDERS)]

    def _contacts(self) -> dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
        crm = self.ann.query("SELECT Id, LastName, Title, Email, AccountId FROM Contact")
        named = [row | {"values": {"title": row["Title"], "email": row["Email"]}} for row in crm]
        erp = self.bob.query(_CONTACTS)
        written = [row | {"values": {"title": row.get("title"), "email": row.get("email")}} for row in erp]
        return _both(_by(named, "LastName"), _by(written, "name"))

    def _products(self) -> dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
        crm = [
            r | {"values": {"name": r["Name"]}} for r in self.ann.query("SELECT Id, Name, ProductCode FROM Product2")
        ]
        erp = [row | {"values": {"name": row.get("name")}} for row in self.bob.query(_ITEMS)]
        return _both(_by(crm, "ProductCode"), _by(erp, "sku"))

    def _remember(self, seen: Seen) -> None:
        both = {word: (seen.accounts.get(word, []), seen.customers.get(word, [])) for word in _words(seen)}
        deals = {word: (seen.deals.get(word, []), seen.orders.get(word, [])) for word in {*seen.deals, *seen.orders}}
        for word, (crm, erp) in (both | deals | seen.contacts | seen.products).items():
            if crm:
                self.ids.setdefault(("crm", word), crm[0]["Id"])
            if erp:
                self.ids.setdefault(("erp", word), erp[0]["id"])


def _words(seen: Seen) -> set[str]:
    return {*seen.accounts, *seen.customers}


def _word(name: str) -> str:
    return name.split()[0]


def _by(rows: list[dict[str, Any]], name: str) -> dict[str, list[dict[str, Any]]]:
    found = defaultdict(list)
    for row in rows:
        found[_word(row[name])].append(row)
    return dict(found)


def _both(crm: dict[str, list[Any]], erp: dict[str, list[Any]]) -> dict[str, tuple[list[Any], list[Any]]]:
    return {word: (crm.get(word, []), erp.get(word, [])) for word in {*crm, *erp}}


def _native(name: str, value: str | None) -> Any:
    if value is None:
        return None
    if name == "credit_limit":
        return int(value)
    return f"https://{value}" if name == "website" else value


def _plain(name: str, value: Any) -> str | None:
    """The bare form in which both systems' spellings of a value are one."""
    if value is None or value == "":
        return None
    if name == "phone":
        return "".join(character for character in str(value) if character.isdigit() or character == "+")
    if name == "credit_limit":
        return str(int(Decimal(str(value))))
    return str(value).removeprefix("https://").removesuffix("/") if name == "website" else str(value)
