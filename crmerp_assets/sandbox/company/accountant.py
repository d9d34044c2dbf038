"""What accountants do all day, through NetSuite's API: customers, approvals, invoices, payments, credits."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from crmerp_assets.sandbox.company.cashier import Cashier

_PENDING_APPROVAL, _APPROVED, _CANCELLED, _CLOSED = "ABCH"
_TRANSACTIONS = """SELECT t.id, t.externalid, t.tranid, t.entity, t.status, BUILTIN.DF(t.status) AS status_name,
    TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate, TO_CHAR(t.duedate, 'YYYY-MM-DD') AS duedate, c.symbol AS currency,
    t.foreigntotal AS total, t.foreignamountpaid AS paid, t.foreignamountunpaid AS unpaid, t.memo, t.otherrefnum
    FROM transaction t LEFT JOIN currency c ON c.id = t.currency WHERE t.type = ? ORDER BY t.id"""


class Accountant(Cashier):
    """An accountant: orders and invoices here, money as a cashier. Methods raise Refused when NetSuite says no."""

    def __init__(self, url: str, user: str = "bob", ca_file: Path | None = None) -> None:
        super().__init__(url, user, ca_file)

    def orders(self) -> list[dict[str, Any]]:
        """Sales orders: id, externalid, tranid, entity, status, status_name, trandate, currency, total, memo, ..."""
        return self.query(_TRANSACTIONS, "SalesOrd")

    def invoices(self) -> list[dict[str, Any]]:
        """Invoices: as orders, with duedate, paid and unpaid."""
        return self.query(_TRANSACTIONS, "CustInvc")

    def documents(self, *types: str) -> list[dict[str, Any]]:
        """Transactions of some SuiteQL types (CustPymt, CustCred, CustDep, CustRfnd, ...): as invoices, with type."""
        return [{**row, "type": type_} for type_ in types for row in self.query(_TRANSACTIONS, type_)]

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
            self._move(order, _APPROVED)

    def cancel(self, order: str) -> None:
        """Cancel an order that nothing was made from."""
        self._move(order, _CANCELLED)

    def close_order(self, order: str) -> None:
        """Close an order: what is not billed yet never will be."""
        self._move(order, _CLOSED)

    def _move(self, order: str, status: str) -> None:
        self.change("salesOrder", order, {"orderStatus": {"id": status}})

    def close_line(self, order: str, line: int) -> None:
        """Close one line of an order."""
        self.change("salesOrder", order, {"item": {"items": [{"line": line, "isClosed": True}]}})

    def fulfil(self, order: str, *, partial: Mapping[int, int] | None = None) -> str:
        """Ship what is left of an order, or with `partial` these quantities of these lines; the fulfilment's id."""
        if partial is None:
            return self.transform("salesOrder", order, "itemFulfillment", {})
        return self.transform("salesOrder", order, "itemFulfillment", _quantities(partial), replace="item")

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
        return self.transform("salesOrder", order, "invoice", body | _quantities(partial), replace="item")

    def bill_together(self, orders: Sequence[str], **invoice: Any) -> str:
        """One invoice for several orders of a customer; its id."""
        return self.administration.bill_together(orders, **invoice)

    def make_overdue(self, order: str, today: date, days: int = 30) -> str:
        """Invoice an order with dates in the past, so that it is `days` overdue; the invoice's id."""
        due = today - timedelta(days=days)
        return self.bill(order, invoice_date=due - timedelta(days=30), due_date=due)

    def total(self, type_: str, id_: str) -> Decimal:
        """The total of a transaction, in its currency."""
        (row,) = self.query("SELECT foreigntotal AS total FROM transaction WHERE id = ?", id_)
        return Decimal(str(row["total"]))


def _quantities(partial: Mapping[int, int]) -> dict[str, Any]:
    return {"item": {"items": [{"orderLine": line, "quantity": quantity} for line, quantity in partial.items()]}}
