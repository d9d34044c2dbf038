"""`crmerp hold`: records for which nothing is written until a person says so."""

import getpass
from typing import Annotated

import typer

from crmerp_assets.cli.output import emit, say, table
from crmerp_assets.settings import Settings

app = typer.Typer(help="Hold records: nothing is written for them on either side.", no_args_is_help=True)


@app.command("list")
def list_(*, json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False) -> None:
    """The records on hold, longest first."""
    from crmerp_assets.cli.showing import platform

    with platform(Settings()) as used, used.ledger.read() as tx:
        found = tx.holds.list()
    if json:
        emit(found.to_dicts())
        return
    table("On hold", found)
    if found.is_empty():
        say("Nothing is on hold.")


@app.command()
def put(
    golden_id: Annotated[str, typer.Argument(help="The record's golden id; `crmerp trace` shows it.")],
    why: Annotated[str, typer.Option(help="The reason, for whoever finds the hold.")],
) -> None:
    """Hold a record from now on. What is being sent at this moment still arrives."""
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync.holds import hold

    with platform(Settings()) as used:
        entity = hold(used, golden_id, why, getpass.getuser())
    say(f"{entity} {golden_id} is on hold. `crmerp hold lift {golden_id}` lets it go.")


@app.command()
def lift(golden_id: Annotated[str, typer.Argument(help="The record's golden id.")]) -> None:
    """Let a record go: the next plan makes both sides agree again."""
    from crmerp_assets.cli.showing import platform
    from crmerp_assets.sync.holds import lift as let_go

    with platform(Settings()) as used:
        entity = let_go(used, golden_id)
    say(f"{entity} {golden_id} is no longer on hold; the next sync takes it up.")
