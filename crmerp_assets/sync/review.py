"""Review tasks: what only a person can decide, and what the decision changes at once.

| kind            | question                                   | decisions                                       |
|-----------------|--------------------------------------------|-------------------------------------------------|
| ambiguous_link  | are these two records the same?            | same, different                                 |
| unknown_product | which product does this text mean?         | alias to a product of the catalogue             |
| conflict        | both sides changed a field: which counts?  | crm, erp                                        |
| breaker         | a plan or its pushes are abnormal: go on?  | release, keep                                   |
"""

import json
from dataclasses import dataclass

import polars as pl

from crmerp_assets.sync import breaker, tables
from crmerp_assets.sync.link import QUESTION
from crmerp_assets.sync.merge import CONFLICT
from crmerp_assets.sync.plan import UNKNOWN_PRODUCT_REVIEW
from crmerp_assets.sync.platform import Platform


class NotDecidable(ValueError):
    """The decision does not fit the review; the message says which ones do."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The review and, in a sentence, what happens next."""

    review_id: str
    consequence: str


def open_reviews(platform: Platform, kind: str | None = None) -> pl.DataFrame:
    """Open reviews, most valuable first."""
    with platform.ledger.read() as tx:
        return tx.reviews.list(kind).sort("value", "title", descending=[True, False], nulls_last=True)


def decide(platform: Platform, review_id: str, answer: str, by: str) -> Decided:
    """Record a person's decision. Raises NotDecidable, LookupError for a review that is not open."""
    with platform.ledger.read() as tx:
        held = pl.col("kind").eq(breaker.REVIEW) & pl.col("state").eq("decided")
        decidable = tx.reviews.list(state=None).filter(pl.col("state").eq("open") | held)
        found = decidable.filter(pl.col("id").str.starts_with(review_id))
    if found.height != 1:
        raise LookupError(f"{found.height} open reviews start with '{review_id}'; `crmerp review list` shows them")
    review = found.row(0, named=True)
    decision, consequence = _DECISIONS[review["kind"]](platform, review, answer)
    with platform.ledger.begin() as tx:
        if review["kind"] == UNKNOWN_PRODUCT_REVIEW:
            tx.aliases.put("product", review["subject"], str(decision["golden_id"]), by)
        tx.reviews.decide(review["id"], json.dumps(decision), by)
    return Decided(review["id"], consequence)


def _link(platform: Platform, review: dict[str, str], answer: str) -> tuple[dict[str, object], str]:
    if answer not in ("same", "different"):
        raise NotDecidable("answer `same` or `different`")
    then = "they are linked" if answer == "same" else "they stay two records and are never proposed again"
    return {"same": answer == "same"}, f"With the next sync {then}."


def _conflict(platform: Platform, review: dict[str, str], answer: str) -> tuple[dict[str, object], str]:
    if answer not in ("crm", "erp"):
        raise NotDecidable("answer `crm` or `erp`: whose value counts")
    return {"choose": answer}, f"With the next sync the {answer.upper()}'s value goes to the other side."


def _alias(platform: Platform, review: dict[str, str], answer: str) -> tuple[dict[str, object], str]:
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
    return {"golden_id": golden_id}, f"'{review['subject']}' now means {name}; the next sync releases {orders} orders."


def _breaker(platform: Platform, review: dict[str, str], answer: str) -> tuple[dict[str, object], str]:
    if answer not in breaker.ANSWERS:
        raise NotDecidable("answer `release` to let the queue go, or `keep` to hold it")
    return breaker.decided(platform, review, answer)


_DECISIONS = {QUESTION: _link, CONFLICT: _conflict, "unknown_product": _alias, breaker.REVIEW: _breaker}


def resolved_conflicts(platform: Platform) -> pl.DataFrame:
    """Conflicts that a rule resolved without a person: entity, golden_id, field, crm, erp, base, golden, why.

    Values of personal fields are left out.
    """
    found = [pl.DataFrame(schema=dict.fromkeys(_RESOLVED, pl.String))]
    with platform.warehouse.open() as con:
        for entity, rules in platform.governance.items():
            table = tables.conflicts(entity)
            if table.exists(con):
                rows = con.execute(f"SELECT '{entity}' AS entity, {', '.join(_RESOLVED[1:])} FROM {table.sql}").pl()
                hidden = pl.col("field").is_in([name for name, rule in rules.fields.items() if rule.personal])
                values = [pl.when(~hidden).then(pl.col(name)).alias(name) for name in ("crm", "erp", "base", "golden")]
                found.append(rows.with_columns(values))
    return pl.concat(found)


_RESOLVED = ("entity", "golden_id", "field", "crm", "erp", "base", "golden", "why")
