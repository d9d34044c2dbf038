"""The disk is full in the middle of a sync. A limit on the size of files stands in for it.

Protection removed once, and it failed: knowing a full disk by DuckDB's words (`File too large`).
"""

import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from world import GO_LIVE, World

CHILD = Path(__file__).with_name("short_of_disk.py")
ACCOUNTS = 1500


def test_a_sync_that_meets_a_full_disk_says_so_and_completes_once_there_is_room(world: World) -> None:
    world.policy(GO_LIVE)
    rows = [{"Name": f"Company {n}", "CurrencyIsoCode": "USD", "ShippingStreet": _text(n)} for n in range(ACCOUNTS)]
    accounts = world.seed("crm", "Account", rows)
    world.deals(accounts[:4], world.catalogue(2), 4)

    said = subprocess.run([sys.executable, str(CHILD)], capture_output=True, text=True, timeout=300, check=False)

    *full, last = said.stdout.splitlines() or [said.stderr]
    assert last == "done", said.stderr
    assert re.match(r"(pull|conform): The disk that holds the warehouse is full", full[0]), said.stdout
    assert all("disk" in line and "start this again" in line for line in full)
    world.settle()
    assert world.orders()[:2] == (4, 4)
    assert world.open_intents().is_empty()
    assert len(world.suiteql("SELECT id FROM customer")) == 4
    assert len(world.soql("SELECT Id FROM Account")) == ACCOUNTS
    assert world.golden("customer").height == ACCOUNTS


def _text(number: int) -> str:
    """Text that a file cannot make small."""
    return "".join(sha256(f"{number} {part}".encode()).hexdigest() for part in range(2))
