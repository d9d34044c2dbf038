"""What becomes of a record whose other half was deleted: nothing, a deactivation, or a question to a person.

Each deletion is one review of kind `deletion`, so that what was decided, by whom and when is kept; where the policy
says `deactivate`, the policy decides it. A deactivation is planned like any other write until the record was seen
inactive once: whoever activates it afterwards is not overruled. Nothing is ever deleted.
"""

import json
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl

from crmerp_assets.ledger import Transaction
from crmerp_assets.mapping import writable
from crmerp_assets.matching.survivors import Record
from crmerp_assets.merge.three_way import Role
from crmerp_assets.merge.writes import CHANGES
from crmerp_assets.sync import survivors, tables
from crmerp_assets.sync.decisions import Decision, Kind, NotDecidable, Review
from crmerp_assets.sync.deletions import name_survivor
from crmerp_assets.sync.gather import Side, sides
from crmerp_assets.sync.hanging import hanging
from crmerp_assets.sync.naming import named
from crmerp_assets.sync.platform import Platform

DELETION = "deletion"
POLICY = "policy"
_OTHER: dict[str, Role] = {"crm": "erp", "erp": "crm"}
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Deactivations:
    """Golden records to deactivate, by the side on which that happens."""

    on: dict[str, list[str]]

    @property
    def triggers(self) -> list[str]:
        """Every golden id among them."""
        return [golden_id for ids in self.on.values() for golden_id in ids]

    def changes(self, held: pl.DataFrame, role: Role) -> pl.DataFrame:
        """Field changes for one side, as rows of CHANGES."""
        due = held.filter(pl.col("golden_id").is_in(self.on.get(role, [])))
        if due.is_empty():
            return pl.DataFrame(schema=CHANGES)
        return due.filter(pl.col(f"{role}.active").ne_missing("false")).select(
            "golden_id",
            pl.lit("active").alias("field"),
            pl.col(f"{role}.active").alias("before"),
            pl.lit("false").alias("after"),
            pl.lit(f"deactivate: deleted in the {_OTHER[role].upper()}").alias("rule"),
        )


def settle(platform: Platform, con: duckdb.DuckDBPyConnection, entity: str) -> Deactivations:
    """Ask about the deletions of an entity, close what is settled; what is to be deactivated."""
    gone = _gone(platform, con, entity)
    with platform.ledger.read() as tx:
        reviews = tx.reviews.list(DELETION, None)
    known = {
        row["subject"]: row for row in reviews.filter(pl.col("entity") == entity).to_dicts() if row["state"] != "closed"
    }
    stale = [subject for subject, row in known.items() if _stale(row, gone.get(subject))]
    fresh = [row for subject, row in gone.items() if subject not in known or subject in stale]
    by_policy = [s for s, row in gone.items() if row["rule"] == "deactivate" and _undecided(known.get(s), s in stale)]
    if stale or fresh or by_policy:
        questions = _questions(con, entity, sides(platform, con, entity), fresh)
        with platform.ledger.begin() as tx:
            tx.reviews.withdraw(DELETION, entity, stale)
            tx.reviews.open(questions)
            _decide(tx, entity, by_policy, {"answer": "deactivate"}, POLICY)
    return _due(platform, con, entity, gone)


def _decided(platform: Platform, review: Review, answer: str) -> Decision:
    """Ignore, deactivate, or `into RECORD` where it was really a merge."""
    entity, facts = review["entity"], json.loads(review["detail"])
    kept: Role = _OTHER[facts["side"]]
    if answer == "ignore":
        return Decision({"answer": answer}, "Both records stay as they are; nothing is written to either.")
    if answer == "deactivate":
        if not deactivatable(platform, entity, kept):
            raise NotDecidable(f"the {kept.upper()}'s {entity} has no field `active`; answer ignore, or into RECORD")
        return Decision({"answer": answer}, f"The next plan deactivates the record in the {kept.upper()}.")
    if answer.startswith("into "):
        return _into(platform, entity, facts, answer.removeprefix("into ").strip())
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


def deactivatable(platform: Platform, entity: str, role: Role) -> bool:
    """Whether a side's records have a field `active` that may be written."""
    entity_map = platform.entity_map(platform.side(role), entity)
    return entity_map is not None and "active" in writable(entity_map, "update")


def _gone(platform: Platform, con: duckdb.DuckDBPyConnection, entity: str) -> dict[str, dict[str, Any]]:
    """subject -> golden_id, side, record, kept, rule, of records deleted on one side and held on the other.

    What a survivor has taken over, or will as soon as it is known, is no deletion.
    """
    golden = tables.golden(entity)
    if not golden.exists(con):
        return {}
    parts = [
        f"SELECT golden_id, '{side}' AS side, {side}_id AS record, {kept}_id AS kept FROM {golden.sql} "
        f"WHERE {side}_deleted AND {side}_id IS NOT NULL AND {kept}_id IS NOT NULL AND NOT {kept}_deleted"
        for side, kept in _OTHER.items()
        if platform.policy.deletions.of(entity, _OTHER[kept]) != "ignore"
    ]
    rows = con.execute(" UNION ALL ".join(parts)).pl().to_dicts() if parts else []
    merged = _merged(platform, con, entity) if rows else set()
    return {
        _subject(row): row | {"rule": platform.policy.deletions.of(entity, row["side"])}
        for row in rows
        if (platform.side(row["side"]).name, row["record"]) not in merged
    }


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


def _subject(row: dict[str, Any]) -> str:
    return json.dumps([row["golden_id"], row["side"]])


def _detail(row: dict[str, Any]) -> str:
    return json.dumps({name: row[name] for name in ("side", "record", "kept")})


def _stale(review: dict[str, Any], now: dict[str, Any] | None) -> bool:
    """The record is back, it is another record, or the policy that decided says something else now."""
    if now is None or review["detail"] != _detail(now):
        return True
    return bool(review["decided_by"] == POLICY and now["rule"] != "deactivate")


def _undecided(review: dict[str, Any] | None, stale: bool) -> bool:
    return review is None or stale or review["state"] == "open"


def _decide(tx: Transaction, entity: str, subjects: list[str], answer: dict[str, object], by: str) -> None:
    ids = tx.reviews.list(DELETION, None).filter((pl.col("entity") == entity) & pl.col("subject").is_in(subjects))
    for review in ids["id"]:
        tx.reviews.decide(review, json.dumps(answer), by)


def _due(
    platform: Platform, con: duckdb.DuckDBPyConnection, entity: str, gone: dict[str, dict[str, Any]]
) -> Deactivations:
    """Deactivations that were decided and not yet seen to be done; those that are, are noted as done."""
    with platform.ledger.read() as tx:
        decisions = tx.reviews.decisions(DELETION).filter(pl.col("entity") == entity)
    rows = decisions.select("subject", "decision", "decided_by").to_dicts()
    wanted = {
        row["subject"]: row for row in rows if row["subject"] in gone and _deactivate(json.loads(row["decision"]))
    }
    on: dict[str, list[str]] = {}
    for subject in wanted:
        on.setdefault(_OTHER[gone[subject]["side"]], []).append(gone[subject]["golden_id"])
    done = _inactive(con, entity, on)
    for subject, row in wanted.items():
        if gone[subject]["golden_id"] in done:
            with platform.ledger.begin() as tx:
                _decide(tx, entity, [subject], {"answer": "deactivate", "done": True}, row["decided_by"])
    return Deactivations({role: [one for one in ids if one not in done] for role, ids in on.items()})


def _deactivate(decision: dict[str, Any]) -> bool:
    return decision.get("answer") == "deactivate" and "done" not in decision


def _inactive(con: duckdb.DuckDBPyConnection, entity: str, on: dict[str, list[str]]) -> set[str]:
    found: set[str] = set()
    for role, ids in on.items():
        rows = con.execute(
            f"SELECT golden_id FROM {tables.compare(entity).sql} WHERE \"{role}.active\" = 'false' "
            "AND golden_id IN (SELECT unnest(?))",
            [ids],
        )
        found |= {row[0] for row in rows.fetchall()}
    return found


def _questions(con: duckdb.DuckDBPyConnection, entity: str, holding: list[Side], rows: Rows) -> list[dict[str, Any]]:
    """The reviews: what was deleted where, what stays where, and what hangs on it."""
    at = {side.connection.role: side for side in holding}
    names = {
        role: named(con, side, [r["record"] if r["side"] == role else r["kept"] for r in rows])
        for role, side in at.items()
    }
    weight = hanging(con, entity, [row["golden_id"] for row in rows])
    return [
        {
            "kind": DELETION,
            "entity": entity,
            "subject": _subject(row),
            "title": f"{entity} {names[row['side']][row['record']]} was deleted in {at[row['side']].connection.name}; "
            f"{names[_OTHER[row['side']]][row['kept']]} in {at[_OTHER[row['side']]].connection.name} stays"
            + weight.text(row["golden_id"]),
            "detail": _detail(row),
            "value": weight.value(row["golden_id"]),
        }
        for row in rows
    ]
