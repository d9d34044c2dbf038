"""What becomes of an order whose deal is no longer won: a question to a person, or by policy its cancellation."""

import duckdb

from crmerp_assets.sync import tables
from crmerp_assets.sync.decisions import Decision, Kind, Review
from crmerp_assets.sync.platform import Platform
from crmerp_assets.sync.retirements import Cause, Row, deactivate

NOT_WON = "not_won"
_ENDED = "('closed', 'cancelled')"


def _decided(platform: Platform, review: Review, answer: str) -> Decision:
    if answer == "keep":
        return Decision({"answer": answer}, "The order stays; the reconciliation goes on naming it.")
    return deactivate(platform, review, "deactivate", "or win the deal again, or answer keep")


KIND = Kind(
    NOT_WON,
    "The deal of this order is no longer won: what of the order?",
    {"cancel": "the order is cancelled in the ERP, if nobody has begun to work on it", "keep": "it stays as it is"},
    _decided,
)


def _unsold(platform: Platform, con: duckdb.DuckDBPyConnection, entity: str) -> list[Row]:
    """Orders that live on in the ERP while their deal was re-opened or lost. Winning it again closes the question."""
    golden, rule = tables.golden(entity), platform.policy.orders.not_won
    if entity != "order" or rule == "ignore" or not golden.exists(con):
        return []
    found = con.execute(
        "SELECT golden_id, 'crm' AS side, crm_id AS record, erp_id AS kept, order_status AS status, stage "
        f"FROM {golden.sql} WHERE NOT won AND crm_id IS NOT NULL AND NOT crm_deleted AND erp_id IS NOT NULL "
        f"AND NOT erp_deleted AND coalesce(order_status, '') NOT IN {_ENDED}"
    ).pl()
    return [
        row | {"rule": "deactivate" if rule == "cancel" else rule, "said": f"is no longer won ({row['stage']})"}
        for row in found.to_dicts()
    ]


UNSOLD = Cause(NOT_WON, _unsold)
