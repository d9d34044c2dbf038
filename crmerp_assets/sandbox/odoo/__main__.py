"""`python -m crmerp_assets.sandbox.odoo --directory DIR --port 8403`: the sandbox in the foreground."""

import argparse
from pathlib import Path

from crmerp_assets.sandbox.odoo.server import OdooSandbox


def main(arguments: list[str] | None = None) -> None:
    """Read the options and serve until interrupted; credentials are in DIR/credentials.env."""
    parser = argparse.ArgumentParser(prog="python -m crmerp_assets.sandbox.odoo", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="where state and credentials are kept")
    parser.add_argument("--port", type=int, default=8403)
    parser.add_argument("--tls", action="store_true", help="serve HTTPS; trust DIR/ca.pem")
    parser.add_argument("--version", default="19.0", help="17.0, 18.0 or 19.0; JSON-2 is there from 19.0 on")
    parser.add_argument("--currency", default="USD", help="currency of the company")
    parser.add_argument("--tax-rate", type=float, help="percent of sales tax on new products; nothing is taxed without")
    given = vars(parser.parse_args(arguments))
    OdooSandbox(given.pop("directory"), given.pop("port"), given.pop("tls"), **given).serve_forever()


if __name__ == "__main__":
    main()
