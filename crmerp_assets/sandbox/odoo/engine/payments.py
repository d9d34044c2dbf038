"""Payments, and how they and credit notes are matched with invoices."""

from typing import Any

from crmerp_assets.sandbox.odoo.engine import invoices, orm, taxes
from crmerp_assets.sandbox.odoo.engine.env import Env, ids_of
from crmerp_assets.sandbox.odoo.engine.invoices import add_receivable
from crmerp_assets.sandbox.odoo.engine.rules import Row, Rules, Vals, register
from crmerp_assets.sandbox.odoo.engine.values import rounded
from crmerp_assets.sandbox.odoo.errors import user_error

_TINY = 0.0000001


class PaymentRules(Rules):
    """A payment is in the company's currency, dated today, unless it says otherwise."""

    def prepare(self, env: Env, vals: Vals) -> Vals:
        return {"currency_id": env.company["currency_id"], "date": env.now[:10], "journal_id": 2} | vals


def post_moves(env: Env, ids: list[int]) -> bool:
    """A credit note made by reversing an invoice settles it as soon as it is posted."""
    invoices.action_post(env, ids)
    for move in env.rows("account.move", ids):
        if move["move_type"] == "out_refund" and move["reversed_entry_id"]:
            reconcile(env, [move["reversed_entry_id"]], [move["id"]])
    return True


def button_draft(env: Env, ids: list[int]) -> bool:
    """Back to draft; what was matched is let go."""
    for id_ in ids:
        unreconcile(env, [id_])
        invoices.reset(env, id_)
    return True


def button_cancel(env: Env, ids: list[int]) -> bool:
    """Posted documents become drafts first."""
    for move in env.rows("account.move", ids):
        if move["state"] == "posted":
            button_draft(env, [move["id"]])
        invoices.void(env, move["id"])
    return True


def post_payment(env: Env, ids: list[int]) -> bool:
    """Drafts get their number and their journal entry."""
    done = "paid" if env.database.options.number >= 18 else "posted"
    for payment in env.rows("account.payment", ids):
        if payment["state"] != "draft":
            raise user_error("Only a draft payment can be posted.")
        year = payment["date"][:4]
        name = env.following(f"PBNK{year}", f"PBNK1/{year}/{{:05d}}")
        company = rounded(payment["amount"] / taxes.rate(env, payment["currency_id"], payment["date"]), 2)
        move = {"move_type": "entry", "partner_id": payment["partner_id"], "currency_id": payment["currency_id"],
                "date": payment["date"]}  # fmt: skip
        (move_id,) = orm.create(env.elevated(), "account.move", [move])
        env.put("account.move", move_id, {"state": "posted", "name": name})
        add_receivable(env, env.row("account.move", move_id), -payment["amount"], -company)
        env.put("account.payment", payment["id"], {"state": done, "name": name, "move_id": move_id})
    return True


def cancel_payment(env: Env, ids: list[int]) -> bool:
    """What it paid is open again."""
    gone = "canceled" if env.database.options.number >= 18 else "cancel"
    for payment in env.rows("account.payment", ids):
        if payment["move_id"]:
            unreconcile(env, [payment["move_id"]])
            env.put("account.move", payment["move_id"], {"state": "cancel"})
            sql = "UPDATE account_move_line SET amount_residual = 0, amount_residual_currency = 0 WHERE move_id = ?"
            env.store.db.execute(sql, (payment["move_id"],))
        env.put("account.payment", payment["id"], {"state": gone})
    return True


def create_payments(env: Env, ids: list[int]) -> dict[str, Any]:
    """The wizard of an invoice: pays what is open, or the amount that is given."""
    made = []
    for wizard in env.rows("account.payment.register", ids):
        moves = _paid_moves(env, wizard)
        if any(move["state"] != "posted" for move in moves):
            raise user_error("You can only register payment for posted journal entries.")
        open_ = sum(move["amount_residual"] for move in moves)
        if not open_:
            raise user_error("You can't register a payment because there is nothing left to pay on the selected items.")
        vals = {
            "partner_id": moves[0]["partner_id"],
            "amount": wizard["amount"] or open_,
            "currency_id": wizard["currency_id"] or moves[0]["currency_id"],
            "date": wizard["payment_date"] or env.now[:10],
        }
        (payment,) = orm.create(env, "account.payment", [vals])
        post_payment(env, [payment])
        reconcile(env, [move["id"] for move in moves], [env.row("account.payment", payment)["move_id"]])
        made.append(payment)
    return {"type": "ir.actions.act_window", "res_model": "account.payment", "res_id": made[0], "res_ids": made}


def _paid_moves(env: Env, wizard: Row) -> list[Row]:
    lines = ids_of(wizard["line_ids"])
    if lines:
        return env.rows("account.move", {row["move_id"] for row in env.rows("account.move.line", lines)})
    return env.rows("account.move", env.context.get("active_ids") or [])


def reconcile(env: Env, debit_moves: list[int], credit_moves: list[int]) -> None:
    """Match what is open on invoices with what is open on payments and credit notes, oldest first."""
    for credit in [line for move in credit_moves for line in _open_lines(env, move)]:
        for debit in [line for move in debit_moves for line in _open_lines(env, move)]:
            _match(env, debit["id"], credit["id"])
    for move in (*debit_moves, *credit_moves):
        refresh(env, move)


def _open_lines(env: Env, move: int) -> list[Row]:
    return env.where("account.move.line", "move_id = ? AND account_type = 'asset_receivable' ORDER BY id", (move,))


def _match(env: Env, debit_id: int, credit_id: int) -> None:
    debit, credit = env.row("account.move.line", debit_id), env.row("account.move.line", credit_id)
    if debit["amount_residual_currency"] < _TINY or credit["amount_residual_currency"] > -_TINY:
        return
    moves = {row["id"]: row for row in env.rows("account.move", [debit["move_id"], credit["move_id"]])}
    same = moves[debit["move_id"]]["currency_id"] == moves[credit["move_id"]]["currency_id"]
    if same:
        in_debit = in_credit = min(debit["amount_residual_currency"], -credit["amount_residual_currency"])
        company = min(debit["amount_residual"], -credit["amount_residual"])
    else:
        company = min(debit["amount_residual"], -credit["amount_residual"])
        in_debit = rounded(company * debit["amount_currency"] / debit["balance"], 2)
        in_credit = rounded(company * credit["amount_currency"] / credit["balance"], 2)
    vals = {
        "debit_move_id": debit_id,
        "credit_move_id": credit_id,
        "amount": company,
        "debit_amount_currency": in_debit,
        "credit_amount_currency": in_credit,
    }
    orm.create(env.elevated(), "account.partial.reconcile", [vals])
    _less(env, debit, company, in_debit)
    _less(env, credit, -company, -in_credit)


def _less(env: Env, line: Row, company: float, amount: float) -> None:
    left = rounded(line["amount_residual_currency"] - amount, 2)
    own = rounded(line["amount_residual"] - company, 2) if left else 0.0
    env.put("account.move.line", line["id"], {"amount_residual": own, "amount_residual_currency": left})


def unreconcile(env: Env, moves: list[int]) -> bool:
    """Let go of all matches of these documents; the rows that said so are deleted."""
    touched = set(moves)
    for move in moves:
        for line in _open_lines(env, move):
            found = env.where(
                "account.partial.reconcile", "debit_move_id = ? OR credit_move_id = ?", (line["id"], line["id"])
            )
            for partial in found:
                debit = env.row("account.move.line", partial["debit_move_id"])
                credit = env.row("account.move.line", partial["credit_move_id"])
                _less(env, debit, -partial["amount"], -partial["debit_amount_currency"])
                _less(env, credit, partial["amount"], partial["credit_amount_currency"])
                env.store.db.execute("DELETE FROM account_partial_reconcile WHERE id = ?", (partial["id"],))
                touched |= {debit["move_id"], credit["move_id"]}
    for move in touched:
        refresh(env, move)
    return True


def remove_move_reconcile(env: Env, ids: list[int]) -> bool:
    """The button beside a payment on an invoice, by journal item."""
    return unreconcile(env, list({row["move_id"] for row in env.rows("account.move.line", ids)}))


def assign_outstanding(env: Env, ids: list[int], line_id: int) -> bool:
    """The button Add beside an outstanding credit of the customer."""
    reconcile(env, ids, [env.row("account.move.line", line_id)["move_id"]])
    return True


def refresh(env: Env, move_id: int) -> None:
    """Residual and payment state of a document, or whether its payment is used up."""
    move, lines = env.row("account.move", move_id), _open_lines(env, move_id)
    if move["move_type"] == "entry":
        used = all(abs(line["amount_residual_currency"]) < _TINY for line in lines)
        for payment in env.where("account.payment", "move_id = ?", (move_id,)):
            env.differing("account.payment", payment["id"], {"is_reconciled": used})
        return
    left = rounded(sum(abs(line["amount_residual_currency"]) for line in lines), 2)
    company = rounded(sum(line["amount_residual"] for line in lines), 2)
    values = {
        "amount_residual": left,
        "amount_residual_signed": company,
        "payment_state": _state(env, move, lines, left),
    }
    env.differing("account.move", move_id, values)


def _state(env: Env, move: Row, lines: list[Row], left: float) -> str:
    if abs(left - move["amount_total"]) < _TINY and move["amount_total"]:
        return "not_paid"
    if left > _TINY:
        return "partial"
    sides = [line["id"] for line in lines]
    marks = ", ".join("?" * len(sides)) or "NULL"
    sql = (
        "SELECT DISTINCT m.move_type FROM account_partial_reconcile r "
        "JOIN account_move_line c ON c.id = r.credit_move_id "
        f"JOIN account_move m ON m.id = c.move_id WHERE r.debit_move_id IN ({marks})"
    )
    kinds = {row[0] for row in env.store.rows(sql, sides)}
    return "reversed" if kinds == {"out_refund"} else "paid"


register("account.payment", PaymentRules())
