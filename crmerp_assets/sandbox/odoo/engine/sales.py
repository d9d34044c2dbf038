"""Sales orders: defaults, amounts, confirming, cancelling, and what is invoiced of them."""

from typing import Any

from crmerp_assets.sandbox.odoo.engine import leads, taxes
from crmerp_assets.sandbox.odoo.engine.env import Env, ids_of
from crmerp_assets.sandbox.odoo.engine.rules import Row, Rules, Vals, register
from crmerp_assets.sandbox.odoo.errors import user_error, value_error
from crmerp_assets.sandbox.odoo.schema.sales import line_names

_PRICED = {"product_id", "product_uom_qty", "price_unit", "discount", "tax_ids", "tax_id", "display_type"}


class OrderRules(Rules):
    """What an order takes from its customer."""

    def prepare(self, env: Env, vals: Vals) -> Vals:
        partner = env.row("res.partner", int(vals["partner_id"])) if vals.get("partner_id") else {}
        id_ = vals.get("partner_id")
        pricelist = vals.get("pricelist_id") or partner.get("property_product_pricelist") or 1
        defaults = {
            "name": vals.get("name") or env.following("sale.order", "S{:05d}"),
            "date_order": env.now[:19],
            "partner_invoice_id": self._address(env, id_, "invoice"),
            "partner_shipping_id": self._address(env, id_, "delivery"),
            "payment_term_id": partner.get("property_payment_term_id"),
            "pricelist_id": pricelist,
            "currency_id": env.row("product.pricelist", int(pricelist))["currency_id"],
            "company_id": 1,
        }
        given = {name: value for name, value in vals.items() if name != "name"}
        return defaults | given

    @staticmethod
    def _address(env: Env, partner: Any, kind: str) -> Any:
        found = env.where(
            "res.partner", "parent_id = ? AND type = ? AND active = 1 ORDER BY id LIMIT 1", (partner, kind)
        )
        return found[0]["id"] if found else partner

    def changing(self, env: Env, rows: list[Row], vals: Vals) -> Vals:
        if "pricelist_id" in vals:
            vals["currency_id"] = env.row("product.pricelist", int(vals["pricelist_id"]))["currency_id"]
        if "pricelist_id" in vals and any(row["state"] == "sale" for row in rows):
            raise user_error("You cannot change the pricelist of a confirmed order !")
        locked = {"order_line", "partner_id", "pricelist_id"} & vals.keys()
        if locked and any(row["locked"] or row["state"] == "cancel" for row in rows):
            raise user_error("It is forbidden to modify a locked or cancelled order.")
        return vals

    def removing(self, env: Env, rows: list[Row]) -> None:
        if any(row["state"] not in ("draft", "cancel") for row in rows):
            raise user_error(
                "You can not delete a sent quotation or a confirmed sales order. You must first cancel it."
            )

    def saved(self, env: Env, ids: list[int], names: set[str], created: bool) -> None:
        for id_ in ids:
            if "pricelist_id" in names:
                recompute(env, id_)


class LineRules(Rules):
    """What a line takes from its product, and what it comes to."""

    def prepare(self, env: Env, vals: Vals) -> Vals:
        if vals.get("display_type"):
            return vals
        unit, tax = line_names(env.database.options.number)
        product = env.rows("product.product", [int(vals["product_id"])]) if vals.get("product_id") else []
        if not product:
            return {"name": "/", **vals}
        template = env.row("product.template", product[0]["product_tmpl_id"])
        described = f"\n{template['description_sale']}" if template["description_sale"] else ""
        defaults = {
            "name": env.names("product.product", [product[0]["id"]])[product[0]["id"]] + described,
            unit: template["uom_id"],
            tax: ids_of(template["taxes_id"]),
            "price_unit": template["list_price"],
        }
        return defaults | vals

    def changing(self, env: Env, rows: list[Row], vals: Vals) -> Vals:
        orders = {row["id"]: row for row in env.rows("sale.order", {row["order_id"] for row in rows})}
        for row in rows:
            order = orders[row["order_id"]]
            if order["locked"] and _PRICED & vals.keys():
                raise user_error(
                    "It is forbidden to modify the following fields in a locked order: Quantity, Unit Price"
                )
            confirmed = order["state"] == "sale"
            if confirmed and "product_uom_qty" in vals and float(vals["product_uom_qty"] or 0) < row["qty_delivered"]:
                raise user_error("The ordered quantity cannot be decreased below the amount already delivered.")
            if confirmed and "product_id" in vals and int(vals["product_id"] or 0) != row["product_id"]:
                raise user_error("You cannot modify the product of this order line.")
        return vals

    def removing(self, env: Env, rows: list[Row]) -> None:
        orders = env.rows("sale.order", {row["order_id"] for row in rows})
        if any(order["state"] == "sale" for order in orders):
            raise user_error(
                "Once a sales order is confirmed, you can't remove one of its lines (we need to track if something "
                "gets invoiced or delivered).\nSet the quantity to 0 instead."
            )

    def saved(self, env: Env, ids: list[int], names: set[str], created: bool) -> None:
        if created or names & (_PRICED | {"qty_delivered"}):
            for order in dict.fromkeys(row["order_id"] for row in env.rows("sale.order.line", ids)):
                recompute(env, order)

    def removed(self, env: Env, rows: list[Row]) -> None:
        for order in {row["order_id"] for row in rows}:
            if env.rows("sale.order", [order]):
                recompute(env, order)


def recompute(env: Env, order_id: int) -> None:
    """The stored amounts and the invoice status of an order and its lines; unchanged rows keep their stamp."""
    order = env.row("sale.order", order_id)
    places = taxes.places_of(env, order["currency_id"])
    tax = line_names(env.database.options.number)[1]
    amounts = []
    for line in env.where("sale.order.line", "order_id = ? ORDER BY sequence, id", (order_id,)):
        if line["display_type"]:
            continue
        one = taxes.line_amounts(env, line["product_uom_qty"], line["price_unit"], line["discount"], line[tax], places)
        amounts.append(one)
        values = {"price_subtotal": one.subtotal, "price_tax": one.tax, "price_total": one.total}
        env.differing("sale.order.line", line["id"], values | {"qty_invoiced": _invoiced(env, line)})
    env.differing(
        "sale.order", order_id, taxes.totals(env, amounts, places) | {"invoice_status": _invoice_status(env, order)}
    )


def _invoiced(env: Env, line: Row) -> float:
    total = 0.0
    for item in env.rows("account.move.line", ids_of(line["invoice_lines"])):
        move = env.row("account.move", item["move_id"])
        if move["state"] != "cancel":
            total += item["quantity"] * (-1 if move["move_type"] == "out_refund" else 1)
    return total


def to_invoice(env: Env, line: Row) -> float:
    """How much of a line may be invoiced by its product's policy."""
    if not line["product_id"] or line["display_type"]:
        return 0.0
    template = env.row("product.product", line["product_id"])["product_tmpl_id"]
    by_delivery = env.row("product.template", template)["invoice_policy"] == "delivery"
    return float((line["qty_delivered"] if by_delivery else line["product_uom_qty"]) - _invoiced(env, line))


def _invoice_status(env: Env, order: Row) -> str:
    lines = env.where("sale.order.line", "order_id = ? AND display_type IS NULL", (order["id"],))
    if order["state"] != "sale" or not lines:
        return "no"
    if any(to_invoice(env, line) > 0 for line in lines):
        return "to invoice"
    return "invoiced" if all(_invoiced(env, line) >= line["product_uom_qty"] for line in lines) else "no"


def action_confirm(env: Env, ids: list[int]) -> bool:
    """Quotations become sales orders, dated now."""
    env.allow("sale.order", "modify", "write")
    orders = env.rows("sale.order", ids)
    wrong = [order["name"] for order in orders if order["state"] not in ("draft", "sent")]
    if wrong:
        raise user_error(f"Some orders are not in a state requiring confirmation: {', '.join(wrong)}")
    for order in orders:
        lines = env.where("sale.order.line", "order_id = ? AND display_type IS NULL", (order["id"],))
        if any(not line["product_id"] for line in lines):
            raise user_error("A line on these orders missing a product, you cannot confirm it.")
        env.put("sale.order", order["id"], {"state": "sale", "date_order": env.now[:19] + ".000000"})
        recompute(env, order["id"])
        leads.order_confirmed(env, env.row("sale.order", order["id"]))
    return True


def action_cancel(env: Env, ids: list[int]) -> bool | dict[str, Any]:
    """Cancelled unless locked. Before version 19 an order that is no draft opens a window that asks, and stays what it
    is, unless the context does without; one window is for one order."""
    env.allow("sale.order", "modify", "write")
    orders = env.rows("sale.order", ids)
    if any(order["locked"] for order in orders):
        raise user_error("You cannot cancel a locked order. Please unlock it first.")
    asks = env.database.options.number < 19 and not env.context.get("disable_cancel_warning")
    if asks and any(order["state"] != "draft" for order in orders):
        if len(orders) != 1:
            raise value_error(f"Expected singleton: sale.order{tuple(ids)}")
        return {"type": "ir.actions.act_window", "res_model": "sale.order.cancel", "target": "new"}
    for order in orders:
        env.differing("sale.order", order["id"], {"state": "cancel"})
        recompute(env, order["id"])
    return True


def action_draft(env: Env, ids: list[int]) -> bool:
    """Back to a quotation, from cancelled or sent."""
    for order in env.rows("sale.order", ids):
        if order["state"] in ("cancel", "sent"):
            env.put("sale.order", order["id"], {"state": "draft"})
    return True


def action_lock(env: Env, ids: list[int]) -> bool:
    for id_ in ids:
        env.put("sale.order", id_, {"locked": True})
    return True


def action_unlock(env: Env, ids: list[int]) -> bool:
    for id_ in ids:
        env.put("sale.order", id_, {"locked": False})
    return True


register("sale.order", OrderRules())
register("sale.order.line", LineRules())
