"""The table of native objects: every path of the mapping with the fields that Tryton is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.tryton.billing import (
    applied_credit,
    billed,
    booked_rate,
    credit_left,
    due_date,
    invoice_status,
    line_amount,
    line_currency,
    line_rate,
    progress,
    rate_of,
    turned,
)
from crmerp_assets.connectors.tryton.fields import (
    SYSTEM,
    Child,
    Column,
    Domain,
    NativeObject,
    computed,
    listed,
    named,
    plain,
)
from crmerp_assets.connectors.tryton.parties import (
    address_columns,
    identifier_column,
    key_column,
    mechanism_columns,
    product_key_column,
)
from crmerp_assets.connectors.tryton.values import text, truth

UNFINISHED = " (unfinished)"
"""Behind the key of a sale that is not yet as far as it must be; see sales.py."""


def _customers(context: Mapping[str, Any]) -> Domain:
    """Not the company itself, and not what was replaced by another party."""
    return [["replaced_by", "=", None], ["id", "!=", context["party"]]]


def _finished(_context: Mapping[str, Any]) -> Domain:
    return [["OR", ["reference", "=", None], ["reference", "not like", f"%{UNFINISHED}"]]]


def _rates(context: Mapping[str, Any]) -> Domain:
    return [["currency", "!=", context["currency"]]]


_IDENTITY = {"id": computed("id")}
_STAMPS = {"create_date": computed("create_date"), "write_date": computed("write_date")}

PARTY = NativeObject(
    name="party.party",
    model="party.party",
    only=_customers,
    parts={
        "addresses": "party.address",
        "contact_mechanisms": "party.contact_mechanism",
        "identifiers": "party.identifier",
    },
    writeable=True,
    merges=True,
    columns={
        **_IDENTITY,
        **_STAMPS,
        "key": key_column(),
        "code": computed("code"),
        "name": plain("name"),
        "active": plain("active", "boolean"),
        "customer_payment_term.name": named("customer_payment_term.name", "account.invoice.payment_term"),
        "customer_currency.code": named("customer_currency.code", "currency.currency"),
        "credit_limit_amount": plain("credit_limit_amount", "decimal"),
        "receivable": computed("receivable"),
        "receivable_today": computed("receivable_today"),
        "tax_identifier": identifier_column(),
        **mechanism_columns(),
        **address_columns(),
    },
)

PRODUCT = NativeObject(
    name="product.product",
    model="product.product",
    parts={"template": "product.template", "identifiers": "product.identifier"},
    writeable=True,
    creatable=False,
    columns={
        **_IDENTITY,
        **_STAMPS,
        "key": product_key_column(),
        "code": computed("code"),
        "suffix_code": computed("suffix_code"),
        "name": computed("template.name"),
        "unit": computed(
            "template.sale_uom.name",
            "template.default_uom.name",
            read=lambda record: text(_of_template(record, "sale_uom") or _of_template(record, "default_uom")),
        ),
        "list_price": computed("list_price"),
        "sold": computed(
            "active",
            "template.salable",
            read=lambda record: text(truth(record["active"]) and truth((record.get("template.") or {}).get("salable"))),
        ),
    },
)

_SALE_LINES = Child(
    asks=tuple(
        f"lines.{name}"
        for name in ("type", "sequence", "product", "quantity", "unit_price", "amount", "description", "unit")
    ),
    rows=lambda record: [row for row in listed(record, "lines") if row["type"] == "line"],
    columns={
        "lines.id": computed("id"),
        "lines.sequence": computed("sequence"),
        "lines.product": plain("product", "reference"),
        "lines.quantity": plain("quantity", "float"),
        "lines.unit_price": plain("unit_price", "decimal"),
        "lines.amount": computed("amount"),
        "lines.description": plain("description"),
    },
)

SALE = NativeObject(
    name="sale.sale",
    model="sale.sale",
    joined_late=True,
    only=_finished,
    parts={"lines": "sale.line"},
    writeable=True,
    workflow=True,
    children={"lines": _SALE_LINES},
    columns={
        **_IDENTITY,
        **_STAMPS,
        "reference": plain("reference"),
        "number": computed("number"),
        "description": plain("description"),
        "party": plain("party", "reference"),
        "currency.code": named("currency.code", "currency.currency"),
        "payment_term.name": named("payment_term.name", "account.invoice.payment_term"),
        "sale_date": plain("sale_date", "date"),
        "state": plain("state"),
        "invoice_state": computed("invoice_state"),
        "shipment_state": computed("shipment_state"),
        "progress": computed("state", "invoice_state", "shipment_state", read=progress),
        "untaxed_amount": computed("untaxed_amount"),
        "tax_amount": computed("tax_amount"),
        "total_amount": computed("total_amount"),
    },
)

_BILLED_ASKS = tuple(f"sales.lines.invoice_lines.{name}" for name in ("invoice", "amount"))
_TO_PAY = ("debit", "credit", "amount_second_currency", "second_currency", "maturity_date")
_DUE_ASKS = tuple(f"lines_to_pay.{name}" for name in _TO_PAY)
_INVOICE: dict[str, Column] = {
    **_IDENTITY,
    **_STAMPS,
    "number": computed("number"),
    "party": computed("party"),
    "currency.code": computed("currency.code"),
    "invoice_date": computed("invoice_date"),
    "exchange_rate": computed(*_DUE_ASKS, read=booked_rate),
    "state": computed("state"),
}

INVOICE = NativeObject(
    name="account.invoice",
    model="account.invoice",
    joined_late=True,
    only=lambda _context: [["type", "=", "out"], ["total_amount", ">=", {"__class__": "Decimal", "decimal": "0"}]],
    children={
        "billed": Child(
            asks=_BILLED_ASKS,
            rows=billed,
            columns={"billed.order": computed("order"), "billed.amount": computed("amount")},
        )
    },
    columns={
        **_INVOICE,
        "due_date": computed(*_DUE_ASKS, read=due_date),
        "total_amount": computed("total_amount"),
        "tax_amount": computed("tax_amount"),
        "amount_to_pay": computed("amount_to_pay"),
        "sales": computed("sales", read=lambda record: ",".join(map(str, record.get("sales") or [])) or None),
        "status": computed("state", "cancel_move.origin", read=invoice_status),
    },
)

CREDIT = NativeObject(
    name="account.invoice.credit",
    model="account.invoice",
    joined_late=True,
    only=lambda _context: [
        ["type", "=", "out"],
        ["total_amount", "<", {"__class__": "Decimal", "decimal": "0"}],
        ["state", "in", ["posted", "paid", "cancelled"]],
        ["move", "!=", None],
    ],
    children={
        "applied": Child(
            asks=("state", "total_amount", "origin_invoices", "amount_to_pay"),
            rows=applied_credit,
            columns={"applied.invoice": computed("invoice"), "applied.amount": computed("amount")},
        )
    },
    columns={
        **_INVOICE,
        "amount": computed("total_amount", read=turned("total_amount")),
        "unapplied": computed("amount_to_pay", "state", read=credit_left),
        "voided": computed("state", read=lambda record: text(record["state"] == "cancelled")),
    },
)

_PAID_ASKS = ("debit", "credit", "amount_second_currency", "second_currency.code")
PAYMENT = NativeObject(
    name="account.payment.line",
    model="account.move.line",
    joined_late=True,
    only=lambda _context: [["invoice_payments.type", "=", "out"]],
    parts={"invoice_payments": "account.invoice-account.move.line"},
    children={
        "applied": Child(
            asks=("invoice_payments", *_PAID_ASKS),
            rows=lambda record: [
                {"invoice": invoice, "amount": line_amount(record)}
                for invoice in (record["invoice_payments"] or [])[:1]
            ],
            columns={"applied.invoice": computed("invoice"), "applied.amount": computed("amount")},
        )
    },
    columns={
        **_IDENTITY,
        **_STAMPS,
        "number": computed("move.number"),
        "party": computed("party"),
        "date": computed("date"),
        "currency": computed(*_PAID_ASKS, read=line_currency),
        "amount": computed(*_PAID_ASKS, read=line_amount),
        "exchange_rate": computed(*_PAID_ASKS, read=line_rate),
    },
)

RATE = NativeObject(
    name="currency.currency.rate",
    model="currency.currency.rate",
    only=_rates,
    columns={
        **_IDENTITY,
        **_STAMPS,
        "base": computed("id", read=lambda record: text(record["$company"]["code"])),
        "currency.code": computed("currency.code"),
        "date": computed("date"),
        "rate": computed("rate", read=rate_of),
    },
)

OBJECTS: Mapping[str, NativeObject] = {one.name: one for one in (PARTY, PRODUCT, SALE, INVOICE, CREDIT, PAYMENT, RATE)}


def native_object(name: str) -> NativeObject:
    """The object of that name; ConfigError for one that the connector does not know."""
    found = OBJECTS.get(name)
    if found is None:
        message = f"Tryton has no object {name!r} for us; use one of {', '.join(OBJECTS)}."
        raise ConfigError(message, system=SYSTEM, object=name)
    return found


def _of_template(record: Mapping[str, Any], unit: str) -> Any:
    found = (record.get("template.") or {}).get(f"{unit}.") or {}
    return found.get("name")
