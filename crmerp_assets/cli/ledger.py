"""`crmerp ledger`: copy the ledger, and make a lost one anew from the keys in both systems."""

from pathlib import Path
from typing import Annotated

import typer

from crmerp_assets.cli.lanes import one_lane
from crmerp_assets.cli.output import emit, say, table
from crmerp_assets.settings import Settings, child_environment

app = typer.Typer(help="Back the ledger up, or rebuild a lost one.", no_args_is_help=True)


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="The new file; one that exists is not overwritten.")]) -> None:
    """Copy the ledger while everything goes on: SQLite by its online backup, PostgreSQL by pg_dump."""
    from crmerp_assets.ledger.backup import backup as copy

    say(copy(one_lane(Settings()).ledger, file, child_environment({})))


@app.command()
def rebuild(*, json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False) -> None:
    """Make a lost ledger anew: links from the keys in both systems, snapshots from what both sides agree on.

    Stop the daemon first. The warehouse is emptied and read again. Nothing is planned and nothing is written.
    """
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync.rebuild import LOST
    from crmerp_assets.sync.rebuild import rebuild as make

    settings = Settings()
    with platform(settings) as used:
        made = make(used, lambda: _empty(settings))
    if json:
        emit({"records": made.records.to_dicts(), "differing_fields": made.differing, "lost": LOST})
        return
    table("Records linked", made.records)
    say("Lost for good:")
    for what in LOST:
        say(f"  - {what}")
    say("To check before anything is sent:")
    say("  - `crmerp review list`: questions that were answered once are asked again")
    say("  - records linked by rule or alone: links that people had made or undone are not known any more")
    say(
        "  - `crmerp hold list`: records whose partner was deleted; they are not created again unless you lift the hold"
    )
    say(f"  - {made.differing} fields on which both sides differ: `crmerp plan` shows what would win")


def _empty(settings: Settings) -> None:
    """Remove the warehouse: it mirrors the links of the ledger that is gone."""
    for file in settings.home.glob(settings.warehouse.name + "*"):
        file.unlink()
