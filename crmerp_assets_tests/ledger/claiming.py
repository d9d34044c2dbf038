"""A pusher as a process of its own: `claiming.py URL WORKER` claims until nothing is left, and prints the ids."""

import sys
import time
from datetime import UTC, datetime

from crmerp_assets.ledger import Ledger


def main(url: str, worker: str) -> None:
    ledger = Ledger.open(url, lambda: datetime(2026, 3, 1, 12, tzinfo=UTC))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    while True:
        with ledger.begin() as tx:
            ids = tx.intents.claim("erp", "customer", worker, 7, 600)["id"].to_list()
        if not ids:
            return
        with ledger.begin() as tx:
            tx.intents.mark_sent(ids, worker=worker)
        time.sleep(0.005)
        sys.stdout.write("\n".join(ids) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
