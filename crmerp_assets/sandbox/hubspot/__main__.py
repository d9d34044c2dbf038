"""`python -m crmerp_assets.sandbox.hubspot --directory DIR [--port P] [--tls]` serves until it is interrupted."""

from pathlib import Path
from typing import Annotated

import typer

from crmerp_assets.sandbox.hubspot import HubSpotSandbox


def main(
    directory: Annotated[Path, typer.Option(help="Where the portal is kept.")],
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 0,
    tls: Annotated[bool, typer.Option(help="Serve HTTPS with a certificate of its own.")] = False,
) -> None:
    """Serve a HubSpot sandbox on 127.0.0.1; its credentials are in DIRECTORY/credentials.env."""
    sandbox = HubSpotSandbox(directory, port, tls)
    typer.echo(f"HubSpot sandbox in {directory}; credentials in {directory / 'credentials.env'}")
    sandbox.serve_forever()


if __name__ == "__main__":
    typer.run(main)
