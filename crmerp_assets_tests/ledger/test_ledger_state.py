"""Snapshots, cursors, aliases, budgets: what is put is what is got."""

import json
from datetime import timedelta

import polars as pl
import pytest

from crmerp_assets.ledger import Ledger
from crmerp_assets_tests.ledger.plans import Clock


def values(**by_id: dict[str, str | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [(golden_id, json.dumps(fields)) for golden_id, fields in by_id.items()],
        schema={"golden_id": pl.String, "values": pl.String},
        orient="row",
    )


def test_a_snapshot_changes_field_by_field(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        assert tx.snapshots.put("customer", values(g1={"name": "Acme", "phone": "1"}, g2={"name": "Bolt"})) == 2
        assert tx.snapshots.put("customer", values(g1={"phone": None, "email": "a@b.c"}, g2={"name": "Bolt"})) == 1
        found = {g: json.loads(v) for g, v in tx.snapshots.get("customer", ["g1", "g2", "g3"]).iter_rows()}
    assert found == {"g1": {"name": "Acme", "phone": None, "email": "a@b.c"}, "g2": {"name": "Bolt"}}


def test_an_empty_frame_of_snapshots_is_no_change(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        assert tx.snapshots.put("customer", values()) == 0
        assert tx.snapshots.get("customer", []).schema == {"golden_id": pl.String, "values": pl.String}


def test_text_of_every_script_comes_back_as_it_was(ledger: Ledger) -> None:
    text = json.dumps({"name": 'Žluťoučký "kůň" — 株式会社 😀\\'}, ensure_ascii=False)
    with ledger.begin() as tx:
        tx.snapshots.put("customer", pl.DataFrame({"golden_id": ["g'1"], "values": [text]}))
        assert tx.snapshots.get("customer", ["g'1"])["values"].to_list() == [text]


def test_a_cursor_is_kept_per_connection_object_and_purpose(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.cursors.put("crm", "Account", "pull", "1")
        tx.cursors.put("crm", "Account", "deletions", "2")
        tx.cursors.put("crm", "Account", "pull", "3")
        assert tx.cursors.get("crm", "Account", "pull") == "3"
        assert tx.cursors.get("crm", "Account", "deletions") == "2"
        assert tx.cursors.get("erp", "Account", "pull") is None


def test_an_alias_is_found_whatever_its_case_and_blanks(ledger: Ledger, clock: Clock) -> None:
    with ledger.begin() as tx:
        tx.aliases.put("product", " Gold  SUPPORT ", "p1", "ann")
        clock.forward(60)
        tx.aliases.put("product", "gold support", "p2", "bob")
        assert tx.aliases.all("product").select("text", "golden_id", "made_by").rows() == [
            ("gold support", "p2", "bob")
        ]
        assert tx.aliases.all("product", since=clock() + timedelta(seconds=1)).is_empty()
        assert tx.aliases.all("product", since=clock()).height == 1
        with pytest.raises(ValueError, match="text"):
            tx.aliases.put("product", "  ", "p1", "ann")


def test_calls_add_up_within_a_utc_day(ledger: Ledger, clock: Clock) -> None:
    with ledger.begin() as tx:
        assert (tx.budgets.today("crm").calls, tx.budgets.today("crm").allowed) == (0, None)
        tx.budgets.reserve("crm", 20)
        assert tx.budgets.reserve("crm", 20).calls == 40
        tx.budgets.give_back("crm", tx.budgets.today("crm").day, 28)
        assert (tx.budgets.today("crm").calls, tx.budgets.today("crm").used) == (12, None)
        clock.forward(86_400)
        assert tx.budgets.today("crm").calls == 0


def test_the_systems_own_word_corrects_the_count_up_and_down_and_the_later_one_counts(
    ledger: Ledger, clock: Clock
) -> None:
    start = clock()
    with ledger.begin() as tx:
        tx.budgets.reserve("crm", 20)
        tx.budgets.told("crm", 700, 1000, start + timedelta(seconds=2))
        assert tx.budgets.reserve("crm", 20).used == 720
        tx.budgets.told("crm", 690, 1000, start + timedelta(seconds=1))
        assert tx.budgets.today("crm").used == 720
        tx.budgets.told("crm", 300, 1000, start + timedelta(seconds=3))
        today = tx.budgets.today("crm")
    assert (today.calls, today.used, today.allowed, today.share) == (40, 300, 1000, 0.3)


def test_a_clock_without_zone_is_refused(ledger: Ledger, clock: Clock) -> None:
    clock.at = clock.at.replace(tzinfo=None)
    with pytest.raises(ValueError, match="UTC"), ledger.begin() as tx:
        tx.cursors.put("crm", "Account", "pull", "1")
