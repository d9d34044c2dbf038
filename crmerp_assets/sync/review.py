"""Review tasks: what only a person can decide, and what the decision changes at once.

| kind            | question                                   | decisions                                       |
|-----------------|--------------------------------------------|-------------------------------------------------|
| ambiguous_link  | are these two records the same?            | same, different                                 |
| duplicate       | is this one record, entered twice?         | same, different                                 |
| unknown_product | which product does this text mean?         | alias to a product of the catalogue             |
| conflict        | both sides changed a field: which counts?  | crm, erp                                        |
| deletion        | what of the other side's record?           | ignore, deactivate, into RECORD                 |
| not_won         | what of the order of a deal not won?       | cancel, keep                                    |
| double          | merged here, two records there: together?  | unmerge, or merge them there                    |
| mass_deletion   | were so many records really deleted?       | accept, refuse                                  |
| breaker         | a plan or its pushes are abnormal: go on?  | release, keep                                   |
| approval        | may this order be made as it was sold?     | approve, refuse, both with a reason             |
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from crmerp_assets.ledger import Transaction
from crmerp_assets.sync import (
    approvals,
    breaker,
    conflicts,
    doubles,
    duplicates,
    link_answers,
    mass_deletion,
    tables,
    unknown_products,
    unsold,
    vanished,
)
from crmerp_assets.sync.decisions import Answer, Decision, Kind, NotDecidable, Review
from crmerp_assets.sync.platform import Platform


@dataclass(frozen=True, slots=True)
class Decided:
    """The review and, in a sentence, what happens next."""

    review_id: str
    consequence: str


def open_reviews(platform: Platform, kind: str | None = None) -> pl.DataFrame:
    """Open reviews, most valuable first."""
    with platform.ledger.read() as tx:
        return tx.reviews.list(kind).sort("value", "title", descending=[True, False], nulls_last=True)


def find(platform: Platform, review_id: str) -> Review:
    """The open review whose id starts like this. Raises LookupError unless there is exactly one."""
    with platform.ledger.read() as tx:
        held = pl.col("kind").eq(breaker.REVIEW) & pl.col("state").eq("decided")
        decidable = tx.reviews.list(state=None).filter(pl.col("state").eq("open") | held)
        found = decidable.filter(pl.col("id").str.starts_with(review_id))
    if found.height != 1:
        raise LookupError(f"{found.height} open reviews start with '{review_id}'; `crmerp review list` shows them")
    return found.row(0, named=True)


def decide(platform: Platform, review_id: str, answer: str, by: str, why: str | None = None) -> Decided:
    """Record a person's decision, and why. Raises NotDecidable, LookupError for a review that is not open."""
    review = find(platform, review_id)
    decision = KINDS[review["kind"]].judged(platform, review, Answer(answer, by, why))
    record = {**decision.record, "why": why} if why else decision.record
    with platform.ledger.begin() as tx:
        decision.effect(tx, by)
        tx.reviews.decide(review["id"], json.dumps(record), by)
    return Decided(review["id"], decision.consequence)


def decide_all(platform: Platform, entity: str | None, field: str, answer: str, by: str) -> list[Decided]:
    """Decide every open conflict of a field the same way."""
    found = conflicts.open_conflicts(platform, entity, field)
    return [decide(platform, review_id, answer, by) for review_id in found["id"].to_list()]


def _alias(platform: Platform, review: Review, answer: str) -> Decision:
    table = tables.golden("product")
    with platform.warehouse.open() as con:
        found = con.execute(
            f"SELECT golden_id, coalesce(name, sku) FROM {table.sql} WHERE lower(trim(?)) IN "
            "(lower(sku), lower(name), lower(golden_id))",
            [answer],
        ).fetchall()
    if len(found) != 1:
        raise NotDecidable(f"{len(found)} products are called '{answer}'; give the name or SKU of exactly one")
    golden_id, name = found[0]
    orders = json.loads(review["detail"])["orders"]

    def effect(tx: Transaction, by: str) -> None:
        tx.aliases.put("product", review["subject"], golden_id, by)

    then = f"'{review['subject']}' now means {name}; the next sync releases {orders} orders."
    return Decision({"golden_id": golden_id}, then, effect)


_ALL = (
    link_answers.KIND,
    duplicates.KIND,
    Kind(unknown_products.REVIEW, "Which product does this text mean?", {}, _alias),
    conflicts.KIND,
    vanished.KIND,
    unsold.KIND,
    doubles.KIND,
    mass_deletion.KIND,
    breaker.KIND,
    approvals.KIND,
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}


def resolved_conflicts(platform: Platform) -> pl.DataFrame:
    """Conflicts that a rule resolved without a person: entity, golden_id, field, crm, erp, base, golden, why."""
    found = [pl.DataFrame(schema=dict.fromkeys(_RESOLVED, pl.String))]
    with platform.warehouse.open() as con:
        for entity in platform.governance:
            table = tables.conflicts(entity)
            if table.exists(con):
                found.append(
                    con.execute(f"SELECT '{entity}' AS entity, {', '.join(_RESOLVED[1:])} FROM {table.sql}").pl()
                )
    return pl.concat(found)


_RESOLVED = ("entity", "golden_id", "field", "crm", "erp", "base", "golden", "why")
