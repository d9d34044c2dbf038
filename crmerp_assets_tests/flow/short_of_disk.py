"""Another process: `python short_of_disk.py` syncs while no file may grow, then with more room each time.

It says which stage met the end of the disk and what it was told, a line each; `done` when a sync came through.
A full disk is one for the warehouse and the ledger alike.
"""

import resource
import sys
import traceback

from world import push_all, read_and_plan

from crmerp_assets.bootstrap import build
from crmerp_assets.ledger import LedgerUnavailable
from crmerp_assets.settings import Settings
from crmerp_assets.sync.platform import Platform
from crmerp_assets.warehouse import WarehouseFull

ROOM = (0, 1 << 20, 1 << 30)
"""Bytes that each file may have more than the empty warehouse, attempt by attempt."""


def sync(used: Platform) -> None:
    """Every stage once."""
    read_and_plan(used)
    push_all(used)


def short(used: Platform, limit: int) -> bool:
    """Whether a sync came through with so many bytes a file."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        sync(used)
    except (WarehouseFull, LedgerUnavailable) as error:
        calls = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.name in ("sync", "read_and_plan", "push_all")
        ]
        sys.stdout.write(f"{(calls[-1].line or '').partition('(')[0]}: {error}\n")
        return False
    sys.stdout.write("done\n")
    return True


def main() -> None:
    settings = Settings()
    used = build(settings)
    try:
        with used.warehouse.open():
            pass
        room = settings.warehouse.stat().st_size
        for more in ROOM:
            if short(used, room + more):
                break
    finally:
        used.close()


if __name__ == "__main__":
    main()
