"""Money in NetSuite as accountants move it: payments, credits, deposits, refunds, write-offs and voids, a line each."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.company.netsuite import NetSuite

WRITE_OFF = "WRITE-OFF"
_REFUNDED_BY = {"creditMemo": "apply", "customerPayment": "apply", "customerDeposit": "deposit"}


class Cashier(NetSuite):
    """Who moves money. Ids go in and come out; methods raise Refused when NetSuite says no."""

    def pay(
        self, invoice: str, amount: Decimal | None = None, day: date | None = None, exchange_rate: float | None = None
    ) -> str:
        """Enter a payment of an invoice, in full unless an amount is given; the payment's id."""
        body: dict[str, Any] = {} if amount is None else {"payment": float(amount)}
        if exchange_rate is not None:
            body["exchangeRate"] = exchange_rate
        return self.transform("invoice", invoice, "customerPayment", body | _on(day))

    def receive(self, customer: str, amount: Decimal, invoices: Mapping[str, Decimal] | None = None) -> str:
        """Enter one payment for several invoices (id -> amount); what is left of it stays on account."""
        body = {"customer": {"id": customer}, "payment": float(amount), "apply": _applied(invoices or {})}
        return self.create("customerPayment", body)

    def credit(self, invoice: str, amount: Decimal | None = None, day: date | None = None) -> str:
        """Credit an invoice, in full unless an amount (before tax) is given; the credit memo's id."""
        if amount is None:
            return self.transform("invoice", invoice, "creditMemo", _on(day))
        first = self.read("invoice", invoice)["item"]["items"][0]["line"]
        line = {"orderLine": first, "quantity": 1, "rate": float(amount), "amount": float(amount)}
        return self.transform("invoice", invoice, "creditMemo", _on(day) | _only(line), replace="item")

    def write_off(self, invoice: str, amount: Decimal | None = None, day: date | None = None) -> str:
        """Give up what is left of an invoice, or an amount of it: a credit memo over the write-off item; its id.

        NetSuite has no write-off of its own. People use this or a journal entry, and this one needs no accounts.
        """
        given_up = float(self.read("invoice", invoice)["amountRemaining"] if amount is None else amount)
        line = {"item": {"id": self._write_off_item()}, "quantity": 1, "rate": given_up, "amount": given_up}
        body = _on(day) | _only(line) | {"memo": "Write-off", "discountItem": None}
        return self.transform("invoice", invoice, "creditMemo", body, replace="item")

    def _write_off_item(self) -> str:
        for row in self.query("SELECT id FROM item WHERE itemid = ?", WRITE_OFF):
            return str(row["id"])
        return self.create("nonInventorySaleItem", {"itemId": WRITE_OFF, "isTaxable": False})

    def deposit(self, customer: str, amount: Decimal, order: str | None = None, day: date | None = None) -> str:
        """Take a deposit, for an order or for none; the deposit's id. Billing the order applies it."""
        body: dict[str, Any] = {"customer": {"id": customer}, "payment": float(amount)} | _on(day)
        if order is not None:
            body |= {"salesOrder": {"id": order}, "currency": {"id": self.read("salesOrder", order)["currency"]["id"]}}
        return self.create("customerDeposit", body)

    def apply_deposit(self, deposit: str, invoices: Mapping[str, Decimal]) -> str:
        """Apply a deposit to invoices (id -> amount); the application's id."""
        return self.transform("customerDeposit", deposit, "depositApplication", {"apply": _applied(invoices)})

    def refund(self, type_: str, credit: str, amount: Decimal | None = None) -> str:
        """Give back what is left of a creditMemo, customerPayment or customerDeposit, or an amount; the refund's id."""
        body = {} if amount is None else {_REFUNDED_BY[type_]: _applied({credit: amount})}
        return self.transform(type_, credit, "customerRefund", body)

    def void(self, type_: str, id_: str) -> None:
        """Void a payment, credit memo, deposit, refund or invoice: it stays, with nothing in it."""
        self.administration.void(type_, id_)


def _on(day: date | None) -> dict[str, Any]:
    return {} if day is None else {"tranDate": day.isoformat()}


def _only(line: Mapping[str, Any]) -> dict[str, Any]:
    return {"item": {"items": [line]}}


def _applied(amounts: Mapping[str, Decimal]) -> dict[str, Any]:
    return {"items": [{"doc": {"id": id_}, "apply": True, "amount": float(value)} for id_, value in amounts.items()]}
