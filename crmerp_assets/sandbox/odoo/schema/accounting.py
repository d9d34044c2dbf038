"""Invoices, credit notes, payments and how they are reconciled."""

from typing import Any

from crmerp_assets.sandbox.odoo.schema.fields import (
    Field,
    Model,
    boolean,
    char,
    children,
    choice,
    date,
    integer,
    many,
    monetary,
    number,
    one,
    shown,
)


def models(version: float) -> list[Model]:
    return [
        Model("account.move", "Journal Entry", _move(version), order="invoice_date desc, id desc"),
        Model("account.move.line", "Journal Item", _line(), order="id"),
        Model("account.partial.reconcile", "Partial Reconcile", _partial(), rec_name="id"),
        Model("account.payment", "Payments", _payment(version), order="date desc, name desc, id"),
        *_lists(),
        *_wizards(),
    ]


def _move(version: float) -> dict[str, Field]:
    states = ["not_paid", "in_payment", "paid", "partial", "reversed", *(["blocked"] if version >= 18 else [])]
    new = {"invoice_currency_rate": number("Currency Rate", digits=12)} if version >= 18 else {}
    return {
        "name": char("Number"),
        "move_type": choice("Type", "entry", "out_invoice", "out_refund", "in_invoice", "in_refund", default="entry"),
        "state": choice("Status", "draft", "posted", "cancel", default="draft", readonly=True),
        "payment_state": choice("Payment Status", *states, default="not_paid"),
        "partner_id": one("res.partner", "Partner"),
        "currency_id": one("res.currency", "Currency"),
        **new,
        "invoice_date": date("Invoice/Bill Date"),
        "invoice_date_due": date("Due Date"),
        "date": date("Date"),
        "invoice_payment_term_id": one("account.payment.term", "Payment Terms"),
        "invoice_origin": char("Origin"),
        "ref": char("Reference"),
        "amount_untaxed": monetary("Untaxed Amount"),
        "amount_tax": monetary("Tax"),
        "amount_total": monetary("Total"),
        "amount_residual": monetary("Amount Due"),
        "amount_total_signed": monetary("Total in Currency Signed"),
        "amount_residual_signed": monetary("Amount Due Signed"),
        "reversed_entry_id": one("account.move", "Reversal of"),
        "reversal_move_ids": children("account.move", "reversed_entry_id", "Reversals"),
        "line_ids": children("account.move.line", "move_id", "Journal Items"),
        "invoice_line_ids": Field("one2many", "Invoice lines", "account.move.line", "move_id"),
        "company_id": one("res.company", "Company"),
    }


def _line() -> dict[str, Field]:
    return {
        "move_id": one("account.move", "Journal Entry", required=True),
        "name": char("Label"),
        "partner_id": one("res.partner", "Partner"),
        "product_id": one("product.product", "Product"),
        "quantity": number("Quantity", default=1.0),
        "price_unit": number("Unit Price"),
        "discount": number("Discount (%)"),
        "tax_ids": many("account.tax", "Taxes"),
        "price_subtotal": monetary("Subtotal"),
        "price_total": monetary("Total"),
        "display_type": choice("Display Type", "product", "tax", "payment_term", "line_section", default="product"),
        "account_type": choice("Internal Type", "asset_receivable", "income", "liability_current", "asset_cash"),
        "amount_currency": monetary("Amount in Currency"),
        "balance": monetary("Balance"),
        "amount_residual": monetary("Residual Amount"),
        "amount_residual_currency": monetary("Residual Amount in Currency"),
        "sale_line_ids": many("sale.order.line", "Sales Order Lines"),
        "matched_debit_ids": children("account.partial.reconcile", "credit_move_id", "Matched Debits"),
        "matched_credit_ids": children("account.partial.reconcile", "debit_move_id", "Matched Credits"),
        "parent_state": shown("move_id.state", "selection", string="Status"),
        "currency_id": shown("move_id.currency_id", "many2one", "res.currency", "Currency"),
    }


def _partial() -> dict[str, Field]:
    return {
        "debit_move_id": one("account.move.line", "Debit Move", required=True),
        "credit_move_id": one("account.move.line", "Credit Move", required=True),
        "amount": monetary("Amount"),
        "debit_amount_currency": monetary("Debit Amount Currency"),
        "credit_amount_currency": monetary("Credit Amount Currency"),
    }


def _payment(version: float) -> dict[str, Field]:
    states = ("draft", "in_process", "paid", "canceled", "rejected") if version >= 18 else ("draft", "posted", "cancel")
    return {
        "name": char("Number"),
        "state": choice("Status", *states, default="draft"),
        "partner_id": one("res.partner", "Customer/Vendor"),
        "amount": monetary("Amount"),
        "currency_id": one("res.currency", "Currency"),
        "date": date("Date"),
        "payment_type": choice("Payment Type", "inbound", "outbound", default="inbound"),
        "partner_type": choice("Partner Type", "customer", "supplier", default="customer"),
        "move_id": one("account.move", "Journal Entry"),
        "journal_id": one("account.journal", "Journal"),
        "company_id": one("res.company", "Company", default=1),
        "is_reconciled": boolean("Is Reconciled"),
        "memo" if version >= 18 else "ref": char("Memo"),
        "reconciled_invoice_ids": Field(
            "many2many", "Reconciled Invoices", "account.move", compute=_paid_invoices, readonly=True
        ),
    }


def _paid_invoices(env: Any, ids: list[int]) -> dict[int, Any]:
    sql = (
        "SELECT p.id, d.move_id FROM account_payment p JOIN account_move_line c ON c.move_id = p.move_id "
        "JOIN account_partial_reconcile r ON r.credit_move_id = c.id JOIN account_move_line d ON d.id = r.debit_move_id"
    )
    found: dict[int, list[int]] = {id_: [] for id_ in ids}
    for payment, move in env.store.rows(sql):
        if payment in found and move not in found[payment]:
            found[payment].append(move)
    return found


def _lists() -> list[Model]:
    return [
        Model(
            "account.payment.term",
            "Payment Terms",
            {"name": char("Payment Terms", required=True), "days": integer("Days"), "active": boolean(default=True)},
        ),
        Model(
            "account.tax",
            "Tax",
            {
                "name": char("Tax Name", required=True),
                "amount": number("Amount", digits=4),
                "amount_type": choice("Tax Computation", "percent", "fixed", default="percent"),
                "price_include": boolean("Included in Price"),
                "type_tax_use": choice("Tax Type", "sale", "purchase", "none", default="sale"),
                "active": boolean("Active", default=True),
            },
        ),
        Model(
            "account.journal",
            "Journal",
            {"name": char("Journal Name"), "code": char("Short Code"), "type": choice("Type", "sale", "bank", "cash")},
        ),
    ]


def _wizards() -> list[Model]:
    return [
        Model(
            "account.payment.register",
            "Pay",
            {
                "amount": monetary("Amount"),
                "currency_id": one("res.currency", "Currency"),
                "payment_date": date("Payment Date"),
                "journal_id": one("account.journal", "Journal"),
                "line_ids": many("account.move.line", "Journal items"),
                "payment_difference_handling": choice("Difference", "open", "reconcile", default="open"),
            },
            rec_name="id",
            transient=True,
        ),
        Model(
            "account.move.reversal",
            "Account Move Reversal",
            {
                "move_ids": many("account.move", "Moves"),
                "reason": char("Reason"),
                "date": date("Reversal date"),
                "journal_id": one("account.journal", "Journal"),
                "new_move_ids": many("account.move", "New Moves"),
            },
            rec_name="id",
            transient=True,
        ),
    ]
