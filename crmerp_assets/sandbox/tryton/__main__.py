"""`python -m crmerp_assets.sandbox.tryton --directory DIR --port 8715`: Tryton in the foreground."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from crmerp_assets.sandbox.tryton.installing import installation
from crmerp_assets.sandbox.tryton.server import TrytonServer


def main(
    directory: Annotated[Path, typer.Option(help="Where the database is kept.")],
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 0,
    installed: Annotated[
        Path, typer.Option(help="Where Tryton is installed, once for all databases.", envvar="CRMERP_TEST_TRYTON")
    ] = Path(".crmerp-bench/tryton"),
) -> None:
    """Serve Tryton on 127.0.0.1; its credentials are in DIRECTORY/credentials.env."""
    made = installation(installed, date.today(), typer.echo)  # noqa: DTZ011, TID251
    server = TrytonServer(directory, made, port)
    typer.echo(f"Tryton in {directory}; credentials in {directory / 'credentials.env'}")
    raise typer.Exit(server.wait())


if __name__ == "__main__":
    typer.run(main)
