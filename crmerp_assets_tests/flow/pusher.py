"""A pusher as a process of its own: `pusher.py WORKER BATCH` says `ready`, waits for a line and pushes to the end.

The line names the workers that are known to be dead; what they had claimed is taken over, as the next run would.
"""

import sys
import time

from crmerp_assets.bootstrap import build
from crmerp_assets.settings import Settings
from crmerp_assets.sync.platform import Platform
from crmerp_assets.sync.push import push

TO_DO = ["planned", "approved", "claimed", "sent", "unknown"]


def main(worker: str, batch: int) -> None:
    platform = build(Settings())
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    dead = sys.stdin.readline().split()
    with platform.ledger.begin() as tx:
        tx.intents.abandon(dead)
    while _to_do(platform):
        for connection in platform.connections:
            push(platform, connection, worker, batch)
        time.sleep(0.02)
    platform.close()


def _to_do(platform: Platform) -> bool:
    with platform.ledger.read() as tx:
        return not tx.intents.open(states=TO_DO).is_empty()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
