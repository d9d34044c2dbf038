"""What becomes of a record whose other half was deleted: nothing, a deactivation, or a question to a person."""

import json
from typing import Any

import duckdb

from crmerp_assets.matching.survivors import Record
from crmerp_assets.merge.three_way import Role
from crmerp_assets.sync import survivors, tables
from crmerp_assets.sync.decisions import Decision, Kind, NotDecidable, Review
from crmerp_assets.sync.deletions import name_survivor
from crmerp_assets.sync.gather import sides
from crmerp_assets.sync.platform import Platform
from crmerp_assets.sync.retirements import OTHER, Cause, Row, deactivate

DELETION = "deletion"


def _decided(platform: Platform, review: Review, answer: str) -> Decision:
    """Ignore, deactivate, or `into RECORD` where it was really a merge."""
    if answer == "ignore":
        return Decision({"answer": answer}, "Both records stay as they are; nothing is written to either.")
    if answer == "deactivate":
        return deactivate(platform, review, answer, "answer ignore, or into RECORD")
    if answer.startswith("into "):
        facts = json.loads(review["detail"])
        return _into(platform, review["entity"], facts, answer.removeprefix("into ").strip())
    raise NotDecidable(
        "answer `ignore`, `deactivate`, or `into RECORD` with the native id of the record it was merged into; "
        "to have it back, restore it in its own system, which closes this review"
    )


def _into(platform: Platform, entity: str, facts: dict[str, str], survivor: str) -> Decision:
    side = platform.side("crm" if facts["side"] == "crm" else "erp")
    entity_map = platform.entity_map(side, entity)
    assert entity_map is not None
    try:
        name_survivor(platform, side, entity_map, facts["record"], survivor)
    except LookupError as unknown:
        raise NotDecidable(f"{unknown}; give the native id that {side.name} shows") from unknown
    then = f"With the next sync {survivor} takes over from {facts['record']}."
    return Decision({"answer": "into", "record": survivor}, then)


KIND = Kind(DELETION, "A record was deleted on one side: what of the other side's?", {}, _decided)


def _gone(platform: Platform, con: duckdb.DuckDBPyConnection, entity: str) -> list[Row]:
    """Records deleted on one side and held on the other. What a survivor has taken over, or will as soon as it is
    known, is no deletion."""
    golden = tables.golden(entity)
    if not golden.exists(con):
        return []
    status = "order_status" if entity == "order" else "NULL::VARCHAR"
    parts = [
        f"SELECT golden_id, '{side}' AS side, {side}_id AS record, {kept}_id AS kept, {status} AS status "
        f"FROM {golden.sql} "
        f"WHERE {side}_deleted AND {side}_id IS NOT NULL AND {kept}_id IS NOT NULL AND NOT {kept}_deleted"
        for side, kept in OTHER.items()
        if platform.policy.deletions.of(entity, OTHER[kept]) != "ignore"
    ]
    rows: list[dict[str, Any]] = con.execute(" UNION ALL ".join(parts)).pl().to_dicts() if parts else []
    merged = _merged(platform, con, entity) if rows else set()
    return [
        row | {"rule": platform.policy.deletions.of(entity, _role(row["side"])), "said": "was deleted"}
        for row in rows
        if (platform.side(row["side"]).name, row["record"]) not in merged
    ]


def _role(side: str) -> Role:
    return "crm" if side == "crm" else "erp"


def _merged(platform: Platform, con: duckdb.DuckDBPyConnection, entity: str) -> set[Record]:
    """Records that were merged into another, but for those that nothing takes over."""
    found = set()
    for side in sides(platform, con, entity):
        sql = f"SELECT native_id FROM {side.table.sql} WHERE deleted AND merged_into IS NOT NULL"
        found |= {(side.connection.name, row[0]) for row in con.execute(sql).fetchall()}
    if not found:
        return found
    with platform.ledger.read() as tx:
        standing = tx.survivors.standing(entity).to_dicts()
    return found - survivors.ended(platform, con, entity, standing)


DELETED = Cause(DELETION, _gone)
