"""Which orders need whose approval, by the rules of policy.yaml: frames in, frames out."""

import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal

import polars as pl

from crmerp_assets.canonical.frames import decimal_text
from crmerp_assets.canonical.money import MONEY
from crmerp_assets.merge.order_policy import ApprovalRule

NEEDED = {"golden_id": pl.String, "rule": pl.String, "why": pl.String}


def needed(orders: pl.DataFrame, lines: pl.DataFrame, rules: Sequence[ApprovalRule]) -> pl.DataFrame:
    """One row for each order and rule that asks for an approval of it, with the reason, as rows of NEEDED.

    `orders`: golden_id, currency, amount (MONEY), tier. `lines`: golden_id, sku, category, product (as people call
    it), discount (percent). An order in a currency for which a rule states no limit needs the approval.
    """
    found = [_asked(orders, lines, rule) for rule in rules]
    return pl.concat([pl.DataFrame(schema=NEEDED), *found])


def _asked(orders: pl.DataFrame, lines: pl.DataFrame, rule: ApprovalRule) -> pl.DataFrame:
    reasons = [_by_line(lines, rule), _by_total(orders, rule), _by_tier(orders, rule)]
    given = [reason for reason in reasons if reason is not None]
    held = orders.select("golden_id")
    for number, reason in enumerate(given):
        held = held.join(reason.rename({"why": f"why{number}"}), on="golden_id", how="inner")
    why = pl.concat_str([f"why{number}" for number in range(len(given))], separator="; ")
    return held.select("golden_id", pl.lit(rule.name).alias("rule"), why.alias("why"))


def _by_line(lines: pl.DataFrame, rule: ApprovalRule) -> pl.DataFrame | None:
    """Orders with a line that the rule is about; None where it says nothing of lines."""
    if rule.discount_over is None and not rule.products and not rule.categories:
        return None
    picked = lines
    for column, names in (("sku", rule.products), ("category", rule.categories)):
        if names:
            picked = picked.filter(pl.col(column).str.to_lowercase().is_in([name.lower() for name in names]))
    if rule.discount_over is None:
        said = pl.lit("sells ") + pl.col("product")
    else:
        picked = picked.filter(pl.col("discount") > rule.discount_over)
        said = decimal_text(pl.col("discount").round(2)) + pl.lit("% discount on ") + pl.col("product")
    grouped = picked.select("golden_id", said.alias("why")).unique().sort("golden_id", "why")
    return grouped.group_by("golden_id", maintain_order=True).agg(pl.col("why").str.join(", "))


def _by_total(orders: pl.DataFrame, rule: ApprovalRule) -> pl.DataFrame | None:
    if not rule.total_over:
        return None
    limit = pl.col("currency").replace_strict(
        {code: Decimal(amount) for code, amount in rule.total_over.items() if code != "default"},
        default=rule.total_over.get("default"),
        return_dtype=MONEY,
    )
    over = (pl.col("amount") > limit).fill_null(value=True)
    total = pl.lit("total ") + decimal_text(pl.col("amount")) + pl.lit(" ") + pl.col("currency")
    said = pl.when(limit.is_null()).then(total + pl.lit(", for which no limit is stated")).otherwise(total)
    return orders.filter(over).select("golden_id", said.fill_null("total unknown").alias("why"))


def _by_tier(orders: pl.DataFrame, rule: ApprovalRule) -> pl.DataFrame | None:
    if not rule.tiers:
        return None
    named = pl.col("tier").str.to_lowercase().is_in([tier.lower() for tier in rule.tiers])
    return orders.filter(named).select("golden_id", (pl.lit("customer tier ") + pl.col("tier")).alias("why"))


def fingerprint(lines: str, currency: str | None, customer: str | None) -> str:
    """What an approval is bound to: the lines, the currency and the customer of an order."""
    return hashlib.sha256(json.dumps([lines, currency, customer]).encode()).hexdigest()[:32]
