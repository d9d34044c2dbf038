"""Approvals of orders: asked level by level, bound to exactly what is sold, and asked again when that changes.

Each level of each rule is one review of kind `approval`. Its facts hold a fingerprint of the order's lines, currency
and customer: an answer counts only while they are the same. Who approved, when and why stays with the review.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb
import polars as pl

from crmerp_assets.canonical.lines import parse_lines
from crmerp_assets.canonical.money import MONEY, RATE
from crmerp_assets.merge.approvals import fingerprint, needed
from crmerp_assets.merge.order_policy import ApprovalRule, Level
from crmerp_assets.sync import tables
from crmerp_assets.sync.decisions import Answer, Decision, Kind, NotDecidable, Review
from crmerp_assets.sync.platform import Platform

APPROVAL = "approval"
WAITING_APPROVAL, REFUSED = "waiting_approval", "approval_refused"
_SOLD = ("lines", "currency", "customer")


@dataclass(frozen=True, slots=True)
class Asked:
    """One level of one rule that an order needs, with the facts of its review."""

    golden_id: str
    rule: ApprovalRule
    level: Level
    why: str
    detail: str
    title: str
    amount: float

    @property
    def subject(self) -> str:
        return json.dumps([self.golden_id, self.rule.name, self.level.name])

    def review(self) -> dict[str, Any]:
        """What the ledger is asked to open."""
        facts = {"title": self.title, "detail": self.detail, "value": self.amount}
        return {"kind": APPROVAL, "entity": "order", "subject": self.subject, **facts}


def with_approvals(platform: Platform, con: duckdb.DuckDBPyConnection, gated: pl.DataFrame) -> pl.DataFrame:
    """Hold the orders that no other gate holds and that lack an approval; their reviews are opened.

    `gated` has the compare columns, `operation`, `changes`, `gate` and `reason`.
    """
    selling = pl.any_horizontal(pl.col("changes").str.contains(f'"{name}":', literal=True) for name in _SOLD)
    candidates = gated.filter(pl.col("gate").is_null() & selling)
    rules = platform.policy.orders.approvals
    if candidates.is_empty() or not rules:
        return gated
    asked = list(_asked(candidates, needed(*_facts(platform, con, candidates), rules), rules))
    with platform.ledger.begin() as tx:
        known = {row["subject"]: row for row in tx.reviews.list(APPROVAL, None).iter_rows(named=True)}
        waiting = _first_open(asked, known)
        tx.reviews.open([one.review() for one in waiting])
        tx.reviews.withdraw(APPROVAL, "order", _idle(known, asked, candidates["golden_id"].to_list()))
        opened = {row["subject"]: row for row in tx.reviews.list(APPROVAL, None).iter_rows(named=True)}
    held = _reasons(waiting, opened, platform.clock())
    joined = gated.join(held, on="golden_id", how="left", maintain_order="left")
    return joined.with_columns(
        pl.coalesce("gate", "approval.gate").alias("gate"), pl.coalesce("reason", "approval.reason").alias("reason")
    ).drop("approval.gate", "approval.reason")


def withdraw_idle(platform: Platform, considered: list[str], found: pl.DataFrame) -> None:
    """Close the open questions about considered orders that wait for no approval now: lost, held by another gate."""
    held = set(found.filter(pl.col("gate").is_in([WAITING_APPROVAL, REFUSED]))["golden_id"].to_list())
    idle = set(considered) - held
    with platform.ledger.read() as tx:
        asked = tx.reviews.list(APPROVAL)["subject"].to_list()
    gone = [subject for subject in asked if json.loads(subject)[0] in idle]
    if gone:
        with platform.ledger.begin() as tx:
            tx.reviews.withdraw(APPROVAL, "order", gone)


def _facts(
    platform: Platform, con: duckdb.DuckDBPyConnection, candidates: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The orders and their lines, as `merge.approvals.needed` takes them."""
    crm = platform.side("crm")
    entity_map = platform.entity_map(crm, "order")
    assert entity_map is not None
    sold = parse_lines(candidates, "golden.lines", fields=["position", "product", "product_text"], keep=["golden_id"])
    deals = candidates.select("golden_id", pl.col("crm.id").alias("deal"))
    con.register("_sold", sold.join(deals, on="golden_id").to_arrow())
    con.register("_buyers", candidates.select(pl.col("golden.customer").alias("id")).unique().to_arrow())
    lines = con.execute(_lines_sql(con, tables.conformed_lines(crm.name, entity_map.name).sql)).pl()
    tiers = con.execute(
        f"SELECT golden_id AS id, tier FROM {tables.golden('customer').sql} g SEMI JOIN _buyers b ON b.id = g.golden_id"
    ).pl()
    con.unregister("_sold")
    con.unregister("_buyers")
    orders = candidates.select(
        "golden_id",
        pl.col("golden.currency").alias("currency"),
        pl.col("golden.amount").cast(MONEY, strict=False).alias("amount"),
        pl.col("golden.customer").alias("id"),
    ).join(tiers.cast({"id": pl.String, "tier": pl.String}), on="id", how="left")
    return orders, lines.with_columns(_discount().alias("discount"))


def _lines_sql(con: duckdb.DuckDBPyConnection, conformed_lines: str) -> str:
    return f"""
        SELECT s.golden_id, p.sku, p.category, coalesce(p.sku, p.name, s.product_text, 'an item') AS product,
               n.discount AS stated, n.unit_price, n.list_price
        FROM _sold s
        LEFT JOIN {tables.golden("product").sql} p ON p.golden_id = s.product
        LEFT JOIN {conformed_lines} n
               ON n.parent_id = s.deal AND n.position = CAST(s.position AS BIGINT) AND NOT n.deleted
    """


def _discount() -> pl.Expr:
    """Percent below the list price, or what the line states; the larger of the two."""
    listed = pl.col("list_price").cast(RATE)
    below = pl.when(listed > 0).then((1 - pl.col("unit_price").cast(RATE) / listed) * 100)
    return pl.max_horizontal(below.cast(MONEY), pl.col("stated").cast(MONEY))


def _asked(candidates: pl.DataFrame, found: pl.DataFrame, rules: tuple[ApprovalRule, ...]) -> Iterator[Asked]:
    """Every level of every rule that applies, the levels of one rule in their order."""
    by_name = {rule.name: rule for rule in rules}
    columns = ("golden_id", "golden.name", "golden.lines", "golden.currency", "golden.customer", "golden.amount")
    rows = found.join(candidates.select(*columns), on="golden_id", how="inner", maintain_order="left")
    for row in rows.iter_rows(named=True):
        rule = by_name[row["rule"]]
        sold = fingerprint(row["golden.lines"] or "", row["golden.currency"], row["golden.customer"])
        for level in rule.levels:
            amount, currency = row["golden.amount"], row["golden.currency"]
            detail = json.dumps({"sold": sold, "why": row["why"], "amount": amount, "currency": currency})
            title = f"{level.name}: approve {row['golden.name']} over {amount} {currency}? {rule.name}: {row['why']}"
            yield Asked(row["golden_id"], rule, level, row["why"], detail, title, float(amount or 0))


def _first_open(asked: list[Asked], known: Mapping[str, Review]) -> list[Asked]:
    """Of each order and rule the first level that is not approved; a refused one is it, too."""
    waiting: dict[tuple[str, str], Asked] = {}
    for one in asked:
        if (one.golden_id, one.rule.name) not in waiting and not _approved(one, known.get(one.subject)):
            waiting[(one.golden_id, one.rule.name)] = one
    return list(waiting.values())


def _answer(one: Asked, review: Review | None) -> dict[str, Any]:
    """The answer that was given on exactly these facts; nothing otherwise."""
    if review is None or review["state"] != "decided" or review["detail"] != one.detail:
        return {}
    return dict(json.loads(review["decision"]))


def _approved(one: Asked, review: Review | None) -> bool:
    return _answer(one, review).get("answer") == "approve"


def _idle(known: Mapping[str, Review], asked: list[Asked], considered: list[str]) -> list[str]:
    """Subjects of the considered orders that no rule asks about any more, answered ones too."""
    wanted, looked_at = {one.subject for one in asked}, set(considered)
    living = [subject for subject, row in known.items() if row["state"] != "closed" and subject not in wanted]
    return [subject for subject in living if json.loads(subject)[0] in looked_at]


def _reasons(waiting: list[Asked], reviews: Mapping[str, Review], now: datetime) -> pl.DataFrame:
    """(golden_id, approval.gate, approval.reason), one row an order; a refusal comes first."""
    rows = sorted((_reason(one, reviews[one.subject], now) for one in waiting), key=lambda row: row[1] != REFUSED)
    schema = {"golden_id": pl.String, "approval.gate": pl.String, "approval.reason": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").unique("golden_id", keep="first", maintain_order=True)


def _reason(one: Asked, review: Review, now: datetime) -> tuple[str, str, str]:
    answer = _answer(one, review)
    if answer.get("answer") == "refuse":
        said = f"{review['decided_by']} ({one.level.name}) refused it: {answer['why']}; change the deal to ask again"
        return one.golden_id, REFUSED, said
    said = f"{one.rule.name}: {one.why}; waiting for {one.level.name}"
    if escalated(one.level, review["opened_at"], now):
        said += f" since {review['opened_at']:%Y-%m-%d %H:%M}, escalated to {', '.join(one.level.escalate_to)}"
    return one.golden_id, WAITING_APPROVAL, f"{said}; `crmerp review decide {review['id'][:8]} approve --why ...`"


def escalated(level: Level, opened_at: datetime, now: datetime) -> bool:
    """Whether a level has waited longer than its time."""
    return level.escalate_hours is not None and now - opened_at > timedelta(hours=level.escalate_hours)


def _permit(platform: Platform, review: Review, answer: Answer) -> None:
    """An approval says why, comes from a person who may give it, and no person gives two of one order's levels."""
    golden_id, rule_name, level_name = json.loads(review["subject"])
    levels = next((rule.levels for rule in platform.policy.orders.approvals if rule.name == rule_name), ())
    level = next((level for level in levels if level.name == level_name), None)
    if level is None:
        raise NotDecidable(f"the policy no longer asks '{level_name}' of '{rule_name}'; the next plan closes this.")
    if not answer.why:
        raise NotDecidable("an approval says why: add --why 'the reason'.")
    _may(platform, review, level, answer.by)
    if answer.word == "approve":
        with platform.ledger.read() as tx:
            earlier = tx.reviews.decisions(APPROVAL)
        mine = earlier.filter((pl.col("decided_by") == answer.by) & (pl.col("id") != review["id"]))
        if any(json.loads(subject)[:2] == [golden_id, rule_name] for subject in mine["subject"]):
            raise NotDecidable(f"{answer.by} has decided another level of '{rule_name}' already; ask someone else.")


def _decide(_platform: Platform, _review: Review, answer: str) -> Decision:
    if answer == "refuse":
        return Decision({"answer": answer}, "The order stays held until the deal changes.")
    return Decision({"answer": answer}, "The next plan asks the next level, or sends the order.")


def _may(platform: Platform, review: Review, level: Level, by: str) -> None:
    """Raises NotDecidable for a person who may not decide this level."""
    people = set(level.people)
    if not people:
        return
    if escalated(level, review["opened_at"], platform.clock()):
        people |= set(level.escalate_to)
    if by not in people:
        raise NotDecidable(f"{by} may not decide '{level.name}': {', '.join(sorted(people))} may (--by names who).")


KIND = Kind(
    APPROVAL,
    "May this order be made as it was sold?",
    {"approve": "the order goes on", "refuse": "it stays held until the deal changes"},
    _decide,
    _permit,
)
