"""The afternoon: the orders of the morning are approved, invoiced, paid, credited; one falls overdue."""

import time
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.company.roles import Accountant, Seller
from crmerp_assets.sandbox.company.scene import Event, Scene, Step, play

_PAID, _PART_PAID, _CREDITED, _OVERDUE = range(4)
_NEEDED_ORDERS = 4
_PART = Decimal("0.4")
_CENT = Decimal("0.01")


def afternoon(
    seller: Seller,
    accountant: Accountant,
    today: date,
    orders_of_deals: Mapping[str, str],
    *,
    pause: Callable[[float], None] = time.sleep,
) -> list[Event]:
    """Play the afternoon over the orders the platform has made (deal -> sales order)."""
    if len(orders_of_deals) < _NEEDED_ORDERS:
        raise ValueError(f"the afternoon needs {_NEEDED_ORDERS} orders, there are {len(orders_of_deals)}")
    orders = dict(sorted(orders_of_deals.items()))
    return play(AFTERNOON, Scene(seller, accountant, today, (), orders, pause))


def _approved(scene: Scene, which: int) -> tuple[str, str]:
    deal, order = list(scene.orders.items())[which]
    scene.accountant.approve(order)
    return deal, order


def _invoiced(scene: Scene, kind: str, which: int) -> tuple[str, Decimal, Event]:
    """The invoice, its total and the event."""
    deal, order = _approved(scene, which)
    invoice = scene.accountant.bill(order, scene.today)
    return _issued(scene, kind, deal, order, invoice)


def _issued(scene: Scene, kind: str, deal: str, order: str, invoice: str) -> tuple[str, Decimal, Event]:
    at, total = scene.accountant.at, scene.accountant.total(invoice)
    detail = {"order": order, "total": str(total)}
    return invoice, total, Event(kind, "An invoice is issued", deal, invoice, at, detail)


def _done(scene: Scene, issued: Event, what: str, erp_id: str, amount: Decimal) -> Event:
    detail: dict[str, Any] = {"invoice": issued.erp_id, "amount": str(amount)}
    return Event(issued.kind, what, issued.crm_id, erp_id, scene.accountant.at, detail)


def _paid(scene: Scene) -> list[Event]:
    invoice, total, issued = _invoiced(scene, "invoice_paid", _PAID)
    payment = scene.accountant.pay(invoice, None, scene.today)
    return [issued, _done(scene, issued, "It is paid in full", payment, total)]


def _part_paid(scene: Scene) -> list[Event]:
    invoice, total, issued = _invoiced(scene, "invoice_part_paid", _PART_PAID)
    amount = (total * _PART).quantize(_CENT)
    payment = scene.accountant.pay(invoice, amount, scene.today)
    return [issued, _done(scene, issued, "A part of it is paid", payment, amount)]


def _credited(scene: Scene) -> list[Event]:
    invoice, total, issued = _invoiced(scene, "invoice_credited", _CREDITED)
    credit = scene.accountant.credit(invoice, None, scene.today)
    return [issued, _done(scene, issued, "It is credited in full", credit, total)]


def _overdue(scene: Scene) -> list[Event]:
    deal, order = _approved(scene, _OVERDUE)
    invoice = scene.accountant.make_overdue(order, scene.today)
    return [_issued(scene, "invoice_overdue", deal, order, invoice)[2]]


def _others(scene: Scene) -> list[Event]:
    return [_invoiced(scene, "invoices_issued", which)[2] for which in range(_NEEDED_ORDERS, len(scene.orders))]


AFTERNOON: tuple[Step, ...] = (
    Step("invoice_paid", "An order is invoiced and paid in full", _paid, {"invoice_status": "Paid"}),
    Step(
        "invoice_part_paid", "An order is invoiced and paid in part", _part_paid, {"invoice_status": "Partially Paid"}
    ),
    Step(
        "invoice_credited",
        "An order is invoiced and credited in full",
        _credited,
        {"invoice_status": "Credited"},
    ),
    Step("invoice_overdue", "An order's invoice falls overdue", _overdue, {"invoice_status": "Overdue"}),
    Step("invoices_issued", "The other orders are invoiced", _others, {"invoice_status": "Open"}),
)
