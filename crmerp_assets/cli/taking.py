"""`crmerp inventory`: what every system's objects hold, what of it is used, and what changed since the last time."""

from typing import Annotated

import typer

from crmerp_assets.cli.output import console, say, table
from crmerp_assets.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(inventory)


def inventory(*, json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False) -> None:
    """A data dictionary of every connection: fields, who uses them, how full they are, and changes since last time.

    Exit code 1 when a field that the mapping uses went or changed.
    """
    from crmerp_assets.cli.runs import run_job
    from crmerp_assets.sync.inventory import NAME, published

    settings = Settings()
    run_job(settings, NAME)
    found = published(settings.reports)
    if json:
        typer.echo((settings.reports / f"{NAME}.json").read_text(encoding="utf-8"), nl=False)
    else:
        table("Objects", found["objects"], right=["fields", "custom", "required", "read", "written", "rows"])
        if found["drift"].height:
            table("Changed since the last inventory", found["drift"])
        for row in found["problems"].iter_rows(named=True):
            say(f"{row['connection']} {row['object']} was not described: {row['problem']}", style="red")
        for kind in ("html", "xlsx", "json"):
            console.print(f"Wrote {settings.reports / f'{NAME}.{kind}'}", soft_wrap=True, markup=False)
    if found["breaking"].height:
        raise typer.Exit(1)
