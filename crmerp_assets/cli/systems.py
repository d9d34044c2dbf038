"""check and provision: can the platform do its work in both systems, and what is missing."""

from typing import Annotated

import typer
from rich.text import Text

from crmerp_assets.cli.lanes import over_lanes
from crmerp_assets.cli.output import console, emit, say
from crmerp_assets.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command()(check)
    app.command()(provision)


def check(*, json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False) -> None:
    """Connections, credentials, permissions and fields, each with what to do."""
    from crmerp_assets.sync.systems import check as look

    found = over_lanes(Settings(), look)
    if json:
        emit([{"connection": name, "ok": f.ok, "what": f.what, "now": f.now} for name, f in found])
    else:
        for name, finding in found:
            mark = ("ok ", "green") if finding.ok else ("NO ", "red")
            console.print(Text.assemble(mark, f" {name}: {finding.what}"))
            if not finding.ok and finding.now:
                say(f"      → {finding.now}")
    if not all(finding.ok for _, finding in found):
        raise typer.Exit(1)


def provision(
    *, yes: Annotated[bool, typer.Option("--yes", help="Create them; without it they are only shown.")] = False
) -> None:
    """Create the custom fields that the mapping needs and the systems lack. Shows them first."""
    from crmerp_assets.sync.systems import provision as create

    steps = over_lanes(Settings(), lambda used: create(used, dry_run=not yes))
    for name, step in steps:
        what = f"{step.spec.object}.{step.spec.name} ({step.spec.type})"
        if step.manual:
            say(f"by hand  {name}: {what}\n      → {step.manual}")
        elif not step.done:
            say(f"missing  {name}: {what}")
    missing = [step for _, step in steps if not step.done and not step.manual]
    there = [step for _, step in steps if step.done]
    say(f"{len(there)} of the {len(steps)} custom fields of the mapping are there.")
    if missing and not yes:
        say(f"{len(missing)} are missing. `crmerp provision --yes` creates them.")
