"""Do both sides agree? Asked of the systems themselves, as their people would see it. Each finding is a line."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from crmerp_assets.sandbox.company.people import Accountant, Seller
from crmerp_assets.sync.platform import Platform

from .people import Diary

_BUSY = ["planned", "approved", "claimed", "sent", "unknown", "rejected"]
_DEAL = (
    "Id, Name, Amount, Crmerp_Id__c, ERP_Order_Number__c, ERP_Order_Total__c, ERP_Invoiced__c, ERP_Paid__c, "
    "ERP_Credited__c, ERP_Open_Balance__c"
)
_INVOICES = """SELECT t.id, link.previousdoc AS "order", t.foreigntotal AS total, t.foreignamountunpaid AS unpaid
    FROM transaction t JOIN (SELECT DISTINCT nextdoc, previousdoc FROM previoustransactionlinelink
    WHERE linktype = 'OrdBill') link ON link.nextdoc = t.id WHERE t.type = 'CustInvc'"""


def unordered(ann: Seller, diary: Diary) -> list[str]:
    """Won deals that do not show an order number yet."""
    shown = {row["Id"]: row for row in ann.query(f"SELECT {_DEAL} FROM Opportunity WHERE IsWon = true")}
    return [deal for deal in diary.won if not shown[deal]["ERP_Order_Number__c"]]


def busy(platform: Platform) -> list[str]:
    """Intents that are still to be done, or were refused; a held one has a reason and is not among them."""
    with platform.ledger.read() as tx:
        rows = tx.intents.open(states=_BUSY).to_dicts()
    return [f"{r['entity']} {r['golden_id']} to {r['connection']} is {r['state']}: {r['error'] or ''}" for r in rows]


def disagreements(platform: Platform, ann: Seller, bob: Accountant, diary: Diary, reports: Path) -> list[str]:
    """Everything in which the sides do not agree."""
    deals = {row["Id"]: row for row in ann.query(f"SELECT {_DEAL} FROM Opportunity WHERE IsWon = true")}
    orders = bob.orders()
    return [
        *busy(platform),
        *_doubles(ann, bob, orders),
        *_orders(deals, orders, diary),
        *_cash(deals, orders, bob.query(_INVOICES)),
        *_customers(ann, bob),
        *_contacts(ann, bob, diary),
        *_explained(reports),
    ]


def _doubles(ann: Seller, bob: Accountant, orders: list[dict[str, Any]]) -> Iterator[str]:
    """Two records with one key."""
    keys = {"sales orders": [row["externalid"] for row in orders if row.get("externalid")]}
    keys |= {
        table: [row["externalid"] for row in bob.query(f"SELECT externalid FROM {table} WHERE externalid IS NOT NULL")]
        for table in ("customer", "contact", "item")
    }
    keys |= {
        native: [row["Crmerp_Id__c"] for row in ann.find(native, "Crmerp_Id__c != null", ("Crmerp_Id__c",))]
        for native in ("Account", "Contact", "Product2", "Opportunity")
    }
    for what, found in keys.items():
        yield from (f"{what}: {key} is there {n} times" for key, n in Counter(found).items() if n > 1)


def _orders(deals: dict[str, dict[str, Any]], orders: list[dict[str, Any]], diary: Diary) -> Iterator[str]:
    """Every won deal is ordered once, over its amount, and shows the number."""
    memos = Counter(row.get("memo") for row in orders)
    by_key = {row["externalid"].lower(): row for row in orders if row.get("externalid")}
    for deal in diary.won:
        row = deals[deal]
        order = by_key.get(str(row["Crmerp_Id__c"]).lower())
        if order is None:
            yield f"{row['Name']} has no order"
        elif memos[row["Name"]] != 1:
            yield f"{row['Name']} has {memos[row['Name']]} orders"
        elif _money(order["total"]) != _money(row["Amount"]) or _money(row["ERP_Order_Total__c"]) != _money(
            row["Amount"]
        ):
            yield f"{row['Name']} is worth {row['Amount']}, its order {order['total']}"
        elif order["tranid"] != row["ERP_Order_Number__c"]:
            yield f"{row['Name']} shows {row['ERP_Order_Number__c']}, not {order['tranid']}"


def _cash(
    deals: dict[str, dict[str, Any]], orders: list[dict[str, Any]], invoices: Iterable[dict[str, Any]]
) -> Iterator[str]:
    """Each deal shows the sums of its invoices."""
    keys = {row["id"]: str(row.get("externalid") or "").lower() for row in orders}
    by_key = {str(row["Crmerp_Id__c"]).lower(): row for row in deals.values() if row["Crmerp_Id__c"]}
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for invoice in invoices:
        key = keys.get(invoice["order"], "")
        total, unpaid = sums.get(key, (Decimal(0), Decimal(0)))
        sums[key] = total + _money(invoice["total"]), unpaid + _money(invoice.get("unpaid"))
    for key, (total, unpaid) in sums.items():
        row = by_key.get(key)
        if row is None:
            continue
        shown = _money(row["ERP_Invoiced__c"]), _money(row["ERP_Open_Balance__c"])
        if shown != (total, unpaid):
            yield f"{row['Name']} shows {shown} as invoiced and open, the ERP says {(total, unpaid)}"
        settled = _money(row["ERP_Paid__c"]) + _money(row["ERP_Credited__c"])
        if settled != total - unpaid:
            yield f"{row['Name']} shows {settled} as paid and credited, the ERP says {total - unpaid}"


def _customers(ann: Seller, bob: Accountant) -> Iterator[str]:
    """Customers with one key have one phone, e-mail and credit limit."""
    rows = bob.query("SELECT externalid, phone, email, creditlimit FROM customer WHERE externalid IS NOT NULL")
    customers = {row["externalid"].lower(): row for row in rows}
    fields = ("Name", "Crmerp_Id__c", "Phone", "Email__c", "Credit_Limit__c")
    for account in ann.find("Account", "Crmerp_Id__c != null", fields):
        customer = customers.get(account["Crmerp_Id__c"].lower())
        if customer is None:
            continue
        pairs = {
            "phone": (_digits(account["Phone"]), _digits(customer.get("phone"))),
            "email": ((account["Email__c"] or "").lower(), (customer.get("email") or "").lower()),
            "credit limit": (_money(account["Credit_Limit__c"]), _money(customer.get("creditlimit"))),
        }
        yield from (f"{account['Name']}: {what} is {a} and {b}" for what, (a, b) in pairs.items() if a != b)


def _contacts(ann: Seller, bob: Accountant, diary: Diary) -> Iterator[str]:
    """Who was entered in the CRM is in the ERP, once."""
    names = Counter(row.get("lastname") for row in bob.query("SELECT lastname FROM contact"))
    for n in range(len(diary.contacts)):
        if names[f"Soak{n}"] != 1:
            yield f"contact Soak{n} is in the ERP {names[f'Soak{n}']} times"


def _explained(reports: Path) -> Iterator[str]:
    """The platform's own reconciliation comes to the same."""
    report = json.loads((reports / "reconciliation.json").read_text(encoding="utf-8"))
    if not report["explained"]:
        yield "the reconciliation has money that is not explained"
    if not report["agrees"]:
        yield f"the reconciliation does not agree: {report['gaps']}"


def _money(value: Any) -> Decimal:
    return Decimal(str(value or 0)).quantize(Decimal("0.01"))


def _digits(value: Any) -> str:
    """The last digits, as each system may spell the country and trunk in its own way."""
    return "".join(character for character in str(value or "") if character.isdigit())[-8:]
