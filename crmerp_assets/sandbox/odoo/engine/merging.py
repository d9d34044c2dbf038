"""Merging partners: everything points to the survivor, the others are gone; their external ids move along."""

from crmerp_assets.sandbox.odoo.engine.env import Env, ids_of
from crmerp_assets.sandbox.odoo.errors import user_error


def merge_partners(env: Env, winner: int, losers: list[int]) -> None:
    """What the wizard under Contacts > Merge does."""
    if not env.rows("res.partner", [winner]) or len(env.rows("res.partner", losers)) < len(losers):
        raise user_error("One of the contacts to merge does not exist.")
    for model in env.database.models.values():
        for name, field in model.fields.items():
            if field.type == "many2one" and field.relation == "res.partner" and field.stored:
                for loser in losers:
                    sql = f'UPDATE {model.table} SET "{name}" = ? WHERE "{name}" = ? AND id != ?'
                    env.store.db.execute(sql, (winner, loser, winner if model.name == "res.partner" else -1))
    for loser in losers:
        sql = "UPDATE ir_model_data SET res_id = ?, write_date = ? WHERE model = 'res.partner' AND res_id = ?"
        env.store.db.execute(sql, (winner, env.now, loser))
        env.store.db.execute("DELETE FROM res_partner WHERE id = ?", (loser,))
    env.put("res.partner", winner, {})


def action_merge(env: Env, ids: list[int]) -> bool:
    """The wizard's button."""
    for wizard in env.rows("base.partner.merge.automatic.wizard", ids):
        partners = ids_of(wizard["partner_ids"])
        winner = wizard["dst_partner_id"] or min(partners)
        merge_partners(env, winner, [id_ for id_ in partners if id_ != winner])
    return True
