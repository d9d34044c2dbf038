"""Parked records: counted while they fail, gone when they are usable, and every error kept.

To see that the tests bite, protections were removed one at a time. What was removed, and what failed:

- the version in `_parked_again`: `test_a_skipped_record_is_not_shown_until_it_changes`
- clearing `again_at` when a record fails anew: `test_a_record_is_tried_again_once_because_a_person_says_so`
- adding to the history in `put`: `test_every_error_of_a_parked_record_is_kept_with_what_people_did`
"""

import polars as pl
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from crmerp_assets.ledger import Ledger
from crmerp_assets.ledger.engine import database_url
from crmerp_assets.ledger.migrate import SCRIPTS
from crmerp_assets.ledger.parked import Place
from crmerp_assets_tests.ledger.plans import Clock

A = Place("conform", "order", "crm", "a")


def failing(*native_ids: str, reason: str = "no currency") -> pl.DataFrame:
    return pl.DataFrame({"native_id": native_ids, "reason": [reason] * len(native_ids)})


def test_a_record_that_keeps_failing_is_counted(ledger: Ledger, clock: Clock) -> None:
    with ledger.begin() as tx:
        tx.parked.put("conform", "order", "crm", failing("a", "b"))
        clock.forward(60)
        tx.parked.put("conform", "order", "crm", failing("a", reason="no customer"))
        rows = {row["native_id"]: row for row in tx.parked.list().to_dicts()}
    assert (rows["a"]["times"], rows["a"]["reason"], rows["b"]["times"]) == (2, "no customer", 1)
    assert (rows["a"]["last_seen"] - rows["a"]["first_seen"]).total_seconds() == 60


def test_a_usable_record_is_resolved_and_a_new_failure_counts_anew(ledger: Ledger, clock: Clock) -> None:
    with ledger.begin() as tx:
        tx.parked.put("conform", "order", "crm", failing("a", "b"))
        assert tx.parked.resolve("conform", "order", "crm", ["a", "never failed"]) == 1
        assert tx.parked.resolve("golden", "order", "crm", ["b"]) == 0
        assert tx.parked.list()["native_id"].to_list() == ["b"]
        clock.forward(60)
        tx.parked.put("conform", "order", "crm", failing("a"))
        again = tx.parked.list().filter(pl.col("native_id") == "a").row(0, named=True)
    assert (again["times"], again["first_seen"]) == (1, clock())


def test_golden_records_are_parked_by_golden_id(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.parked.put("golden", "order", "golden", failing("g1").rename({"native_id": "golden_id"}))
        assert tx.parked.list()["native_id"].to_list() == ["g1"]


def test_every_error_of_a_parked_record_is_kept_with_what_people_did(ledger: Ledger, clock: Clock) -> None:
    with ledger.begin() as tx:
        tx.parked.put("conform", "order", "crm", failing("a").with_columns(version=pl.lit("v1")))
        clock.forward(60)
        tx.parked.put("conform", "order", "crm", failing("a", reason="no customer").with_columns(version=pl.lit("v2")))
        tx.parked.assign([A], "ben", "ann")
        tx.parked.resolve("conform", "order", "crm", ["a"])
        told = tx.parked.history(A)
    assert told.select("event", "by", "reason", "version").rows() == [
        ("failed", None, "no currency", "v1"),
        ("failed", None, "no customer", "v2"),
        ("assigned", "ann", "ben", None),
        ("resolved", None, None, None),
    ]
    assert (told["at"][1] - told["at"][0]).total_seconds() == 60


def test_a_skipped_record_is_not_shown_until_it_changes(ledger: Ledger) -> None:
    def fails(version: str, reason: str = "no currency") -> list[str]:
        tx.parked.put("conform", "order", "crm", failing("a", reason=reason).with_columns(version=pl.lit(version)))
        return tx.parked.list()["native_id"].to_list()

    with ledger.begin() as tx:
        assert fails("v1") == ["a"]
        assert tx.parked.skip([A], "ann", "a test deal") == 1
        assert fails("v1") == []
        assert tx.parked.list(skipped=True)["skipped_why"].to_list() == ["a test deal"]
        assert fails("v2") == ["a"]
        tx.parked.skip([A], "ann", "a test deal")
        assert fails("v2", reason="no customer") == ["a"]
        tx.parked.skip([A], "ann", "a test deal")
        tx.parked.ask_again([A], "ann")
        assert tx.parked.list()["native_id"].to_list() == ["a"]


def test_a_record_is_tried_again_once_because_a_person_says_so(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.parked.put("conform", "order", "crm", failing("a", "b"))
        assert tx.parked.ask_again([A, A._replace(native_id="never failed")], "ann") == 1
        assert tx.parked.asked_again("conform", "order", "crm") == ["a"]
        assert tx.parked.asked_again("golden", "order", "crm") == []
        tx.parked.put("conform", "order", "crm", failing("a"))
        assert tx.parked.asked_again("conform", "order", "crm") == []
        tx.parked.ask_again([A], "ann")
        tx.parked.resolve("conform", "order", "crm", ["a"])
        assert tx.parked.asked_again("conform", "order", "crm") == []
        assert tx.parked.assign([A], "ben", "ann") == 0


def test_the_history_begins_with_what_was_parked_before_it_existed(sqlite_url: str, clock: Clock) -> None:
    engine = create_engine(database_url(sqlite_url))
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(SCRIPTS))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        columns = "stage, entity, connection, native_id, reason, first_seen, last_seen, times"
        values = "'conform', 'order', 'crm', 'a', 'no currency', 1, 2000000, 3"
        connection.execute(text(f"INSERT INTO parked ({columns}) VALUES ({values})"))
    engine.dispose()

    ledger = Ledger.open(sqlite_url, clock)
    with ledger.read() as tx:
        assert tx.parked.history(A).select("event", "reason").rows() == [("failed", "no currency")]
        assert tx.parked.list()["times"].to_list() == [3]
    ledger.close()
