"""`crmerp undo`, `hold` and `ledger` as people meet them: what is printed, the JSON, exit codes, and wrong input.

They run in this process, as starting one costs more than most of them do. What they decide is tested elsewhere:
test_undo.py, test_ledger_rebuild.py.

Wrong before, and found here: brackets in values were taken for styles (`[a] court [/b]` ended the command with an
error), a span that held a create and our own later change of it was called a conflict, a mistyped entity or connection
passed for one without writes, and the table of undo was not readable in a window of 80 columns.
"""

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from world import GO_LIVE, World, push_all

from crmerp_assets.cli import main
from crmerp_assets.sandbox.company.people import Seller

POLICY = GO_LIVE + "create: {customer: {erp: always}}\n"
OLD, NEW = "+1 202 555 0100", "+1 202 555 0142"


@dataclass
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What a script reads; nothing else may be printed."""
        return json.loads(self.out)


class Terminal:
    """Runs `crmerp`, in a wide window."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys
        monkeypatch.setenv("COLUMNS", "200")

    def crmerp(self, *arguments: str) -> Said:
        """Run one command to its end."""
        self._monkeypatch.setattr(sys, "argv", ["crmerp", *arguments])
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        out, err = self._capsys.readouterr()
        return Said(int(left.value.code or 0), out, err)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(monkeypatch, capsys)


def test_undo_shows_stores_and_says_what_is_wrong(world: World, terminal: Terminal) -> None:
    start, since = _changed(world)
    chosen = ("--since", since, "--entity", "customer", "--connection", "netsuite")

    for wrong, told in (
        ([], "either --run RUN_ID or --since TIME"),
        (["--run", "x", "--since", since], "either --run RUN_ID or --since TIME"),
        (["--since", "yesterday"], "'yesterday' is no time; write it like 2026-11-26T14:30"),
        (["--since", since, "--until", start], "--until must be later"),
        (["--run", "x"], "`crmerp trace` shows"),
        (
            ["--since", since, "--entity", "costumer"],
            "There is no entity 'costumer'; choose one of order, product, customer",
        ),
        (["--since", since, "--connection", "sap"], "choose one of salesforce, netsuite"),
    ):
        said = terminal.crmerp("undo", *wrong)
        assert (said.code, said.out) == (2, "")
        assert told in said.err
    shown = terminal.crmerp("undo", *chosen)
    assert shown.code == 0
    (golden_id,) = world.golden("customer")["golden_id"]
    assert [line.strip() for line in shown.out.splitlines() if line] == [
        f"customer {golden_id} in netsuite",
        "reverse       phone: … → … (the CRM gets it, too)",
        "would return  shipping_city: Salem [MA] → Boston (owned by the CRM: correct it there, or hold the record)",
        "1 reverse, 1 would return.",
        "Nothing was stored. The same command with `--yes` plans the reverse writes; `crmerp apply` sends them.",
    ]
    assert world.open_intents().is_empty()
    whole = {row["field"]: row["verdict"] for row in terminal.crmerp("undo", "--since", start, "--json").json["plan"]}
    assert whole == {"active": "reverse", "erp_number": "would return"}, "we made it and changed it: one step back"

    told = terminal.crmerp("undo", *chosen, "--hold", "--yes", "--json").json
    assert told["stored"] == {"planned": 1, "in_flight": [], "held": 1}
    assert {row["verdict"] for row in told["plan"]} == {"reverse"}
    assert "1 reverse writes are planned" in terminal.crmerp("undo", *chosen, "--hold", "--yes").out
    with world.platform() as used:
        push_all(used)
    (customer,) = world.suiteql("SELECT phone FROM customer")
    assert customer["phone"].endswith("0100")

    (held,) = terminal.crmerp("hold", "list", "--json").json
    assert (held["entity"], held["golden_id"]) == ("customer", golden_id)
    assert "no longer on hold; the next sync" in terminal.crmerp("hold", "lift", golden_id).out
    for arguments, told in (
        (["lift", golden_id], "is not on hold; `crmerp hold list` shows what is"),
        (["put", "nobody", "--why", "x"], "No golden record has the id 'nobody'; `crmerp trace` shows"),
        (["put", golden_id], "--why"),
    ):
        said = terminal.crmerp("hold", *arguments)
        assert (said.code, said.out) == (2, "")
        assert told in said.err
    assert terminal.crmerp("hold", "list").out == "Nothing is on hold.\n"
    assert f"crmerp hold lift {golden_id}" in terminal.crmerp("hold", "put", golden_id, "--why", "[a] court [/b]").out
    shown = terminal.crmerp("hold", "list").out
    assert all(word in shown for word in (golden_id, "[a] court [/b]", "made by"))


def test_ledger_backup_and_rebuild_say_what_was_made_what_is_lost_and_what_is_refused(
    world: World, terminal: Terminal, tmp_path: Path
) -> None:
    world.policy(POLICY)
    world.accounts(2)
    for _ in range(2):
        world.pass_through()
    copy = tmp_path / "copy.sqlite"

    made = terminal.crmerp("ledger", "backup", str(copy))
    assert (made.code, made.err) == (0, "")
    assert f"was copied to {copy} ({copy.stat().st_size:,} bytes)" in " ".join(made.out.split())
    for arguments, told in (
        (["backup", str(copy)], "exists already and is not overwritten: name a new file"),
        (["rebuild"], "This ledger holds 4 links, so it is not lost."),
    ):
        said = terminal.crmerp("ledger", *arguments)
        assert (said.code, said.out) == (3, "")
        assert told in said.err
    _lose(world)
    said = terminal.crmerp("ledger", "backup", str(tmp_path / "other.sqlite"))
    assert said.code == 3
    assert "check CRMERP_STATE and CRMERP_LEDGER_URL" in said.err

    told = terminal.crmerp("ledger", "rebuild", "--json").json
    assert {row["entity"]: row["by_key"] for row in told["records"]}["customer"] == 4
    assert told["differing_fields"] == 0
    assert len(told["lost"]) == 3
    _lose(world)
    shown = terminal.crmerp("ledger", "rebuild")
    assert shown.code == 0
    assert all(word in shown.out for word in ("by key", "Lost for good:", "`crmerp hold list`", "`crmerp plan`"))
    assert world.pass_through() == 0, "nothing is written twice"


def _changed(world: World) -> tuple[str, str]:
    """A customer that we made, and changed in the ERP after the CRM; the times before the two."""
    world.policy(POLICY)
    start = _now()
    fields = {"Phone": OLD, "ShippingCity": "Boston", "ShippingCountry": "USA", "CurrencyIsoCode": "USD"}
    (account,) = world.seed("crm", "Account", [{"Name": "Smith [Boston]", **fields}])
    for _ in range(2):
        world.pass_through()
    since = _now()
    with Seller(world.crm.url) as ann:
        ann.change("Account", account, {"Phone": NEW, "ShippingCity": "Salem [MA]"})
    world.pass_through()
    return start, since


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _lose(world: World) -> None:
    for file in world.state.glob("ledger.sqlite*"):
        file.unlink()
