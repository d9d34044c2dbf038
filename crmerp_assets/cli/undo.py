"""`crmerp undo`: take back what was written, field by field."""

import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from crmerp_assets.cli.output import emit, say, short
from crmerp_assets.settings import Settings

if TYPE_CHECKING:
    import polars as pl

SHOWN = 40


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(undo)


def undo(
    run: Annotated[str | None, typer.Option(help="The run whose writes to take back; `crmerp trace` shows it.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Writes from this time on (ISO 8601, UTC unless it says so).")
    ] = None,
    until: Annotated[str | None, typer.Option(help="... and before this one.")] = None,
    entity: Annotated[str | None, typer.Option(help="Only this entity.")] = None,
    connection: Annotated[str | None, typer.Option(help="Only writes to this connection.")] = None,
    *,
    hold: Annotated[
        bool,
        typer.Option("--hold", help="Hold the records afterwards, so that values the other side owns stay back, too."),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "--apply", help="Plan the reverse writes; without it they are shown.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Show the reverse plan of a run or a span of time. What changed since is a conflict and stays as it is."""
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync.undo import Selection, reverse_plan, store

    if (run is None) == (since is None):
        raise typer.BadParameter("say which writes: either --run RUN_ID or --since TIME")
    chosen = Selection(run, _time(since), _time(until), entity, connection)
    if chosen.since and chosen.until and chosen.until <= chosen.since:
        raise typer.BadParameter(f"the span ends before it begins: --until must be later than {since}")
    with platform(Settings()) as used:
        plan = reverse_plan(used, chosen, hold=hold)
        personal = [
            (e, name) for e, rules in used.governance.items() for name, rule in rules.fields.items() if rule.personal
        ]
        stored = store(used, plan, getpass.getuser(), hold=hold) if yes else None
    if json:
        told = (
            None if stored is None else {"planned": stored.planned, "in_flight": stored.in_flight, "held": stored.held}
        )
        emit({"plan": plan.drop("version").to_dicts(), "stored": told})
        return
    _show(plan, personal)
    if stored is None:
        say("Nothing was stored. The same command with `--yes` plans the reverse writes; `crmerp apply` sends them.")
        return
    say(
        f"{stored.planned} reverse writes are planned. `crmerp apply` sends them now; else the daemon's next push does."
    )
    if stored.held:
        say(f"{stored.held} records are on hold: `crmerp hold list`.")
    if stored.in_flight:
        say(
            f"{len(stored.in_flight)} records are being written right now and were left out: run this again afterwards."
        )


def _show(plan: "pl.DataFrame", personal: list[tuple[str, str]]) -> None:
    """Record by record, each field in a line of its own: it must be readable in a narrow window, too."""
    record = None
    shown = plan.sort("connection", "entity", "golden_id", maintain_order=True).head(SHOWN)
    for row in shown.iter_rows(named=True):
        if record != (record := (row["connection"], row["entity"], row["golden_id"])):
            say(f"\n{row['entity']} {row['golden_id']} in {row['connection']}", style="bold")
        hidden = (row["entity"], row["field"]) in personal
        now, back = (short("…" if hidden and row[name] else row[name]) for name in ("current", "before"))
        note = f" ({row['note']})" if row["note"] else ""
        say(f"      {row['verdict']:<12}  {row['field']}: {now} → {back}{note}")
    if plan.height > SHOWN:
        say(f"  ... and {plan.height - SHOWN} more; `--json` lists all")
    counts = dict(plan.group_by("verdict").len().sort("verdict").iter_rows())
    say("\n" + ", ".join(f"{count} {verdict}" for verdict, count in counts.items()) + ".")


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no time; write it like 2026-11-26T14:30 (UTC)") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
