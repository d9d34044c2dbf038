"""The objects of the protocol: a model, which of its records, and what is read through other models.

A company, its people and its addresses are one model in Odoo, and so are invoices and credit notes; the platform wants
them apart. `res.partner` are the companies, `res.partner.contact` their people, `account.move.invoice` the invoices
and `account.move.refund` the credit notes. `crm.lead` are the opportunities; a lead that is none yet is no deal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.odoo.answers import SYSTEM
from crmerp_assets.connectors.odoo.api import Domain
from crmerp_assets.connectors.odoo.derived import (
    contact_name,
    credit_limit,
    deal_amount,
    deal_currency,
    deal_day,
    deal_won,
    invoice_progress,
    line_text,
    order_progress,
)

Values = Mapping[str, Any]
ListKind = Literal["lines", "quoted", "billed", "applications"]


@dataclass(frozen=True, slots=True)
class Derived:
    """A path that no field has: worked out of fields, `optional` ones where the database has them."""

    needs: tuple[str, ...]
    read: Callable[[Values], str | None]
    optional: tuple[str, ...] = ()
    writeable: bool = False


@dataclass(frozen=True, slots=True)
class ChildList:
    """A list of child records as the protocol's child list. `where` leaves out those that do not count; `dates` says
    that a record is as new as the newest of them, whatever is asked of it."""

    kind: ListKind
    model: str
    inverse: str
    where: tuple[tuple[str, str, Any], ...] = ()
    order: tuple[str, ...] = ()
    derived: Mapping[str, Derived] = field(default_factory=dict)
    paths: tuple[str, ...] = ()
    dates: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """One object. `touched` are relations whose change counts as a change of the record, `given` the values that new
    records have, `merges` says that records of the model can be merged into one another. `prefix` goes before the ids
    of a model whose records stand beside those of another one that counts on its own."""

    name: str
    model: str
    only: tuple[Any, ...] = ()
    touched: tuple[str, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)
    derived: Mapping[str, Derived] = field(default_factory=dict)
    lists: Mapping[str, ChildList] = field(default_factory=dict)
    delivery: bool = False
    merges: bool = False
    prefix: str = ""

    @property
    def domain(self) -> Domain:
        """Which records of the model."""
        return [list(term) if isinstance(term, tuple) else term for term in self.only]


QUOTES = ("draft", "sent")
"""States of an order that is not confirmed yet."""
CONFIRMED = ("sale", "done")
"""States of one that is; `done` until version 16."""
KEY = "xml_id"
"""The external id in our module, which is not a field of the record but a row of ir.model.data."""
DELIVERY = "delivery"
DELIVERY_PARTS = ("name", "street", "street2", "city", "zip", "state_id.code", "country_id.code")

_CUSTOMER = View(
    name="res.partner",
    model="res.partner",
    only=(("is_company", "=", True), ("ref_company_ids", "=", False)),
    given={"is_company": "True"},
    derived={"credit_limit": Derived(("credit_limit",), credit_limit, ("use_partner_credit_limit",), writeable=True)},
    delivery=True,
    merges=True,
)
_CONTACT = View(
    name="res.partner.contact",
    model="res.partner",
    only=(("is_company", "=", False), ("parent_id", "!=", False), ("type", "=", "contact")),
    given={"is_company": "False", "type": "contact"},
    derived={
        "name.first": Derived(("name",), lambda row: contact_name(row)[0], ("x_first_name", "x_last_name"), True),
        "name.last": Derived(("name",), lambda row: contact_name(row)[1], ("x_first_name", "x_last_name"), True),
    },
    merges=True,
)
_PRODUCT = View(name="product.product", model="product.product")
_ORDER_LINES = ChildList(
    "lines",
    "sale.order.line",
    "order_id",
    where=(("display_type", "=", False), ("product_uom_qty", "!=", 0)),
    order=("sequence",),
    derived={"name": Derived(("name", "product_id"), line_text, writeable=True)},
    dates=True,
)
_ORDER = View(
    name="sale.order",
    model="sale.order",
    touched=("order_line",),
    derived={
        "progress": Derived(("state", "invoice_status", "_lines"), order_progress),
        "date_order.day": Derived(("date_order", "_home"), lambda row: row["_home"].day(row["date_order"]), (), True),
    },
    lists={"order_line": _ORDER_LINES},
)
_MOVE = {"progress": Derived(("state", "payment_state"), invoice_progress)}
_BILLED = ChildList("billed", "account.move.line", "move_id", paths=("order", "amount"))
_APPLIED = ChildList("applications", "account.partial.reconcile", "credit_move_id", paths=("invoice", "amount"))
_INVOICE_LINES = ChildList(
    "lines", "account.move.line", "move_id", where=(("display_type", "=", "product"),), order=("id",)
)
_INVOICE = View(
    name="account.move.invoice",
    model="account.move",
    only=(("move_type", "=", "out_invoice"),),
    touched=("line_ids",),
    derived=_MOVE,
    lists={"billed": _BILLED, "invoice_line_ids": _INVOICE_LINES},
)
_REFUND = View(
    name="account.move.refund",
    model="account.move",
    only=(("move_type", "=", "out_refund"),),
    touched=("line_ids",),
    derived=_MOVE,
    lists={"applications": _APPLIED, "invoice_line_ids": _INVOICE_LINES},
)
_PAYMENT = View(
    name="account.payment",
    model="account.payment",
    only=(("partner_type", "=", "customer"), ("payment_type", "=", "inbound")),
    touched=("move_id.line_ids",),
    lists={"applications": _APPLIED},
    prefix="p",
)
_SOLD = ChildList(
    "quoted",
    "sale.order.line",
    "order_id",
    where=_ORDER_LINES.where,
    order=_ORDER_LINES.order,
    derived=_ORDER_LINES.derived,
    dates=True,
)
_LEAD = View(
    name="crm.lead",
    model="crm.lead",
    only=(("type", "=", "opportunity"),),
    touched=("order_ids", "order_ids.order_line"),
    given={"type": "opportunity"},
    derived={
        "deal.won": Derived(("probability", "stage_id", "_won"), deal_won),
        "deal.amount": Derived(("expected_revenue", "_quoted"), deal_amount, writeable=True),
        "deal.currency": Derived(("company_currency", "_quoted"), deal_currency, writeable=True),
        "deal.day": Derived(
            ("date_closed", "date_deadline", "probability", "stage_id", "_won", "_home"), deal_day, writeable=True
        ),
    },
    lists={"quoted": _SOLD},
)
_RATE = View(name="res.currency.rate", model="res.currency.rate")

VIEWS = {view.name: view for view in (_CUSTOMER, _CONTACT, _PRODUCT, _LEAD, _ORDER, _INVOICE, _REFUND, _PAYMENT, _RATE)}


def view_of(name: str) -> View:
    """The object of that name; ConfigError names the ones that exist."""
    if name not in VIEWS:
        message = f"Odoo object {name!r} is not known here; use one of {', '.join(VIEWS)} in the mapping."
        raise ConfigError(message, system=SYSTEM, object=name)
    return VIEWS[name]
