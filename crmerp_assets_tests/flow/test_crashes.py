"""Two pushers in real processes, killed thirty times at random moments of one sync, leave one record per intent.

Moments are counted in API calls, so that the kills are spread over the work however fast the machine is. A pusher
that is killed is replaced at once by one that was started beforehand; the other one goes on meanwhile. Starting a
process takes longer than many kills, so they come in waves, and a wave ends with the death of both.

Removed once: settling at the start of a push; the writes of the dead stay `sent` and the test never comes to its end.
That a living pusher's claims are not taken from it is not seen here, as keys make one record of what is sent twice:
ledger/test_leases.py holds it.
"""

import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from signal import SIGKILL
from subprocess import PIPE, Popen

import pytest
from world import GO_LIVE, World

pytestmark = pytest.mark.timeout(900)
DEALS, ACCOUNTS, ITEMS = 600, 40, 60
WAVES, KILLS = 3, 10
WORTH = sum((n % 7 + 1) * 2 * Decimal("10.25") for n in range(DEALS))
POLICY = GO_LIVE + "retries: {base_seconds: 0.05, max_seconds: 0.2, max_attempts: 1000}\n"


def test_two_pushers_killed_thirty_times_leave_one_record_for_each_intent(world: World) -> None:
    world.policy(POLICY)
    world.deals(world.accounts(ACCOUNTS), world.catalogue(), DEALS)
    items = [{"itemId": f"ERP-{n}", "displayName": f"Made in the ERP {n}"} for n in range(ITEMS)]
    world.seed("erp", "nonInventorySaleItem", items)
    world.pass_through(push=False)
    assert world.open_intents("planned").height >= 500

    with pushers(world, random.Random(20260615)) as running:
        for _ in range(WAVES):
            running.begin(KILLS)
            for kill in range(KILLS):
                running.kill(replace=kill < KILLS - 2)
        assert running.killed == WAVES * KILLS
        assert not world.open_intents("planned", "claimed", "sent", "unknown").is_empty(), "killed while work was left"
        running.begin(2)
        running.finish()

    assert world.open_intents("claimed", "sent", "unknown", "rejected").is_empty()
    world.settle()
    assert world.open_intents().is_empty()
    assert world.orders() == (DEALS, DEALS, WORTH)
    lines = "SELECT COUNT(*) AS n FROM transactionline WHERE mainline = 'F' AND taxline = 'F'"
    assert world.suiteql(lines)[0]["n"] == str(2 * DEALS)
    assert len(world.suiteql("SELECT id FROM customer")) == ACCOUNTS
    assert len(world.suiteql("SELECT id FROM item")) == ITEMS + 3
    assert len(world.soql("SELECT Id FROM Product2")) == ITEMS + 3
    told = world.soql("SELECT ERP_Order_Number__c FROM Opportunity WHERE ERP_Order_Number__c != null")
    assert len({row["ERP_Order_Number__c"] for row in told}) == DEALS


@dataclass
class Pushers:
    """Those that push, and spare ones that wait for their turn."""

    world: World
    chance: random.Random
    started: int = 0
    killed: int = 0
    dead: list[str] = field(default_factory=list)
    spare: list[tuple[str, Popen[str]]] = field(default_factory=list)
    working: list[tuple[str, Popen[str]]] = field(default_factory=list)

    def begin(self, processes: int) -> None:
        """Start that many, and set two of them to work once all are ready."""
        self.spare = [self._started() for _ in range(processes)]
        for worker, process in self.spare:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", f"{worker}: {_last_words(process)}"
        for _ in range(2):
            self._take_over()

    def kill(self, *, replace: bool) -> None:
        """Kill one that is still at work, at a random moment, and let a spare one take over."""
        self._after(self.chance.randint(2, 9))
        time.sleep(self.chance.uniform(0, 0.05))
        worker, process = self.working.pop(self.chance.randrange(len(self.working)))
        process.kill()
        process.communicate(timeout=30)
        assert process.returncode == -SIGKILL, f"{worker} ended by itself"
        self.killed += 1
        self.dead.append(worker)
        if replace:
            self._take_over()

    def finish(self) -> None:
        """Let both work to the end."""
        for worker, process in self.working:
            _, err = process.communicate(timeout=600)
            assert process.returncode == 0, f"{worker}: {err}"

    def stop(self) -> None:
        """Leave no process behind."""
        for _, process in [*self.spare, *self.working]:
            process.kill()
            process.communicate(timeout=30)

    def _after(self, calls: int) -> None:
        """Wait until both systems together have got that many calls more."""
        goal = _calls(self.world) + calls
        deadline = time.monotonic() + 240
        while _calls(self.world) < goal:
            for worker, process in self.working:
                assert process.poll() is None, f"{worker} ended by itself: {_last_words(process)}"
            assert time.monotonic() < deadline, "nobody calls any more"
            time.sleep(0.005)

    def _started(self) -> tuple[str, Popen[str]]:
        """One more. It sends few at a time as single writes, or more as a job."""
        self.started += 1
        worker, batch = f"pusher-{self.started}", self.chance.choice([2, 3, 5, 8])
        command = [sys.executable, str(Path(__file__).with_name("pusher.py")), worker, str(batch)]
        return worker, Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True, cwd=self.world.state)

    def _take_over(self) -> None:
        """The first spare one works from now on, and hears who is dead."""
        worker, process = self.spare.pop(0)
        assert process.stdin is not None
        process.stdin.write(" ".join(self.dead) + "\n")
        process.stdin.flush()
        self.working.append((worker, process))


@contextmanager
def pushers(world: World, chance: random.Random) -> Iterator[Pushers]:
    """None is left behind."""
    made = Pushers(world, chance)
    try:
        yield made
    finally:
        made.stop()


def _calls(world: World) -> int:
    return sum(int(str(box.meter.report()["total"])) for box in (world.crm, world.erp))


def _last_words(process: "Popen[str]") -> str:
    process.kill()
    return process.communicate(timeout=30)[1]
