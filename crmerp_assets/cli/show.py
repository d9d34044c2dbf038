"""status and trace: looking, without starting anything."""

from typing import TYPE_CHECKING, Annotated

import typer

from crmerp_assets.cli.lanes import each_lane, heading
from crmerp_assets.cli.output import emit, say, table
from crmerp_assets.settings import Settings

if TYPE_CHECKING:
    import polars as pl

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command()(status)
    app.command()(trace)


def status(*, json: Json = False) -> None:
    """What is synced, pending and parked, per entity and direction, and why."""
    from crmerp_assets.cli.showing import show_status

    settings = Settings()
    lanes = [settings] if json else each_lane(settings)
    for lane in lanes:
        heading(lane, lanes)
        show_status(lane, as_json=json)


def trace(
    identifier: Annotated[str, typer.Argument(help="A golden id, a native id, an order or invoice number, a SKU.")],
    *,
    json: Json = False,
) -> None:
    """Everything known of one record: values on both sides, golden, links, intents, attempts."""
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync.trace import trace as follow

    with platform(Settings()) as used:
        found = follow(used, identifier)
    if not found:
        raise LookupError(f"Nothing is known of '{identifier}'. Was it pulled? `crmerp sync` pulls what is new.")
    if json:
        emit(
            [
                {"entity": one.entity, "golden_id": one.golden_id}
                | {name: getattr(one, name).to_dicts() for name in ("fields", "links", "intents", "attempts", "parked")}
                for one in found
            ]
        )
        return
    for one in found:
        say(f"\n{one.entity} {one.golden_id or '(no golden record)'}", style="bold")
        table("Values", one.fields)
        table("Records", one.links)
        table(
            "Intents",
            _short(one.intents, ["connection", "operation", "state", "gate", "reason", "error", "updated_at"]),
        )
        table("Attempts", one.attempts)
        table("Parked", _short(one.parked, ["connection", "stage", "reason", "last_seen"]))


def _short(frame: "pl.DataFrame", columns: list[str]) -> "pl.DataFrame":
    return frame.select([name for name in columns if name in frame.columns]) if frame.width else frame
