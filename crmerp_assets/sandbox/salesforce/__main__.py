"""`python -m crmerp_assets.sandbox.salesforce --directory DIR [--port P] [--tls]` serves until it is interrupted."""

from pathlib import Path
from typing import Annotated

import typer

from crmerp_assets.sandbox.salesforce import SalesforceSandbox


def main(
    directory: Annotated[Path, typer.Option(help="Where the organisation is kept.")],
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 0,
    tls: Annotated[bool, typer.Option(help="Serve HTTPS with a certificate of its own.")] = False,
    daily_limit: Annotated[int, typer.Option(help="API requests a day.")] = 5_000_000,
) -> None:
    """Serve a Salesforce sandbox on 127.0.0.1; its credentials are in DIRECTORY/credentials.env."""
    sandbox = SalesforceSandbox(directory, port, tls, daily_limit=daily_limit)
    typer.echo(f"Salesforce sandbox in {directory}; credentials in {directory / 'credentials.env'}")
    sandbox.serve_forever()


if __name__ == "__main__":
    typer.run(main)
