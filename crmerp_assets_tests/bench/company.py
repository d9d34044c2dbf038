"""A company of a given size in both sandboxes, each a process of its own, and the people who change its data."""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from crmerp_assets.bootstrap import build
from crmerp_assets.cli.stage import Stage
from crmerp_assets.sandbox.company.generate import generate
from crmerp_assets.sandbox.company.netsuite import NetSuite
from crmerp_assets.sandbox.company.people import Seller
from crmerp_assets.sandbox.company.seed import Seeded, seed
from crmerp_assets.settings import Settings
from crmerp_assets.sync.platform import Platform
from crmerp_assets.sync.systems import provision

SYSTEMS = ("salesforce", "netsuite")
BEYOND_OVERLAP = 1200
_COLLECTION = 200


@dataclass
class World:
    """Both systems, the platform that keeps them in agreement, and the truth about their contents."""

    settings: Settings
    urls: dict[str, str]
    platform: Platform
    seeded: Seeded

    def admin(self, system: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One call of a sandbox's administration, which nobody counts."""
        answer = httpx.request(method, f"{self.urls[system]}/_sandbox/{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def calls(self, system: str) -> dict[str, int]:
        """API calls of the integration since the last reset, by kind."""
        counted: dict[str, int] = self.admin(system, "GET", "calls")["by_call"]
        return {call: count for call, count in counted.items() if not call.endswith(")")}

    def reset_calls(self) -> None:
        """Count from zero."""
        for system in SYSTEMS:
            self.admin(system, "DELETE", "calls")

    def let_time_pass(self) -> None:
        """Move both clocks on, so that what was written before lies outside the overlap of the pull after the next.

        Connectors have learnt the time of their server, so the platform is built again.
        """
        for system in SYSTEMS:
            self.admin(system, "POST", "clock", {"offset_seconds": BEYOND_OVERLAP})
        self.platform.close()
        self.platform = build(self.settings)

    def change_phones(self, count: int, mark: str) -> None:
        """A seller gives accounts that are customers, too, another phone number."""
        accounts = [account for account, _ in self.seeded.pairs[:count]]
        with Seller(self.urls["salesforce"]) as seller:
            for start in range(0, len(accounts), _COLLECTION):
                _patch(seller, accounts[start : start + _COLLECTION], start, mark)

    def change_credit_limits(self, count: int) -> None:
        """An accountant gives customers that are accounts, too, another credit limit."""
        with NetSuite(self.urls["netsuite"], "bob") as accountant:
            for number, (_, customer) in enumerate(self.seeded.pairs[:count]):
                accountant.call(
                    "PATCH", f"/services/rest/record/v1/customer/{customer}", {"creditLimit": 700000 + number}
                )


def _patch(seller: Seller, accounts: Sequence[str], start: int, mark: str) -> None:
    records = [
        {"attributes": {"type": "Account"}, "Id": account, "Phone": f"+1212555{mark}{start + n:03d}"[:12]}
        for n, account in enumerate(accounts)
    ]
    rows = seller.call(
        "PATCH", "/services/data/v68.0/composite/sobjects", {"allOrNone": True, "records": records}
    ).json()
    assert all(row["success"] for row in rows), rows[:3]


@contextmanager
def company(accounts: int) -> Iterator[World]:
    """A company with so many accounts, not yet synced. Everything it writes is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="crmerp-bench-"))
    settings = Settings(state=folder, config=folder / "config", env_file=folder / "sandbox.env")
    today = date.today()
    with ExitStack() as up:
        up.callback(shutil.rmtree, folder, ignore_errors=True)
        stage = up.enter_context(Stage(settings, {system: free_port() for system in SYSTEMS}, go_live=today))
        up.enter_context(_environment(stage.variables))
        seeded = seed(generate(today, accounts=accounts), stage.place, today)
        platform = build(settings)
        steps = provision(platform, dry_run=False)
        assert all(step.done for _, step in steps if not step.manual)
        world = World(settings, stage.urls, platform, seeded)
        up.callback(lambda: world.platform.close())
        yield world


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
