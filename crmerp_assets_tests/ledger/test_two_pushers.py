"""Two pushers in two processes share the queue, and no intent is ever given to both."""

import subprocess
import sys
from pathlib import Path

from crmerp_assets.ledger import Ledger
from crmerp_assets_tests.ledger.plans import intent, plan


def _pusher(url: str, worker: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(Path(__file__).with_name("claiming.py")), url, worker]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_processes_never_claim_the_same_intent(ledger: Ledger, url: str) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(*(intent(f"g{n:04}") for n in range(400))))
    pushers = [_pusher(url, worker) for worker in ("one", "two")]
    for pusher in pushers:
        assert pusher.stdout is not None
        assert pusher.stdout.readline() == "ready\n"
    for pusher in pushers:
        assert pusher.stdin is not None
        pusher.stdin.write("go\n")
        pusher.stdin.flush()
    told = [pusher.communicate(timeout=60) for pusher in pushers]
    assert [error for _, error in told] == ["", ""]
    first, second = (out.split() for out, _ in told)
    assert len(first) + len(second) == 400
    assert set(first).isdisjoint(second)
    with ledger.read() as tx:
        assert tx.intents.open(states=["sent"]).group_by("claimed_by").len().height == 2
        assert tx.intents.open(states=["sent"])["attempts"].unique().to_list() == [1]


def test_two_processes_that_link_at_once_never_share_a_version(ledger: Ledger, url: str) -> None:
    script = (
        "import sys\nfrom datetime import UTC, datetime\nfrom crmerp_assets.ledger import Ledger\n"
        "ledger = Ledger.open(sys.argv[1], lambda: datetime(2026, 1, 1, tzinfo=UTC))\n"
        "for n in range(20):\n"
        "    with ledger.begin() as tx:\n"
        "        tx.links.add([{'entity': 'customer', 'connection': sys.argv[2], 'native_id': f'{n}-{i}', "
        "'golden_id': f'g{n}-{i}', 'method': 'key', 'evidence': ''} for i in range(5)], by='test')\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script, url, side], stderr=subprocess.PIPE, text=True)
        for side in ("crm", "erp")
    ]
    assert [process.communicate(timeout=60)[1] for process in processes] == ["", ""]
    with ledger.read() as tx:
        versions = tx.links.all("customer")["version"].to_list()
    assert len(versions) == 200
    assert versions == sorted(set(versions))
