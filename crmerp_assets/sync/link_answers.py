"""People's answers to questions about links: which can be carried out, and which are asked again, with the reason.

One record has one partner. A second `same` for a record is refused when it is given; where the first one came to be
meanwhile, by a rule or by somebody else's answer, the second is asked again and says so.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl

from crmerp_assets.ledger import Transaction
from crmerp_assets.sync import tables
from crmerp_assets.sync.decisions import Decision, Kind, NotDecidable, Review
from crmerp_assets.sync.platform import Platform
from crmerp_assets.warehouse.tables import listed

QUESTION = "ambiguous_link"
REFUSED = "refused"
"""The method of a pair that a person has joined though one of the two has another partner."""
TITLES = ("name", "email", "last_name", "sku")
"""By which a person recognises a record, the first that it has; else by its id."""
SYSTEMS = {"crm": "CRM", "erp": "ERP"}
_SHOWN = ("a_name", "b_name", "deals", "waiting")
"""What a question keeps for the list of matches: both names, how many won deals wait, and their money."""
_PAIR = pl.Schema({"a_id": pl.String(), "b_id": pl.String()})
_ASKED = pl.Schema({**_PAIR, "method": pl.String(), "evidence": pl.String()})


def question_detail(row: Mapping[str, Any]) -> str:
    """The facts of a question, as its review keeps them: why it is asked, and of scored pairs p, weights and model."""
    known = {name: row[name] for name in ("method", "evidence")}
    known |= {name: row[name] for name in _SHOWN if row.get(name) is not None}
    if row.get("p") is not None:
        known |= {name: row[name] for name in ("p", "weight", "model")} | {"why": json.loads(row["why"])}
    return json.dumps(known)


@dataclass(frozen=True, slots=True)
class Answers:
    """Pairs (a_id of the CRM, b_id of the ERP): the same thing, never the same thing, and `asked` (with method and
    evidence): open questions."""

    same: pl.DataFrame
    never: pl.DataFrame
    asked: pl.DataFrame


def answers(tx: Transaction, entity: str) -> Answers:
    """Every answer, in the order in which they were given, and every open question."""
    here = pl.col("entity") == entity
    decided = tx.reviews.decisions(QUESTION).filter(here).sort("decided_at", "id")
    rows = [(*json.loads(r["subject"]), json.loads(r["decision"])["same"]) for r in decided.iter_rows(named=True)]
    frame = pl.DataFrame(rows, schema={**_PAIR, "same": pl.Boolean}, orient="row")
    asked = [
        (*json.loads(row["subject"]), *(json.loads(row["detail"])[name] for name in ("method", "evidence")))
        for row in tx.reviews.list(QUESTION).filter(here).iter_rows(named=True)
    ]
    questions = pl.DataFrame(asked, schema=_ASKED, orient="row")
    return Answers(frame.filter("same").drop("same"), frame.filter(~pl.col("same")).drop("same"), questions)


def fitting(con: duckdb.DuckDBPyConnection, entity: str, given: Answers) -> Answers:
    """The answers that can be carried out now, and what is to be asked besides what the rules ask.

    `_side_crm` and `_side_erp` have golden_id and partner. Asked again are answers that cannot be carried out, those
    that could not before, and, for one more run, open questions about a record that gets its partner in this one: the
    rules do not look at it, and the other candidate must not be taken for a new record meanwhile.
    """
    pairs = pl.concat([given.same, given.asked.select(_PAIR.names())])
    a = _side(con, "crm", pairs["a_id"]).rename({"id": "a_id"})
    b = _side(con, "erp", pairs["b_id"]).rename({"id": "b_id"})
    waits = pl.col("crm_fresh") | pl.col("erp_fresh")
    same = given.same.join(a, on="a_id", maintain_order="left").join(b, on="b_id", maintain_order="left")
    same = same.with_columns(
        pl.coalesce("crm_partner", pl.col("b_id").first().over("a_id")).alias("b_taken"),
        pl.coalesce("erp_partner", pl.col("a_id").first().over("b_id")).alias("a_taken"),
    ).filter(waits)
    second = (pl.col("b_taken") != pl.col("b_id")) | (pl.col("a_taken") != pl.col("a_id"))
    told = [(r["a_id"], r["b_id"], REFUSED, _not_carried_out(entity, r)) for r in same.filter(second).to_dicts()]
    carried = same.filter(~second).select(_PAIR.names())
    open_ = given.asked.join(a, on="a_id").join(b, on="b_id").filter(waits)
    joined = pl.col("a_id").is_in(carried["a_id"].to_list()) | pl.col("b_id").is_in(carried["b_id"].to_list())
    kept = open_.filter((pl.col("method") == REFUSED) | joined).select(_ASKED.names())
    return Answers(carried, given.never, pl.concat([pl.DataFrame(told, schema=_ASKED, orient="row"), kept]))


def _side(con: duckdb.DuckDBPyConnection, role: str, ids: pl.Series) -> pl.DataFrame:
    """A partner that was deleted is none: who was entered again may take its place."""
    other = "erp" if role == "crm" else "crm"
    with listed(con, "_answered", ids.unique()):
        return con.execute(
            f"SELECT s.native_id AS id, o.native_id AS {role}_partner, s.golden_id IS NULL AS {role}_fresh "
            f"FROM _side_{role} s SEMI JOIN _answered ON s.native_id = _answered.id "
            f"LEFT JOIN _side_{other} o ON o.native_id = s.partner"
        ).pl()


def _not_carried_out(entity: str, row: Mapping[str, str]) -> str:
    taken = ("erp", row["b_id"], row["a_taken"], row["a_id"])
    if row["b_taken"] != row["b_id"]:
        taken = ("crm", row["a_id"], row["b_taken"], row["b_id"])
    return f"`same` was answered and not carried out: {_taken(entity, *taken)}"


def _taken(entity: str, role: str, record: str, partner: str, second: str) -> str:
    """Why a record cannot be the same as `second`, and what to do: merge the two of the other system, or keep both."""
    here, there = SYSTEMS[role], SYSTEMS["erp" if role == "crm" else "crm"]
    return (
        f"{entity} {record} of the {here} is the same as {partner} of the {there} already, and has one partner. If "
        f"{partner} and {second} are doubles, merge them in the {there} and sync; else answer `different`."
    )


@dataclass(frozen=True, slots=True)
class Said:
    """Partners by what people have said: CRM record -> ERP record, and back. Of two answers the first counts."""

    of_crm: dict[str, str]
    of_erp: dict[str, str]

    def add(self, a: str, b: str) -> None:
        """Take up one more answer."""
        self.of_crm.setdefault(a, b)
        self.of_erp.setdefault(b, a)


def said_same(platform: Platform, entity: str) -> Said:
    """Who is whose partner by the answers so far."""
    found = Said({}, {})
    with platform.ledger.read() as tx:
        for a, b in answers(tx, entity).same.iter_rows():
            found.add(a, b)
    return found


def _decide(platform: Platform, review: Review, answer: str) -> Decision:
    if answer == "same":
        has_no_other_partner(platform, review, said_same(platform, review["entity"]))
    then = "they are linked" if answer == "same" else "they stay two records and are never proposed again"
    return Decision({"same": answer == "same"}, f"With the next sync {then}.")


def has_no_other_partner(platform: Platform, review: Review, said: Said) -> None:
    """Raises NotDecidable where one of the two is linked to a third record, or has been said to be the same as one."""
    entity, (a, b) = review["entity"], json.loads(review["subject"])
    with platform.ledger.read() as tx:
        a_taken = _partner(tx, platform, entity, "crm", a) or said.of_crm.get(a, b)
        b_taken = _partner(tx, platform, entity, "erp", b) or said.of_erp.get(b, a)
    for role, record, partner, second in (("crm", a, a_taken, b), ("erp", b, b_taken, a)):
        if partner != second:
            raise NotDecidable(f"Review {review['id'][:8]}: {_taken(entity, role, record, partner, second)}")


def _partner(tx: Transaction, platform: Platform, entity: str, role: str, native_id: str) -> str | None:
    """The record of the other side that a record is linked to, unless that was deleted."""
    sides = {side.role: side for side in platform.connections.values()}
    other = sides["erp" if role == "crm" else "crm"]
    own = tx.links.by_native(entity, sides["crm" if role == "crm" else "erp"].name, [native_id])
    found = tx.links.of(entity, own["golden_id"]).filter(connection=other.name)["native_id"]
    if found.is_empty():
        return None
    entity_map = platform.entity_map(other, entity)
    assert entity_map is not None
    with platform.warehouse.open() as con:
        sql = f"SELECT 1 FROM {tables.conformed(other.name, entity_map.name).sql} WHERE native_id = ? AND deleted"
        dead = con.execute(sql, [found[0]]).fetchone()
    return None if dead else str(found[0])


KIND = Kind(
    QUESTION,
    "Are these two records the same?",
    {"same": "they are linked", "different": "they stay two records"},
    _decide,
)
