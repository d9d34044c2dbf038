"""Questions about who is who, worked through on the command line: value first, side by side, in bulk, in a file.

Protections removed once, and the test that failed: the order by waiting money and `said.add` in match_decisions (both
the first).
"""

import json
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from typer.testing import CliRunner
from world import GO_LIVE, World

from crmerp_assets.cli.main import app
from crmerp_assets.defs import sensors
from crmerp_assets.sync.watch import Watch, link_decisions

TAX, OTHER_TAX = "DE136695976", "DE811569869"


def crmerp(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "250"}, catch_exceptions=False)


def listed() -> list[dict[str, Any]]:
    return list(json.loads(crmerp("review", "matches", "--json").output))


def test_questions_are_listed_by_what_waits_shown_exported_and_decided_each_by_itself(
    world: World, tmp_path: Path
) -> None:
    poor, rich = _two_accounts_with_twins(world)
    found = listed()
    assert [one["first"] for one in found] == [rich, rich, poor, poor]
    assert {(one["value"], one["deals"], one["waiting"]) for one in found[:2]} == {(30.75, 1, 30.75)}
    assert {(one["value"], one["deals"]) for one in found[2:]} == {(None, None)}
    assert "tax" in found[0]["reasons"]
    assert found[0]["p"] > 0.95

    one = found[0]
    shown = json.loads(crmerp("review", "matches", one["id"][:10], "--json").output)
    told = {row["field"]: row for row in shown["fields"]}
    assert (told["name"]["verdict"], told["tax_id"]["verdict"], told["tax_id"]["first"]) == (
        "different",
        "same",
        OTHER_TAX,
    )
    assert [deal["amount"] for deal in shown["waiting_deals"]] == [30.75]
    assert "Answer: `crmerp review decide" in crmerp("review", "matches", one["id"][:10]).output

    trial = crmerp("review", "matches", "--decide", "same", "--from", "0.9").output
    assert "2 pairs. Nothing is decided yet" in trial
    assert trial.count("has one partner") == 2, "a second same for one account is refused"
    assert len(listed()) == 4

    masked, file = tmp_path / "masked.csv", tmp_path / "open.xlsx"
    crmerp("review", "matches", "--export", str(masked))
    assert OTHER_TAX not in masked.read_text(encoding="utf-8")
    crmerp("review", "matches", "--export", str(file), "--personal")
    _fill(file, {0: "same", 1: "Same ", 2: "perhaps"}, unknown=True)
    said = crmerp("review", "matches", "--import", str(file), "--by", "ann")
    assert said.exit_code == 1
    assert "1 decided, 3 not" in said.output
    assert "write same or different" in said.output
    assert "0 open questions start with 'nonsense'" in said.output
    with world.platform() as used, used.ledger.read() as tx:
        (row,) = tx.reviews.decisions("ambiguous_link").to_dicts()
        assert (row["id"], row["decided_by"]) == (found[0]["id"], "ann")
        assert json.loads(row["decision"]) == {"same": True, "why": "told by sales"}

    done = crmerp("review", "matches", "--decide", "different", "--from", "0", "--yes")
    assert "3 decided, 0 not" in done.output
    world.settle()
    assert not {one["id"] for one in found} & {one["id"] for one in listed()}, "answered for ever"
    assert world.orders()[0] == 1


def test_a_decision_becomes_a_link_and_releases_the_order_that_waited_without_anybody_syncing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from test_sensors import _tick

    monkeypatch.setattr(sensors, "TICK_SECONDS", 0.5)
    _, rich = _two_accounts_with_twins(world)
    assert world.orders()[0] == 0
    quiet = _tick(world, "decisions_sensor")
    assert quiet.skip_message == "nothing to do"
    first, second = [one["id"] for one in listed() if one["first"] == rich]
    crmerp("review", "decide", first, "same")
    crmerp("review", "decide", second, "different")

    told = _tick(world, "decisions_sensor", quiet.cursor)
    assert told.skip_message == "2 records handled in this tick"
    assert world.orders()[0] == 1
    with world.platform() as used:
        assert link_decisions(used, Watch.load(told.cursor)) == []


def _two_accounts_with_twins(world: World) -> tuple[str, str]:
    """Two accounts, each with two customers of its tax number; a won deal waits for the second."""
    world.policy(GO_LIVE)
    accounts = world.seed(
        "crm",
        "Account",
        [
            {"Name": name, "CurrencyIsoCode": "USD", "Tax_Id__c": tax}
            for name, tax in (("Acme", TAX), ("=Borealis", OTHER_TAX))
        ],
    )
    for name, tax in (("Acme", TAX), ("Borealis", OTHER_TAX)):
        twins = [{"companyName": f"{name} {n}", "vatRegNumber": tax, "subsidiary": {"id": "1"}} for n in (1, 2)]
        world.seed("erp", "customer", twins)
    world.deals([accounts[1]], world.catalogue(1), 1, lines=3)
    world.settle()
    return accounts[0], accounts[1]


def _fill(file: Path, words: dict[int, str], *, unknown: bool) -> None:
    """What a person does: write decisions beside the pairs."""
    book = openpyxl.load_workbook(file)
    sheet = book.worksheets[0]
    heading = [cell.value for cell in sheet[1]]
    assert all(
        cell.data_type == "s" for row in sheet.iter_rows(min_row=2) for cell in row if isinstance(cell.value, str)
    )
    for n, word in words.items():
        sheet.cell(n + 2, heading.index("decision") + 1, word)
        sheet.cell(n + 2, heading.index("why") + 1, "told by sales")
    if unknown:
        sheet.append(["nonsense", "same"])
    book.save(file)


def test_a_sheet_without_the_columns_is_refused_whole(world: World, tmp_path: Path) -> None:
    pl.DataFrame({"id": ["a"], "answer": ["same"]}).write_csv(tmp_path / "wrong.csv")
    with pytest.raises(LookupError, match="no column 'decision'; nothing was taken"):
        crmerp("review", "matches", "--import", str(tmp_path / "wrong.csv"))
