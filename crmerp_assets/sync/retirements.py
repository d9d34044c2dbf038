"""Taking the other half of a record out of use, where one half is gone: asked of a person, or decided by policy.

Each case is one review, so that what was decided, by whom and when is kept; where the policy says `deactivate`, the
policy decides it. A deactivation (for an order: a cancellation) is planned like any other write until the record was
seen out of use once: whoever puts it back into use afterwards is not overruled. Nothing is ever deleted.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl

from crmerp_assets.ledger import Transaction
from crmerp_assets.mapping import Retirement, retirement
from crmerp_assets.merge.three_way import Role
from crmerp_assets.merge.writes import CHANGES
from crmerp_assets.sync import tables
from crmerp_assets.sync.decisions import Decision, NotDecidable, Review
from crmerp_assets.sync.gather import Side, sides
from crmerp_assets.sync.hanging import hanging
from crmerp_assets.sync.naming import named
from crmerp_assets.sync.platform import Platform

POLICY = "policy"
OTHER: dict[str, Role] = {"crm": "erp", "erp": "crm"}
RETIRES = "retire: "
Row = dict[str, Any]
"""One case: golden_id, side (the half that is gone), record, kept (native ids), rule, said, and status of an order."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A reason to take records out of use: the kind of its reviews, and how its cases are found."""

    kind: str
    cases: Callable[[Platform, duckdb.DuckDBPyConnection, str], list[Row]]


@dataclass(frozen=True, slots=True)
class Retirements:
    """Golden records to take out of use, by the side on which that happens, each with the reason."""

    on: dict[Role, dict[str, str]]

    @property
    def triggers(self) -> list[str]:
        """Every golden id among them."""
        return [golden_id for reasons in self.on.values() for golden_id in reasons]

    def and_(self, other: "Retirements") -> "Retirements":
        """Both together."""
        roles: tuple[Role, ...] = ("crm", "erp")
        return Retirements({role: {**self.on.get(role, {}), **other.on.get(role, {})} for role in roles})

    def changes(self, held: pl.DataFrame, role: Role, way: Retirement | None) -> pl.DataFrame:
        """Field changes for one side, as rows of CHANGES; their rule starts with RETIRES."""
        reasons = self.on.get(role, {})
        due = held.filter(pl.col("golden_id").is_in(list(reasons)))
        if due.is_empty() or way is None:
            return pl.DataFrame(schema=CHANGES)
        return due.filter(pl.col(f"{role}.{way.field}").ne_missing(way.value)).select(
            "golden_id",
            pl.lit(way.field).alias("field"),
            pl.col(f"{role}.{way.field}").alias("before"),
            pl.lit(way.value).alias("after"),
            (pl.lit(RETIRES) + pl.col("golden_id").replace_strict(reasons, return_dtype=pl.String)).alias("rule"),
        )


def settle(platform: Platform, con: duckdb.DuckDBPyConnection, entity: str, cause: Cause) -> Retirements:
    """Ask about the cases of an entity, close what is settled; what is to be taken out of use."""
    gone = {_subject(row): row for row in cause.cases(platform, con, entity)}
    with platform.ledger.read() as tx:
        reviews = tx.reviews.list(cause.kind, None)
    known = {
        row["subject"]: row for row in reviews.filter(pl.col("entity") == entity).to_dicts() if row["state"] != "closed"
    }
    stale = [subject for subject, row in known.items() if _stale(platform, row, gone.get(subject))]
    fresh = [row for subject, row in gone.items() if subject in stale or _unasked(known.get(subject), row)]
    by_policy = [
        s
        for s, row in gone.items()
        if row["rule"] == "deactivate" and _undecided(known.get(s), s in stale) and _can(platform, entity, row)
    ]
    if stale or fresh or by_policy:
        questions = _questions(con, entity, cause, sides(platform, con, entity), fresh)
        with platform.ledger.begin() as tx:
            tx.reviews.withdraw(cause.kind, entity, stale)
            tx.reviews.open(questions)
            _decide(tx, cause, entity, by_policy, {"answer": "deactivate"}, POLICY)
    return _due(platform, con, entity, cause, gone)


def deactivate(platform: Platform, review: Review, answer: str, instead: str) -> Decision:
    """The decision to take the kept record out of use. Raises NotDecidable where its system does not let us now."""
    entity, facts = review["entity"], json.loads(review["detail"])
    kept = OTHER[facts["side"]]
    way = _way(platform, entity, kept)
    if way is None:
        raise NotDecidable(f"the {kept.upper()}'s {entity} has no field `active`; {instead}")
    if not _allowed(way, facts.get("status")):
        shown = str(facts["status"]).replace("_", " ")
        raise NotDecidable(f"the {entity} is already {shown} in the {kept.upper()}: undo it there by hand; {instead}")
    verb = "cancels" if way.value == "cancelled" else "deactivates"
    return Decision({"answer": answer}, f"The next plan {verb} the record in the {kept.upper()}.")


def _way(platform: Platform, entity: str, role: Role) -> Retirement | None:
    entity_map = platform.entity_map(platform.side(role), entity)
    return retirement(entity_map) if entity_map is not None else None


def _can(platform: Platform, entity: str, row: Row) -> bool:
    way = _way(platform, entity, OTHER[row["side"]])
    return way is not None and _allowed(way, row.get("status"))


def _allowed(way: Retirement, status: str | None) -> bool:
    return way.sources is None or status in way.sources


def _subject(row: Row) -> str:
    return json.dumps([row["golden_id"], row["side"]])


def _detail(row: Row) -> str:
    status = {"status": row["status"]} if row.get("status") else {}
    return json.dumps({name: row[name] for name in ("side", "record", "kept")} | status)


def _stale(platform: Platform, review: Row, now: Row | None) -> bool:
    """The record is back, it is another record, it can no longer be taken out of use as was decided, or the policy
    that decided says something else now."""
    if now is None or _identity(json.loads(review["detail"])) != _identity(now):
        return True
    if review["decided_by"] == POLICY and now["rule"] != "deactivate":
        return True
    wanted = review["state"] == "decided" and _deactivates(json.loads(review["decision"]))
    return wanted and not _can(platform, review["entity"], now)


def _identity(facts: Row) -> list[str]:
    return [facts[name] for name in ("side", "record", "kept")]


def _unasked(review: Row | None, now: Row) -> bool:
    """Nobody was asked, or the open question tells of another status than there is now."""
    return review is None or (review["state"] == "open" and review["detail"] != _detail(now))


def _undecided(review: Row | None, stale: bool) -> bool:
    return review is None or stale or review["state"] == "open"


def _decide(
    tx: Transaction, cause: Cause, entity: str, subjects: list[str], answer: dict[str, object], by: str
) -> None:
    ids = tx.reviews.list(cause.kind, None).filter((pl.col("entity") == entity) & pl.col("subject").is_in(subjects))
    for review in ids["id"]:
        tx.reviews.decide(review, json.dumps(answer), by)


def _due(
    platform: Platform, con: duckdb.DuckDBPyConnection, entity: str, cause: Cause, gone: dict[str, Row]
) -> Retirements:
    """What was decided and not yet seen to be done; what is, is noted as done."""
    with platform.ledger.read() as tx:
        decisions = tx.reviews.decisions(cause.kind).filter(pl.col("entity") == entity)
    rows = decisions.select("subject", "decision", "decided_by").to_dicts()
    wanted = {
        row["subject"]: row for row in rows if row["subject"] in gone and _deactivates(json.loads(row["decision"]))
    }
    on: dict[Role, dict[str, str]] = {}
    for subject in wanted:
        on.setdefault(OTHER[gone[subject]["side"]], {})[gone[subject]["golden_id"]] = _why(gone[subject])
    done = {one for role, ids in on.items() for one in _retired(platform, con, entity, role, list(ids))}
    for subject, row in wanted.items():
        if gone[subject]["golden_id"] in done:
            decision = json.loads(row["decision"]) | {"done": True}
            with platform.ledger.begin() as tx:
                _decide(tx, cause, entity, [subject], decision, row["decided_by"])
    return Retirements({role: {one: why for one, why in ids.items() if one not in done} for role, ids in on.items()})


def _why(row: Row) -> str:
    return f"{row['said']} in the {row['side'].upper()}"


def _deactivates(decision: dict[str, Any]) -> bool:
    return decision.get("answer") == "deactivate" and "done" not in decision


def _retired(platform: Platform, con: duckdb.DuckDBPyConnection, entity: str, role: Role, ids: list[str]) -> list[str]:
    way = _way(platform, entity, role)
    if way is None:
        return []
    rows = con.execute(
        f'SELECT golden_id FROM {tables.compare(entity).sql} WHERE "{role}.{way.field}" = ? '
        "AND golden_id IN (SELECT unnest(?))",
        [way.value, ids],
    )
    return [row[0] for row in rows.fetchall()]


def _questions(
    con: duckdb.DuckDBPyConnection, entity: str, cause: Cause, holding: list[Side], rows: list[Row]
) -> list[Row]:
    """The reviews: what is gone where, what stays where, and what hangs on it."""
    at = {side.connection.role: side for side in holding}
    names = {
        role: named(con, side, [r["record"] if r["side"] == role else r["kept"] for r in rows])
        for role, side in at.items()
    }
    weight = hanging(con, entity, [row["golden_id"] for row in rows])
    return [
        {
            "kind": cause.kind,
            "entity": entity,
            "subject": _subject(row),
            "title": f"{entity} {_told(row, at, names)}{weight.text(row['golden_id'])}",
            "detail": _detail(row),
            "value": weight.value(row["golden_id"]),
        }
        for row in rows
    ]


def _told(row: Row, at: Mapping[Role, Side], names: Mapping[Role, dict[str, str]]) -> str:
    here: Role = row["side"]
    there = OTHER[here]
    gone = f"{names[here][row['record']]} {row['said']} in {at[here].connection.name}"
    return f"{gone}; {names[there][row['kept']]} in {at[there].connection.name} stays"
