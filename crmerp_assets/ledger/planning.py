"""Deciding, as data, what a new plan does to the intents that are open: pure frames, no database.

An intent that is the same write from the same state, held by the same gate, stays what it is: planned again it keeps
its waiting time, approved it keeps its approval, rejected it stays rejected. One in flight is never touched, and
neither is a reverse write that is ready: the plan would put back what a person is undoing. Another undo may replace it.
"""

from dataclasses import dataclass

import polars as pl

from crmerp_assets.ledger.transitions import IN_FLIGHT, READY

# What makes two plans the same write.
CONTENT = ["operation", "native_id", "changes", "gate", "expected_version"]
# What is said about it, and follows the newest plan.
REMARKS = ["reason", "priority", "amount", "currency"]
PLAN = {
    "id": pl.String,
    "connection": pl.String,
    "entity": pl.String,
    "golden_id": pl.String,
    "native_id": pl.String,
    "operation": pl.String,
    "key": pl.String,
    "state": pl.String,
    "gate": pl.String,
    "reason": pl.String,
    "changes": pl.String,
    "expected_version": pl.String,
    "priority": pl.Int64,
    "amount": pl.String,
    "currency": pl.String,
    "run_id": pl.String,
    "undoes": pl.String,
}
FINAL = ("applied", "settled", "cancelled")


@dataclass(frozen=True, slots=True)
class Replaced:
    """What a new plan did, in intents.

    `in_flight`: golden ids whose new plan was left out because their intent is being sent or settled; they are
    considered again afterwards. `finished`: ids of intents that were applied or withdrawn before and stay that.
    """

    inserted: int
    changed: int
    kept: int
    superseded: int
    in_flight: list[str]
    finished: list[str]


@dataclass(frozen=True, slots=True)
class Decision:
    """`insert`, `revive` (the id exists, superseded) and `change` (the id is open, under another gate): rows of
    PLAN; `change` also has `old_state`. `remark`: id and REMARKS of kept intents. The others: ids or golden ids."""

    insert: pl.DataFrame
    revive: pl.DataFrame
    change: pl.DataFrame
    remark: pl.DataFrame
    kept: int
    supersede: list[str]
    in_flight: list[str]
    replan: list[str]
    finished: list[str]


def offered(frame: pl.DataFrame, connection: str, entity: str) -> pl.DataFrame:
    """The new plan as rows of PLAN. ValueError where it is for another connection or entity, names a golden id
    twice, or has a state that is not the planner's to give."""
    missing = [pl.lit(None, dtype=kind).alias(name) for name, kind in PLAN.items() if name not in frame.columns]
    plan = frame.with_columns(missing).select(*PLAN).cast(PLAN)  # type: ignore[arg-type]
    plan = plan.with_columns(pl.col("priority").fill_null(0))
    if plan.filter((pl.col("connection") != connection) | (pl.col("entity") != entity)).height:
        raise ValueError(f"the plan holds intents that are not for {entity} on {connection}")
    if plan["golden_id"].n_unique() != plan.height:
        raise ValueError(f"the plan for {entity} on {connection} has two intents for one golden id")
    if not plan["state"].is_in(["planned", "waiting"]).all():
        raise ValueError("a new intent is either planned or waiting")
    return plan


def decide(stored: pl.DataFrame, plan: pl.DataFrame, known: pl.DataFrame) -> Decision:
    """What to do. `stored`: open intents of the considered golden ids; `known`: (id, state) of the plan's ids that
    exist in any state."""
    joined = _joined(stored, plan)
    reverse = pl.col("old_undoes").is_not_null() & pl.col("undoes").is_null() & pl.col("old_state").is_in(READY)
    flying = pl.col("old_state").is_in(IN_FLIGHT) | reverse
    same = _same()
    in_flight = joined.filter(flying)
    left = joined.filter(pl.col("old_state").is_null() | ~flying)
    kept = left.filter(same)
    rest = left.filter(~same)
    change = rest.filter(pl.col("id").eq_missing(pl.col("old_id")) & pl.col("id").is_not_null())
    other = rest.filter(pl.col("id").ne_missing(pl.col("old_id")))
    fresh = other.filter(pl.col("id").is_not_null()).join(
        known.rename({"state": "known_state"}), on="id", how="left", maintain_order="left"
    )
    finished = pl.col("known_state").is_in(FINAL)
    return Decision(
        insert=fresh.filter(pl.col("known_state").is_null()).select(*PLAN),
        revive=fresh.filter(pl.col("known_state").is_not_null() & ~finished).select(*PLAN),
        change=change.select(*PLAN, "old_state"),
        remark=kept.filter(_remarked()).select(pl.col("old_id").alias("id"), *REMARKS),
        kept=kept.height,
        supersede=other["old_id"].drop_nulls().to_list(),
        in_flight=in_flight.filter(pl.col("id").is_not_null())["golden_id"].to_list(),
        replan=in_flight.filter(pl.col("id").is_not_null() & ~_equal(CONTENT))["old_id"].to_list(),
        finished=fresh.filter(finished)["id"].to_list(),
    )


def _joined(stored: pl.DataFrame, plan: pl.DataFrame) -> pl.DataFrame:
    """Open and new intents of each golden id side by side; the open one's columns as `old_<name>`."""
    old = stored.select(
        "golden_id", *(pl.col(n).alias(f"old_{n}") for n in ["id", "state", "undoes", *CONTENT, *REMARKS])
    )
    return plan.join(old, on="golden_id", how="full", coalesce=True)


def _same() -> pl.Expr:
    lasting = pl.col("old_state").is_in(["approved", "rejected"]) | (pl.col("old_state") == pl.col("state"))
    return (pl.col("id").is_not_null() & pl.col("old_id").is_not_null() & lasting & _equal(CONTENT)).fill_null(
        value=False
    )


def _remarked() -> pl.Expr:
    return ~_equal(REMARKS)


def _equal(names: list[str]) -> pl.Expr:
    return pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"old_{name}")) for name in names)
