"""Opportunities: won by the stage they are in, lost by being archived, and worth what their orders come to."""

from typing import Any

from crmerp_assets.sandbox.odoo.engine import orm
from crmerp_assets.sandbox.odoo.engine.env import Env, ids_of
from crmerp_assets.sandbox.odoo.engine.rules import Row, Rules, Vals, register
from crmerp_assets.sandbox.odoo.errors import user_error, validation_error, value_error


class LeadRules(Rules):
    """What a stage says of probability and closing date, in the order in which Odoo itself looks at them."""

    def prepare(self, env: Env, vals: Vals) -> Vals:
        stage = vals.get("stage_id") or _stages(env, "fold = 0 OR fold IS NULL")[0]["id"]
        won = _is_won(env, int(stage))
        defaults = {"user_id": env.uid, "team_id": 1, "company_id": 1, "stage_id": stage}
        defaults |= {"probability": 100 if won else 10, "automated_probability": 100 if won else 10}
        made = defaults | vals
        if won and not made.get("date_closed"):
            made["date_closed"] = env.now[:19]
        _valid(env, int(made["stage_id"]), float(made["probability"]))
        return made

    def changing(self, env: Env, rows: list[Row], vals: Vals) -> Vals:
        moved = "stage_id" in vals and any(row["stage_id"] != int(vals["stage_id"] or 0) for row in rows)
        won = moved and bool(vals["stage_id"]) and _is_won(env, int(vals["stage_id"]))
        if won:
            vals |= {"active": True, "probability": 100, "automated_probability": 100}
        probability = float(vals.get("probability") or 0)
        if probability >= 100 or not vals.get("active", True):
            vals["date_closed"] = env.now[:19]
        elif probability > 0 or (moved and not won and "probability" not in vals):
            vals["date_closed"] = False
        if won and rows and all(_is_won(env, row["stage_id"]) for row in rows):
            vals.pop("date_closed", None)
        for row in rows:
            _valid(
                env,
                int(vals.get("stage_id") or row["stage_id"]),
                float(vals.get("probability", row["probability"]) or 0),
            )
        return vals

    def removed(self, env: Env, rows: list[Row]) -> None:
        for row in rows:
            env.store.db.execute("UPDATE sale_order SET opportunity_id = NULL WHERE opportunity_id = ?", (row["id"],))


def _valid(env: Env, stage: int, probability: float) -> None:
    if not 0 <= probability <= 100:
        raise validation_error("The probability of closing the deal should be between 0% and 100%!")
    if env.database.options.number >= 19 and _is_won(env, stage) and probability != 100:
        raise validation_error("A lead in a Won stage cannot be lost. Move it to another stage first.")


def _is_won(env: Env, stage: int | None) -> bool:
    found = env.rows("crm.stage", [stage]) if stage else []
    return bool(found and found[0]["is_won"])


def _stages(env: Env, condition: str) -> list[Row]:
    return env.where("crm.stage", f"({condition}) ORDER BY sequence, name, id")


def action_set_won(env: Env, ids: list[int]) -> bool:
    """Into the next stage that is won, or the last one before where none follows."""
    action_unarchive(env, ids)
    stages = _stages(env, "is_won = 1")
    for row in env.rows("crm.lead", ids):
        at = env.row("crm.stage", row["stage_id"])["sequence"]
        after = [stage for stage in stages if stage["sequence"] > at]
        before = [stage for stage in reversed(stages) if stage["sequence"] <= at]
        stage = (after or before)[0]["id"]
        orm.write(env, "crm.lead", [row["id"]], {"stage_id": stage, "probability": 100})
    return True


def action_set_won_rainbowman(env: Env, ids: list[int]) -> bool | dict[str, Any]:
    """The button of the form, for one opportunity."""
    if len(ids) != 1:
        raise value_error(f"Expected singleton: crm.lead{tuple(ids)}")
    action_set_won(env, ids)
    return {
        "effect": {"fadeout": "slow", "message": "Go, go, go! Congrats for your first deal.", "type": "rainbow_man"}
    }


def action_set_lost(env: Env, ids: list[int], **additional_values: Any) -> bool:
    """Archived with probability 0, and why."""
    orm.write(env, "crm.lead", ids, {"active": False})
    zero = {"probability": 0, "automated_probability": 0}
    return orm.write(env, "crm.lead", ids, {**additional_values, **zero})


def action_archive(env: Env, ids: list[int]) -> bool:
    """Until version 18 an archived opportunity is a lost one; from 19 on it may be archived and not lost."""
    zero = {"probability": 0, "automated_probability": 0} if env.database.options.number < 19 else {}
    return orm.write(env, "crm.lead", ids, {"active": False, **zero})


def action_unarchive(env: Env, ids: list[int]) -> bool:
    gone = [row["id"] for row in env.rows("crm.lead", ids) if not row["active"]]
    return not gone or orm.write(env, "crm.lead", gone, {"active": True, "lost_reason_id": False})


def action_merge(env: Env, ids: list[int]) -> dict[str, Any]:
    """The wizard's button: the one that has come furthest stays, gets the orders, and the others are deleted."""
    for wizard in env.rows("crm.merge.opportunity", ids):
        found = env.rows("crm.lead", ids_of(wizard["opportunity_ids"]))
        if len(found) < 2:
            raise user_error("Please select more than one element (lead or opportunity) from the list view.")
        order = {stage["id"]: stage["sequence"] for stage in _stages(env, "1")}
        winner, *losers = sorted(
            found, key=lambda row: (-row["active"], -order[row["stage_id"]], -row["probability"], row["id"])
        )
        for loser in losers:
            sql = "UPDATE sale_order SET opportunity_id = ?, write_date = ? WHERE opportunity_id = ?"
            env.store.db.execute(sql, (winner["id"], env.now, loser["id"]))
        env.put("crm.lead", winner["id"], {})
        orm.unlink(env.elevated(), "crm.lead", [row["id"] for row in losers])
    return {"type": "ir.actions.act_window", "res_model": "crm.lead"}


def order_confirmed(env: Env, order: Row) -> None:
    """A confirmed order raises what its opportunity is expected to bring, where both are in the company's currency."""
    found = env.rows("crm.lead", [order["opportunity_id"]]) if order["opportunity_id"] else []
    same = order["currency_id"] == env.company["currency_id"]
    if found and same and (found[0]["expected_revenue"] or 0) < order["amount_untaxed"]:
        env.put("crm.lead", found[0]["id"], {"expected_revenue": order["amount_untaxed"]})


register("crm.lead", LeadRules())
