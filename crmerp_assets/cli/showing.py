"""What people look at: plan and status. Read from the ledger."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import polars as pl
from rich.text import Text

from crmerp_assets.cli.output import console, emit, money, say, short, table
from crmerp_assets.settings import Settings
from crmerp_assets.sync.platform import Platform

SHOWN = 12


@contextmanager
def platform(settings: Settings) -> Iterator[Platform]:
    """The platform for one command."""
    from crmerp_assets.bootstrap import build

    used = build(settings)
    try:
        yield used
    finally:
        used.close()


def show_plan(settings: Settings, *, as_json: bool = False) -> None:
    """Every intent that is ready or waits, field by field."""
    from crmerp_assets.sync.forecasts import told

    with platform(settings) as used, used.ledger.read() as tx:
        intents = tx.intents.open()
        costs = [line for name in used.connections if (line := told(used, name))]
        personal = {
            entity: {name for name, rule in rules.fields.items() if rule.personal}
            for entity, rules in used.governance.items()
        }
    if as_json:
        emit([row | {"changes": json.loads(row["changes"])} for row in intents.to_dicts()])
        return
    show_breakers(settings)
    if intents.is_empty():
        say("Both sides agree: there is nothing to write.")
        return
    ready = intents.filter(pl.col("state").is_in(["planned", "approved"]))
    for (connection, operation, entity), group in ready.group_by(
        "connection", "operation", "entity", maintain_order=True
    ):
        say(f"\n{operation} {group.height} {entity} in {connection}", style="bold")
        for row in group.head(SHOWN).iter_rows(named=True):
            _show_intent(row, personal.get(str(entity), set()))
        if group.height > SHOWN:
            say(f"  ... and {group.height - SHOWN} more; `crmerp plan --json` lists all")
    waiting = intents.filter(pl.col("state").is_in(["waiting", "rejected"]))
    table("Blocked", blocked(waiting))
    for line in costs:
        say(line)
    say(f"\n{ready.height} writes ready, {waiting.height} blocked. `crmerp apply` sends the ready ones.")


def blocked(waiting: pl.DataFrame) -> pl.DataFrame:
    """Waiting and rejected intents by reason, with how many and how much money they hold up."""
    return (
        waiting.with_columns(
            pl.coalesce("gate", "error_class").alias("gate"),
            pl.coalesce("reason", "error").alias("reason"),
            pl.col("amount").cast(pl.Decimal(20, 6), strict=False),
        )
        .group_by("entity", "connection", "gate", "reason", "currency")
        .agg(pl.len().alias("records"), pl.col("amount").sum())
        .sort("amount", "records", "reason", descending=[True, True, False], nulls_last=True)
    )


def _show_intent(row: dict[str, Any], personal: set[str]) -> None:
    changes, edits = json.loads(row["changes"]), json.loads(row["edits"] or "{}")
    name = next((changes[f]["after"] for f in ("name", "sku", "order_number") if f in changes), None)
    say(f"  {row['golden_id']}" + (f"  {name}" if name else ""))
    for field, change in changes.items():
        if field == "lines":
            _show_lines(change)
            continue
        hide = field in personal
        wanted = edits.get(field, change)["after"]
        rule = f"edited by {edits[field]['by']}" if field in edits else change["rule"]
        before, after = (("…" if hide and value else value) for value in (change["before"], wanted))
        arrow = f"{short(before)} → {short(after)}" if row["operation"] == "update" else short(after)
        shown = f"      {'our key' if field == '_key' else field}: {arrow}  "
        console.print(Text.assemble(shown, (f"({rule})", "dim")))


def _show_lines(change: dict[str, Any]) -> None:
    lines = json.loads(change["after"] or "[]")
    total = sum((Decimal(line.get("amount") or "0") for line in lines), Decimal(0))
    say(f"      lines: {len(lines)}, worth {money(total)}")


def show_status(settings: Settings, *, as_json: bool = False) -> None:
    """Synced, pending and parked per entity and direction."""
    from crmerp_assets.cli.parked import show_pauses
    from crmerp_assets.sync.breaker import open_breakers
    from crmerp_assets.sync.budget import budgets
    from crmerp_assets.sync.pauses import pauses
    from crmerp_assets.sync.status import sync_status

    with platform(settings) as used:
        found, resting = sync_status(used), pauses(used)
        with used.ledger.begin() as tx:
            questions = tx.reviews.list()
        held, calls = open_breakers(used), budgets(used)
    if as_json:
        more = {"breakers": held.to_dicts(), "api_calls": calls.to_dicts(), "pauses": resting.to_dicts()}
        emit({"status": found.to_dicts(), "open_reviews": questions.height, **more})
        return
    show_breakers(settings)
    table("Sync status", found)
    show_pauses(settings)
    for row in calls.iter_rows(named=True):
        warning = " The allowance runs out: less urgent work stops first." if row["warn"] else ""
        say(f"API calls of {row['connection']}: {row['what']}.{warning}", style="red" if row["warn"] else None)
    if questions.height:
        say(f"{questions.height} reviews are open: `crmerp review list`")


def show_breakers(settings: Settings) -> None:
    """Every queue that a circuit breaker holds, with what to type; and that a first load is not checked."""
    from crmerp_assets.sync.breaker import loading, open_breakers

    with platform(settings) as used:
        held, unchecked = open_breakers(used), loading(used)
    for row in held.iter_rows(named=True):
        kept = " (a person said `keep`)" if row["state"] == "kept" else ""
        console.print(f"HELD by the circuit breaker: {row['what']}{kept}.", style="bold red")
        say(f"   {row['held']:,} intents wait. To release them: {row['release']}")
    if unchecked:
        named = ", ".join(unchecked)
        say(f"First load: plan sizes of {named} are not checked (policy.yaml, breaker).", style="yellow")


def show_conflicts(settings: Settings, *, as_json: bool = False) -> None:
    """Conflicts that a rule resolved, values of personal fields masked."""
    from crmerp_assets.sync import payloads
    from crmerp_assets.sync.review import resolved_conflicts

    with platform(settings) as used:
        found = payloads.masked(used, resolved_conflicts(used), ("crm", "erp", "base", "golden"))
    if as_json:
        emit(found.to_dicts())
        return
    table("Conflicts resolved by rule", found)
    if found.is_empty():
        say("No field was changed on both sides at once.")
