"""check and provision: can the platform do its work in both systems, and what is missing."""

from typing import Annotated

import typer
from rich.text import Text

from crmerp_assets.cli.lanes import each_lane, over_lanes
from crmerp_assets.cli.output import console, emit, say, table
from crmerp_assets.cli.rights import show_rights
from crmerp_assets.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command()(check)
    app.command()(provision)


def check(
    *,
    rights: Annotated[
        bool, typer.Option("--rights", help="List the rights and fields that each connection needs instead.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Connections, credentials, permissions and fields, each with what to do."""
    from crmerp_assets.sync.systems import check as look

    if rights:
        show_rights(json=json)
        return
    found = over_lanes(Settings(), look)
    if json:
        emit(
            [{"connection": name, "ok": f.ok, "what": f.what, "now": f.now, "warning": f.warning} for name, f in found]
        )
    else:
        for name, finding in found:
            mark = ("ok ", "green") if finding.ok else ("NO ", "red")
            mark = ("!! ", "yellow") if finding.warning else mark
            console.print(Text.assemble(mark, f" {name}: {finding.what}"))
            if finding.now and (finding.warning or not finding.ok):
                say(f"      → {finding.now}")
    if not all(finding.ok for _, finding in found):
        raise typer.Exit(1)


def provision(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Create them; without it they are only shown.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Create the custom fields that the mapping needs and the systems lack. Shows them first."""
    import polars as pl

    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync.systems import provision as create
    from crmerp_assets.sync.systems import provisioned

    made = []
    for lane in each_lane(Settings()):
        with platform(lane) as used:
            made.append(provisioned(used, create(used, dry_run=not yes)))
    found = pl.concat(made).unique(["connection", "object", "field"], keep="first", maintain_order=True)
    if json:
        emit(found.to_dicts())
        return
    lacking = found.filter(~found["done"])
    by_hand = lacking.filter(lacking["by_hand"].is_not_null())
    missing = lacking.filter(lacking["by_hand"].is_null())
    table("To create", missing.drop("done", "by_hand"))
    for name, object_, field, step in by_hand.select("connection", "object", "field", "by_hand").iter_rows():
        say(f"by hand  {name}: {object_}.{field}\n      → {step}")
    say(f"{found['done'].sum()} of the {found.height} custom fields of the mapping are there.")
    if missing.height and not yes:
        say(f"{missing.height} are missing. `crmerp provision --yes` creates them.")
