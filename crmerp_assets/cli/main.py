"""The `crmerp` command and its subcommands."""

import signal
import sys
from typing import Annotated

import typer

from crmerp_assets import __version__
from crmerp_assets.cli import (
    auditing,
    demo,
    dev,
    hold,
    ledger,
    links,
    mapping,
    reconciling,
    review,
    sandbox,
    show,
    syncing,
    systems,
    taking,
    undo,
)
from crmerp_assets.cli.failures import exit_code
from crmerp_assets.cli.lanes import lane_command

app = typer.Typer(
    name="crmerp",
    help="Keeps a CRM and an ERP in agreement: plans every write field by field, sends each exactly once.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for part in (systems, syncing, reconciling, auditing, taking, undo, show, demo, dev):
    part.register(app)
app.add_typer(review.app, name="review")
app.add_typer(links.app, name="links")
app.add_typer(hold.app, name="hold")
app.add_typer(ledger.app, name="ledger")
app.add_typer(mapping.app, name="mapping")
app.add_typer(sandbox.app, name="sandbox")


@app.callback(invoke_without_command=True)
def version(
    *, show_version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False
) -> None:
    """Options of every command."""
    if show_version:
        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Run `crmerp`; known errors become a sentence with a next step and an exit code.

    Being asked to end unwinds like Ctrl-C, so that sandboxes and the daemon do not stay behind.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        lane_command(app)()
    except Exception as error:
        sys.exit(exit_code(error))
