"""What accountants do all day, through NetSuite's API: customers, approvals, invoices, payments, credits."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from crmerp_assets.sandbox.company.netsuite import NetSuite

_APPROVED = {"orderStatus": {"id": "B"}}
_PENDING_APPROVAL = "A"
_TRANSACTIONS = """SELECT t.id, t.externalid, t.tranid, t.entity, t.status, BUILTIN.DF(t.status) AS status_name,
    TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate, TO_CHAR(t.duedate, 'YYYY-MM-DD') AS duedate, c.symbol AS currency,
    t.foreigntotal AS total, t.foreignamountpaid AS paid, t.foreignamountunpaid AS unpaid, t.memo, t.otherrefnum
    FROM transaction t LEFT JOIN currency c ON c.id = t.currency WHERE t.type = ? ORDER BY t.id"""


class Accountant(NetSuite):
    """An accountant. Methods raise Refused when NetSuite says no."""

    def __init__(self, url: str, user: str = "bob", ca_file: Path | None = None) -> None:
        super().__init__(url, user, ca_file)

    def orders(self) -> list[dict[str, Any]]:
        """Sales orders: id, externalid, tranid, entity, status, status_name, trandate, currency, total, memo, ..."""
        return self.query(_TRANSACTIONS, "SalesOrd")

    def invoices(self) -> list[dict[str, Any]]:
        """Invoices: as orders, with duedate, paid and unpaid."""
        return self.query(_TRANSACTIONS, "CustInvc")

    def change_customer(self, customer: str, **fields: Any) -> None:
        """Change fields of a customer."""
        self.change("customer", customer, fields)

    def change_address(self, customer: str, **fields: Any) -> None:
        """Change fields (addr1, city, state, zip, country={"id": ...}) of the default billing address."""
        book = self.read("customer", customer)["addressBook"]["items"]
        billing = next((line for line in book if line.get("defaultBilling")), None)
        line: dict[str, Any] = {"addressBookAddress": fields}
        line |= {"defaultBilling": True} if billing is None else {"id": billing["id"]}
        self.change("customer", customer, {"addressBook": {"items": [line]}})

    def approve(self, order: str) -> None:
        """Approve an order if it waits for that."""
        if self.read("salesOrder", order)["orderStatus"]["id"] == _PENDING_APPROVAL:
            self.change("salesOrder", order, _APPROVED)

    def bill(
        self,
        order: str,
        *,
        partial: Mapping[int, int] | None = None,
        invoice_date: date | None = None,
        due_date: date | None = None,
    ) -> str:
        """Invoice an order, or with `partial` these quantities of these order lines only; the invoice's id."""
        body: dict[str, Any] = {}
        if invoice_date is not None:
            body["tranDate"] = invoice_date.isoformat()
        if due_date is not None:
            body["dueDate"] = due_date.isoformat()
        if partial is None:
            return self.transform("salesOrder", order, "invoice", body)
        body["item"] = {"items": [{"orderLine": line, "quantity": quantity} for line, quantity in partial.items()]}
        return self.transform("salesOrder", order, "invoice", body, replace="item")

    def make_overdue(self, order: str, today: date, days: int = 30) -> str:
        """Invoice an order with dates in the past, so that it is `days` overdue; the invoice's id."""
        due = today - timedelta(days=days)
        return self.bill(order, invoice_date=due - timedelta(days=30), due_date=due)

    def pay(self, invoice: str, amount: Decimal | None = None, day: date | None = None) -> str:
        """Enter a payment of an invoice, in full unless an amount is given; the payment's id."""
        body: dict[str, Any] = {} if amount is None else {"payment": float(amount)}
        if day is not None:
            body["tranDate"] = day.isoformat()
        return self.transform("invoice", invoice, "customerPayment", body)

    def credit(self, invoice: str, amount: Decimal | None = None, day: date | None = None) -> str:
        """Credit an invoice, in full unless an amount is given; the credit memo's id."""
        body: dict[str, Any] = {} if day is None else {"tranDate": day.isoformat()}
        if amount is None:
            return self.transform("invoice", invoice, "creditMemo", body)
        first = self.read("invoice", invoice)["item"]["items"][0]["line"]
        line = {"orderLine": first, "quantity": 1, "rate": float(amount), "amount": float(amount)}
        body |= {"item": {"items": [line]}}
        return self.transform("invoice", invoice, "creditMemo", body, replace="item")

    def total(self, type_: str, id_: str) -> Decimal:
        """The total of a transaction, in its currency."""
        (row,) = self.query("SELECT foreigntotal AS total FROM transaction WHERE id = ?", id_)
        return Decimal(str(row["total"]))
