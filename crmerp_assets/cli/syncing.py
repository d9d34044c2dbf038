"""plan, apply, sync, retry: the commands that start runs."""

from typing import Annotated

import typer

from crmerp_assets.cli.lanes import each_lane, heading, show_together
from crmerp_assets.cli.output import emit, errors, say, table
from crmerp_assets.cli.runs import Ran, run_job
from crmerp_assets.settings import Settings

ROUNDS = 4
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    for command in (plan, apply, sync, retry):
        app.command()(command)


def plan(*, json: Json = False) -> None:
    """Pull both sides and show the exact writes that would make them agree. Nothing is written to any system."""
    from crmerp_assets.cli.parked import show_pauses
    from crmerp_assets.cli.showing import show_plan

    settings = Settings()
    lanes = [settings] if json else each_lane(settings)
    for lane in lanes:
        heading(lane, lanes)
        run_job(lane, "plan")
        show_plan(lane, as_json=json)
        show_pauses(lane)


def apply(*, json: Json = False) -> None:
    """Push what is planned. Exit code 1 when a system refused something."""
    settings = Settings()
    lanes = [settings] if json else each_lane(settings)
    rounds = []
    for lane in lanes:
        heading(lane, lanes)
        ran = run_job(lane, "apply")
        _report(ran, as_json=json)
        rounds.append(ran)
    _attention(rounds, lanes)


def sync(
    *,
    json: Json = False,
    follow_deletions: Annotated[
        bool, typer.Option("--compare-ids", help="Compare the id sets of both systems first, as every night.")
    ] = False,
) -> None:
    """Pull, plan, push and report until nothing is left to do: what one side answers may reach the other."""
    settings = Settings()
    lanes, job = each_lane(settings), "nightly" if follow_deletions else "sync"
    rounds = []
    for number in range(1, ROUNDS + len(lanes)):
        ran = [run_job(lane, job) for lane in lanes]
        rounds += [(lane.lane, one) for lane, one in zip(lanes, ran, strict=True)]
        if not json:
            say(f"Round {number}: {_told(ran)}.")
        if not any(sum(_sent(one).values()) + one.total("push", "settled") for one in ran):
            break
        job = "sync"
    if json:
        named = [({"lane": lane} if lane else {}) | {"run_id": one.run_id, "sent": _sent(one)} for lane, one in rounds]
        emit({"rounds": named})
    else:
        _outcome(settings, lanes)
    _attention([one for _, one in rounds], lanes)


def retry(
    intent: Annotated[
        list[str] | None, typer.Argument(help="What to retry, by the first characters of its id; else all of it.")
    ] = None,
    entity: Annotated[str | None, typer.Option(help="Only this entity.")] = None,
    connection: Annotated[
        str | None, typer.Option(help="Only this connection; it goes on at once if it is paused.")
    ] = None,
    error_class: Annotated[str | None, typer.Option(help="Only this class, such as Rejected or Unusable.")] = None,
) -> None:
    """Make parked work ready again: writes for the next apply or sync, records for the next plan or sync."""
    from crmerp_assets.cli.parked import retry_parked

    retry_parked(Settings(), tuple(intent or ()), entity, connection, error_class)


def _told(ran: list[Ran]) -> str:
    creates, updates = (sum(one.total("plan", what) for one in ran) for what in ("creates", "updates"))
    return f"{creates} to create, {updates} to update, {sum(sum(_sent(one).values()) for one in ran)} sent"


def _outcome(settings: Settings, lanes: list[Settings]) -> None:
    """Status and money of every lane, and of all of them."""
    from crmerp_assets.cli.reconciling import show_reconciliation
    from crmerp_assets.cli.showing import show_status

    for lane in lanes:
        heading(lane, lanes)
        show_status(lane)
        show_reconciliation(lane)
    if len(lanes) > 1:
        show_together(settings)


def _attention(rounds: list[Ran], lanes: list[Settings]) -> None:
    """Leave with code 1 when a system refused a write or is paused, or too many records are missing."""
    from crmerp_assets.cli.parked import show_pauses

    missing = any(ran.total("raw", "refused") for ran in rounds)
    if missing:
        errors.print("Far fewer records than known came back: `crmerp review list --kind mass_deletion`", style="red")
    refused = any(count for ran in rounds for name, count in _sent(ran).items() if name.endswith("_rejected"))
    resting = [show_pauses(lane) for lane in lanes]
    if any(resting) or missing or refused:
        raise typer.Exit(1)


def _sent(ran: Ran) -> dict[str, int]:
    """Outcomes of pushes: `customer_applied` -> 12."""
    found: dict[str, int] = {}
    for key, values in ran.metadata.items():
        if key.startswith("push/"):
            for name, value in values.items():
                if name.rsplit("_", 1)[-1] in ("applied", "rejected", "unknown", "superseded", "retry"):
                    found[name] = found.get(name, 0) + int(value)
    return found


def _report(ran: Ran, *, as_json: bool) -> None:
    import polars as pl

    sent = _sent(ran)
    if as_json:
        emit({"run_id": ran.run_id, "sent": sent})
        return
    rows = [(*name.rsplit("_", 1), count) for name, count in sorted(sent.items())]
    schema = {"entity": pl.String, "outcome": pl.String, "records": pl.Int64}
    table("Sent", pl.DataFrame(rows, schema=schema, orient="row"))
    if not rows:
        say("Nothing was ready to be sent.")
