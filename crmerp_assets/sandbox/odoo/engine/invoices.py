"""Invoices and credit notes: from orders, by hand, posted, reversed."""

import json
from datetime import date, timedelta
from typing import Any

from crmerp_assets.sandbox.odoo.engine import orm, sales, taxes
from crmerp_assets.sandbox.odoo.engine.env import Env, ids_of
from crmerp_assets.sandbox.odoo.engine.rules import Row, Rules, Vals, register
from crmerp_assets.sandbox.odoo.engine.values import rounded
from crmerp_assets.sandbox.odoo.errors import user_error
from crmerp_assets.sandbox.odoo.schema.sales import line_names

_SALES = ("out_invoice", "out_refund")


class MoveRules(Rules):
    """What an invoice takes from its customer; posted ones are not edited."""

    def prepare(self, env: Env, vals: Vals) -> Vals:
        partner = env.rows("res.partner", [int(vals["partner_id"])]) if vals.get("partner_id") else []
        terms = partner[0]["property_payment_term_id"] if partner else None
        return {"currency_id": env.company["currency_id"], "invoice_payment_term_id": terms, "company_id": 1} | vals

    def changing(self, env: Env, rows: list[Row], vals: Vals) -> Vals:
        if vals.keys() & {"invoice_line_ids", "currency_id", "partner_id"} and any(r["state"] != "draft" for r in rows):
            raise user_error("You cannot modify a posted entry of this journal.")
        return vals

    def removing(self, env: Env, rows: list[Row]) -> None:
        if any(row["state"] == "posted" or row["name"] for row in rows):
            raise user_error("You can't delete a posted journal item. Cancel it instead.")

    def saved(self, env: Env, ids: list[int], names: set[str], created: bool) -> None:
        for move in env.rows("account.move", ids):
            if move["move_type"] in _SALES and move["state"] == "draft":
                recompute(env, move["id"])


class ItemRules(Rules):
    """An invoice line takes its price and taxes from its product."""

    def prepare(self, env: Env, vals: Vals) -> Vals:
        if vals.get("product_id"):
            template = env.row("product.product", int(vals["product_id"]))["product_tmpl_id"]
            row = env.row("product.template", template)
            vals = {"name": row["name"], "price_unit": row["list_price"], "tax_ids": ids_of(row["taxes_id"])} | vals
        return vals


def recompute(env: Env, move_id: int) -> None:
    """Amounts of a draft's lines and of the document."""
    move = env.row("account.move", move_id)
    places, amounts = taxes.places_of(env, move["currency_id"]), []
    for line in env.where("account.move.line", "move_id = ? AND display_type = 'product'", (move_id,)):
        one = taxes.line_amounts(env, line["quantity"], line["price_unit"], line["discount"], line["tax_ids"], places)
        amounts.append(one)
        values = {"price_subtotal": one.subtotal, "price_total": one.total, "account_type": "income",
                  "partner_id": move["partner_id"]}  # fmt: skip
        env.differing("account.move.line", line["id"], values)
    total = taxes.totals(env, amounts, places)
    sign = -1 if move["move_type"] == "out_refund" else 1
    company = rounded(sign * total["amount_total"] / _rate(env, move), 2)
    signed = {"amount_total_signed": company, "amount_residual_signed": company}
    rate = {"invoice_currency_rate": _rate(env, move)} if env.database.options.number >= 18 else {}
    env.differing("account.move", move_id, total | signed | rate | {"amount_residual": total["amount_total"]})


def _rate(env: Env, move: Row) -> float:
    return taxes.rate(env, move["currency_id"], move["invoice_date"] or env.now[:10])


def action_post(env: Env, ids: list[int]) -> bool:
    """Draft documents get their number, their due date and what the customer owes by them."""
    env.allow("account.move", "modify", "write")
    for id_ in ids:
        move = env.row("account.move", id_)
        if move["state"] != "draft":
            raise user_error("The entry is already posted or cancelled.")
        day = move["invoice_date"] or env.now[:10]
        env.put("account.move", id_, {"invoice_date": day, "date": day, "invoice_date_due": _due(env, move, day)})
        recompute(env, id_)
        move = env.row("account.move", id_)
        code = "RINV" if move["move_type"] == "out_refund" else "INV"
        number = move["name"] or env.following(f"{code}{day[:4]}", f"{code}/{day[:4]}/{{:05d}}")
        env.put("account.move", id_, {"state": "posted", "name": number})
        _receivable_line(env, env.row("account.move", id_))
        _orders_again(env, id_)
    return True


def _due(env: Env, move: Row, day: str) -> str:
    terms = env.rows("account.payment.term", [move["invoice_payment_term_id"] or 0])
    days = terms[0]["days"] or 0 if terms else 0
    due = (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    return due if terms or not move["invoice_date_due"] else str(move["invoice_date_due"])


def _receivable_line(env: Env, move: Row) -> None:
    if env.where("account.move.line", "move_id = ? AND account_type = 'asset_receivable'", (move["id"],)):
        return
    sign = -1 if move["move_type"] == "out_refund" else 1
    add_receivable(env, move, sign * move["amount_total"], move["amount_total_signed"])


def add_receivable(env: Env, move: Row, amount: float, company: float) -> int:
    """The journal item that payments and credits are matched with."""
    line = {
        "move_id": move["id"],
        "partner_id": move["partner_id"],
        "display_type": "payment_term",
        "account_type": "asset_receivable",
        "name": move["name"],
        "amount_currency": amount,
        "balance": company,
        "amount_residual": company,
        "amount_residual_currency": amount,
    }
    return orm.create(env.elevated(), "account.move.line", [line])[0]


def reset(env: Env, id_: int) -> None:
    """A document that is a draft again: nothing is owed by it."""
    sql = "DELETE FROM account_move_line WHERE move_id = ? AND display_type = 'payment_term'"
    env.store.db.execute(sql, (id_,))
    env.put("account.move", id_, {"state": "draft", "payment_state": "not_paid"})
    recompute(env, id_)


def void(env: Env, id_: int) -> None:
    """A draft that will not be posted; its orders may be invoiced again."""
    env.put("account.move", id_, {"state": "cancel", "amount_residual": 0.0, "amount_residual_signed": 0.0})
    _orders_again(env, id_)


def _orders_again(env: Env, move_id: int) -> None:
    sql = (
        "SELECT DISTINCT s.order_id FROM account_move_line l JOIN json_each(COALESCE(l.sale_line_ids, '[]')) j "
        "JOIN sale_order_line s ON s.id = j.value WHERE l.move_id = ?"
    )
    for (order,) in env.store.rows(sql, (move_id,)):
        sales.recompute(env, order)


def create_invoices(env: Env, ids: list[int]) -> dict[str, Any]:
    """The wizard of an order: one draft for each customer and currency with all that may be invoiced."""
    made: list[int] = []
    for wizard in env.rows("sale.advance.payment.inv", ids):
        chosen = ids_of(wizard["sale_order_ids"]) or list(env.context.get("active_ids") or [])
        groups: dict[tuple[Any, Any], list[Row]] = {}
        for order in env.rows("sale.order", chosen):
            groups.setdefault((order["partner_invoice_id"], order["currency_id"]), []).append(order)
        made += [move for orders in groups.values() if (move := _invoice(env, orders))]
    if not made:
        raise user_error(
            "Cannot create an invoice. No items are available to invoice.\n\nTo resolve this issue, please ensure that "
            "the products have been delivered before attempting to invoice them."
        )
    return {"type": "ir.actions.act_window", "res_model": "account.move", "res_ids": made, "res_id": made[0]}


def _invoice(env: Env, orders: list[Row]) -> int | None:
    tax = line_names(env.database.options.number)[1]
    lines = [
        {
            "product_id": line["product_id"],
            "name": line["name"],
            "quantity": quantity,
            "price_unit": line["price_unit"],
            "discount": line["discount"],
            "tax_ids": ids_of(line[tax]),
            "sale_line_ids": [line["id"]],
        }
        for order in orders
        if order["state"] == "sale"
        for line in env.where("sale.order.line", "order_id = ? ORDER BY sequence, id", (order["id"],))
        if (quantity := sales.to_invoice(env, line)) > 0
    ]
    if not lines:
        return None
    first = orders[0]
    vals = {
        "move_type": "out_invoice",
        "partner_id": first["partner_invoice_id"],
        "currency_id": first["currency_id"],
        "invoice_payment_term_id": first["payment_term_id"],
        "invoice_origin": ", ".join(order["name"] for order in orders),
        "ref": first["client_order_ref"],
        "invoice_line_ids": [[0, 0, line] for line in lines],
    }
    (move,) = orm.create(env, "account.move", [vals])
    _link_orders(env, move)
    return move


def _link_orders(env: Env, move: int) -> None:
    for item in env.where("account.move.line", "move_id = ?", (move,)):
        for id_ in ids_of(item["sale_line_ids"]):
            line = env.row("sale.order.line", id_)
            env.put("sale.order.line", id_, {"invoice_lines": [*ids_of(line["invoice_lines"]), item["id"]]})
            order = env.row("sale.order", line["order_id"])
            invoices = list(dict.fromkeys([*ids_of(order["invoice_ids"]), move]))
            env.put("sale.order", order["id"], {"invoice_ids": json.dumps(invoices)})
    _orders_again(env, move)


def refund_moves(env: Env, ids: list[int]) -> dict[str, Any]:
    """The wizard's Reverse: a draft credit note for each document."""
    made = []
    for wizard in env.rows("account.move.reversal", ids):
        for move in env.rows("account.move", ids_of(wizard["move_ids"]) or env.context.get("active_ids") or []):
            lines = env.where("account.move.line", "move_id = ? AND display_type = 'product'", (move["id"],))
            copied = ("product_id", "name", "quantity", "price_unit", "discount")
            vals = {
                "move_type": "out_refund",
                "partner_id": move["partner_id"],
                "currency_id": move["currency_id"],
                "invoice_date": wizard["date"],
                "reversed_entry_id": move["id"],
                "ref": f"Reversal of: {move['name']}",
                "invoice_line_ids": [
                    [0, 0, {n: line[n] for n in copied} | {"tax_ids": ids_of(line["tax_ids"])}] for line in lines
                ],
            }
            made += orm.create(env, "account.move", [vals])
        env.put("account.move.reversal", wizard["id"], {"new_move_ids": json.dumps(made)})
    return {"type": "ir.actions.act_window", "res_model": "account.move", "res_id": made[0], "res_ids": made}


register("account.move", MoveRules())
register("account.move.line", ItemRules())
