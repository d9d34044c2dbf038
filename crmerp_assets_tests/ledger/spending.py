"""A process that makes calls: `spending.py URL CALLS MODE` counts calls; MODE `close` ends well, `kill` does not."""

import os
import signal
import sys
from datetime import UTC, datetime

from crmerp_assets.ledger import Ledger
from crmerp_assets.merge.guards import Budget
from crmerp_assets.sync.budget import SharedBudget


def main(url: str, calls: str, mode: str) -> None:
    clock = lambda: datetime(2026, 3, 1, 12, tzinfo=UTC)  # noqa: E731
    meter = SharedBudget(Ledger.open(url, clock), "crm", "salesforce", Budget(), clock)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for _ in range(int(calls)):
        meter.spend()
    if mode == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    meter.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
