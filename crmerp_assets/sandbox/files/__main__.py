"""`python -m crmerp_assets.sandbox.files --directory DIR --port 8403`: the sandbox in the foreground."""

import argparse
from pathlib import Path

from crmerp_assets.sandbox.files.server import FilesSandbox


def main(arguments: list[str] | None = None) -> None:
    """Read the options and serve until interrupted; the folder to exchange files in is DIR/exchange."""
    parser = argparse.ArgumentParser(prog="python -m crmerp_assets.sandbox.files", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="where state and the exchanged files are kept")
    parser.add_argument("--port", type=int, default=8403)
    parser.add_argument("--extract-on-request", action="store_true", help="write extracts only when told to")
    given = parser.parse_args(arguments)
    FilesSandbox(given.directory, given.port, extract_on_request=given.extract_on_request).serve_forever()


if __name__ == "__main__":
    main()
