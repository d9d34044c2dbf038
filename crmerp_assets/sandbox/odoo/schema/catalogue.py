"""Products, units and pricelists. A product.product is a variant of a template and shares its fields."""

from typing import Any

from crmerp_assets.sandbox.odoo.schema.fields import (
    Field,
    Model,
    boolean,
    char,
    children,
    choice,
    integer,
    many,
    number,
    one,
    shown,
    text,
)

TEMPLATE_FIELDS = ("name", "list_price", "uom_id", "type", "sale_ok", "categ_id", "taxes_id", "description_sale",
                   "invoice_policy")  # fmt: skip


def models() -> list[Model]:
    template = _template()
    inherited = {
        name: Field(
            f.type, f.string, f.relation, selection=f.selection, required=f.required, related=f"product_tmpl_id.{name}"
        )
        for name, f in template.items()
        if name in TEMPLATE_FIELDS
    }
    variant = {
        "product_tmpl_id": one("product.template", "Product Template"),
        "default_code": char("Internal Reference"),
        "barcode": char("Barcode"),
        "standard_price": number("Cost"),
        "active": boolean("Active", default=True),
        "lst_price": Field("float", "Sales Price", related="product_tmpl_id.list_price"),
        "currency_id": Field("many2one", "Currency", "res.currency", compute=_currency, readonly=True),
        **inherited,
    }
    return [
        Model("product.template", "Product", template, order="name, id"),
        Model("product.product", "Product Variant", variant, order="default_code, id", inherits="product_tmpl_id"),
        Model("product.category", "Product Category", {"name": char("Name", required=True)}),
        Model(
            "uom.uom",
            "Product Unit of Measure",
            {"name": char("Unit of Measure", required=True), "active": boolean(default=True)},
        ),
        Model(
            "product.pricelist",
            "Pricelist",
            {
                "name": char("Pricelist Name", required=True),
                "currency_id": one("res.currency", "Currency", required=True),
                "active": boolean("Active", default=True),
                "sequence": integer("Sequence", default=16),
                "company_id": one("res.company", "Company"),
            },
            order="sequence, id",
        ),
    ]  # fmt: skip


def _template() -> dict[str, Field]:
    return {
        "name": char("Name", required=True),
        "list_price": number("Sales Price", digits=2, default=1.0),
        "uom_id": one("uom.uom", "Unit of Measure"),
        "type": choice("Product Type", "consu", "service", "combo", default="consu"),
        "sale_ok": boolean("Sales", default=True),
        "categ_id": one("product.category", "Product Category"),
        "taxes_id": many("account.tax", "Sales Taxes"),
        "invoice_policy": choice("Invoicing Policy", "order", "delivery", default="order"),
        "description_sale": text("Sales Description"),
        "active": boolean("Active", default=True),
        "product_variant_ids": children("product.product", "product_tmpl_id", "Products"),
        "product_variant_id": one("product.product", "Product", readonly=True),
        "default_code": shown("product_variant_id.default_code", "char", string="Internal Reference"),
        "currency_id": Field("many2one", "Currency", "res.currency", compute=_currency, readonly=True),
    }


def _currency(env: Any, ids: list[int]) -> dict[int, Any]:
    return dict.fromkeys(ids, env.company["currency_id"])
