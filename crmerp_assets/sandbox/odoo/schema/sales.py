"""Sales orders and their lines. Odoo 19 gave two of a line's fields new names."""

from crmerp_assets.sandbox.odoo.schema.fields import (
    Field,
    Model,
    boolean,
    char,
    children,
    choice,
    integer,
    many,
    moment,
    monetary,
    number,
    one,
    shown,
    text,
)


def line_names(version: float) -> tuple[str, str]:
    """What a line calls its unit of measure and its taxes."""
    return ("product_uom_id", "tax_ids") if version >= 19 else ("product_uom", "tax_id")


def models(version: float) -> list[Model]:
    return [
        Model("sale.order", "Sales Order", _order(), order="date_order desc, id desc"),
        Model("sale.order.line", "Sales Order Line", _line(version), order="order_id, sequence, id"),
        Model(
            "sale.advance.payment.inv",
            "Sales Advance Payment Invoice",
            {
                "advance_payment_method": choice(
                    "Create Invoice", "delivered", "percentage", "fixed", default="delivered", required=True
                ),
                "sale_order_ids": many("sale.order", "Sales Orders"),
                "amount": number("Down Payment"),
            },
            rec_name="id",
            transient=True,
        ),
    ]


def _order() -> dict[str, Field]:
    return {
        "name": char("Order Reference"),
        "partner_id": one("res.partner", "Customer", required=True),
        "partner_invoice_id": one("res.partner", "Invoice Address"),
        "partner_shipping_id": one("res.partner", "Delivery Address"),
        "date_order": moment("Order Date"),
        "opportunity_id": one("crm.lead", "Opportunity"),
        "client_order_ref": char("Customer Reference"),
        "origin": char("Source Document"),
        "note": Field("html", "Terms and conditions"),
        "pricelist_id": one("product.pricelist", "Pricelist"),
        "currency_id": one("res.currency", "Currency", readonly=True),
        "payment_term_id": one("account.payment.term", "Payment Terms"),
        "order_line": children("sale.order.line", "order_id", "Order Lines"),
        "state": choice("Status", "draft", "sent", "sale", "cancel", default="draft", readonly=True),
        "locked": boolean("Locked"),
        "invoice_status": choice("Invoice Status", "upselling", "invoiced", "to invoice", "no", default="no"),
        "amount_untaxed": monetary("Untaxed Amount", readonly=True),
        "amount_tax": monetary("Taxes", readonly=True),
        "amount_total": monetary("Total", readonly=True),
        "invoice_ids": many("account.move", "Invoices", readonly=True),
        "company_id": one("res.company", "Company"),
    }


def _line(version: float) -> dict[str, Field]:
    unit, taxes = line_names(version)
    return {
        "order_id": one("sale.order", "Order Reference", required=True),
        "product_id": one("product.product", "Product"),
        "name": text("Description", required=True),
        "product_uom_qty": number("Quantity", digits=2, default=1.0),
        unit: one("uom.uom", "Unit of Measure"),
        "price_unit": number("Unit Price", digits=2),
        "discount": number("Discount (%)", digits=2),
        taxes: many("account.tax", "Taxes"),
        "sequence": integer("Sequence", default=10),
        "display_type": choice("Display Type", "line_section", "line_note"),
        "qty_delivered": number("Delivery Quantity", digits=2),
        "qty_invoiced": number("Invoiced Quantity", digits=2, readonly=True),
        "price_subtotal": monetary("Subtotal", readonly=True),
        "price_tax": number("Total Tax", readonly=True),
        "price_total": monetary("Total", readonly=True),
        "invoice_lines": many("account.move.line", "Invoice Lines"),
        "state": shown("order_id.state", "selection", string="Order Status"),
        "currency_id": shown("order_id.currency_id", "many2one", "res.currency", "Currency"),
    }
