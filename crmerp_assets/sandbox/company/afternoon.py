"""The afternoon: the orders of the morning are approved, invoiced, paid, credited; one falls overdue."""

import time
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.company.people import Accountant, Seller
from crmerp_assets.sandbox.company.scene import Event, Scene, Step, play

_PAID, _PART_PAID, _CREDITED, _OVERDUE = range(4)
_NEEDED_ORDERS = 4
_PART = Decimal("0.4")
_CENT = Decimal("0.01")


def afternoon(
    seller: Seller,
    accountant: Accountant,
    today: date,
    orders_by_opportunity_id: Mapping[str, str],
    *,
    pause: Callable[[float], None] = time.sleep,
) -> list[Event]:
    """Play the afternoon over the orders the platform has made (opportunity id -> sales order id)."""
    if len(orders_by_opportunity_id) < _NEEDED_ORDERS:
        raise ValueError(f"the afternoon needs {_NEEDED_ORDERS} orders, there are {len(orders_by_opportunity_id)}")
    orders = dict(sorted(orders_by_opportunity_id.items()))
    return play(AFTERNOON, Scene(seller, accountant, today, {}, orders, pause))


def _approved(scene: Scene, which: int) -> tuple[str, str]:
    opportunity, order = list(scene.orders.items())[which]
    scene.accountant.approve(order)
    return opportunity, order


def _invoiced(scene: Scene, kind: str, which: int) -> tuple[str, Decimal, Event]:
    """The invoice, its total and the event."""
    opportunity, order = _approved(scene, which)
    invoice = scene.accountant.bill(order, invoice_date=scene.today)
    return _issued(scene, kind, opportunity, order, invoice)


def _issued(scene: Scene, kind: str, opportunity: str, order: str, invoice: str) -> tuple[str, Decimal, Event]:
    at, total = scene.accountant.at, scene.accountant.total("invoice", invoice)
    detail = {"order": order, "total": str(total)}
    return invoice, total, Event(kind, "An invoice is issued", opportunity, invoice, at, detail)


def _done(scene: Scene, issued: Event, what: str, erp_id: str, amount: Decimal) -> Event:
    detail: dict[str, Any] = {"invoice": issued.erp_id, "amount": str(amount)}
    return Event(issued.kind, what, issued.crm_id, erp_id, scene.accountant.at, detail)


def _paid(scene: Scene) -> list[Event]:
    invoice, total, issued = _invoiced(scene, "invoice_paid", _PAID)
    payment = scene.accountant.pay(invoice, day=scene.today)
    return [issued, _done(scene, issued, "It is paid in full", payment, total)]


def _part_paid(scene: Scene) -> list[Event]:
    invoice, total, issued = _invoiced(scene, "invoice_part_paid", _PART_PAID)
    amount = (total * _PART).quantize(_CENT)
    payment = scene.accountant.pay(invoice, amount, scene.today)
    return [issued, _done(scene, issued, "A part of it is paid", payment, amount)]


def _credited(scene: Scene) -> list[Event]:
    invoice, total, issued = _invoiced(scene, "invoice_credited", _CREDITED)
    credit = scene.accountant.credit(invoice, day=scene.today)
    return [issued, _done(scene, issued, "It is credited in full", credit, total)]


def _overdue(scene: Scene) -> list[Event]:
    opportunity, order = _approved(scene, _OVERDUE)
    invoice = scene.accountant.make_overdue(order, scene.today)
    return [_issued(scene, "invoice_overdue", opportunity, order, invoice)[2]]


def _others(scene: Scene) -> list[Event]:
    return [_invoiced(scene, "invoices_issued", which)[2] for which in range(_NEEDED_ORDERS, len(scene.orders))]


def _reaches(status: str, **more: Any) -> dict[str, Any]:
    return {"opportunity": {"ERP_Invoice_Status__c": status, "ERP_Order_Status__c": "Billed", **more}}


AFTERNOON: tuple[Step, ...] = (
    Step("invoice_paid", "An order is invoiced and paid in full", _paid, _reaches("Paid", ERP_Open_Balance__c=0)),
    Step("invoice_part_paid", "An order is invoiced and paid in part", _part_paid, _reaches("Partially Paid")),
    Step(
        "invoice_credited",
        "An order is invoiced and credited in full",
        _credited,
        _reaches("Credited", ERP_Open_Balance__c=0),
    ),
    Step("invoice_overdue", "An order's invoice falls overdue", _overdue, _reaches("Overdue")),
    Step("invoices_issued", "The other orders are invoiced", _others, _reaches("Open")),
)
