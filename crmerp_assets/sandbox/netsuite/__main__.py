"""`python -m crmerp_assets.sandbox.netsuite --directory DIR --port 8402`: the sandbox in the foreground."""

import argparse
from pathlib import Path

from crmerp_assets.sandbox.netsuite.server import NetSuiteSandbox


def main(arguments: list[str] | None = None) -> None:
    """Read the options and serve until interrupted; credentials are in DIR/credentials.env."""
    parser = argparse.ArgumentParser(prog="python -m crmerp_assets.sandbox.netsuite", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="where state and credentials are kept")
    parser.add_argument("--port", type=int, default=8402)
    parser.add_argument("--tls", action="store_true", help="serve HTTPS; trust DIR/ca.pem")
    parser.add_argument("--account-timezone", default="UTC", help="time zone of SuiteQL's times")
    parser.add_argument("--require-approval", action="store_true", help="new sales orders are pending approval")
    parser.add_argument("--tax-rate", type=float, help="percent of sales tax in subsidiary 1; nothing is taxed without")
    parser.add_argument("--job-delay-seconds", type=float, default=0.05, help="pause before a job is worked off")
    parser.add_argument("--concurrency-limit", type=int, default=5, help="calls at once before 429")
    given = vars(parser.parse_args(arguments))
    rate = given.pop("tax_rate")
    given["tax_rates"] = {} if rate is None else {"1": rate}
    NetSuiteSandbox(given.pop("directory"), given.pop("port"), given.pop("tls"), **given).serve_forever()


if __name__ == "__main__":
    main()
