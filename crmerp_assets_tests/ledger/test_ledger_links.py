"""Links: one record per golden id and side, numbered changes, a history that only grows."""

from datetime import UTC, datetime
from typing import Any

import pytest

from crmerp_assets.ledger import Ledger


def link(native_id: str, golden_id: str, connection: str = "crm", **other: Any) -> dict[str, Any]:
    row = {"entity": "customer", "connection": connection, "native_id": native_id, "golden_id": golden_id}
    return row | {"method": "email", "evidence": "same address"} | other


def test_a_link_is_found_from_both_ends(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        done = tx.links.add([link("a", "g1"), link("7", "g1", "erp"), link("b", "g2")], by="linking")
        assert (done.added, done.moved, done.unchanged, done.taken.height) == (3, 0, 0, 0)
        assert set(tx.links.of("customer", ["g1"])["native_id"]) == {"a", "7"}
        (row,) = tx.links.by_native("customer", "erp", ["7", "8"]).to_dicts()
    assert row == link("7", "g1", "erp") | {
        "made_at": datetime(2026, 3, 1, 12, tzinfo=UTC),
        "made_by": "linking",
        "version": row["version"],
    }


def test_adding_a_link_again_changes_nothing(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.links.add([link("a", "g1")], by="linking")
        before = tx.links.all("customer")
        assert tx.links.add([link("a", "g1", method="pushed")], by="push").unchanged == 1
        assert tx.links.all("customer").equals(before)


def test_a_record_moves_to_another_golden_id(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.links.add([link("a", "g1")], by="linking")
        assert tx.links.add([link("a", "g2", method="decision")], by="ann").moved == 1
        assert tx.links.of("customer", ["g1"]).is_empty()
        history = tx.links.history("customer", "a")
    assert history["golden_id"].to_list() == ["g1", "g2"]
    assert history["previous_golden_id"].to_list() == [None, "g1"]
    assert history["by"].to_list() == ["linking", "ann"]


def test_two_records_can_swap_their_golden_ids(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.links.add([link("a", "g1"), link("b", "g2")], by="linking")
        assert tx.links.add([link("a", "g2"), link("b", "g1")], by="ann").moved == 2
        assert dict(tx.links.all("customer").select("native_id", "golden_id").iter_rows()) == {"a": "g2", "b": "g1"}


def test_a_second_record_for_a_golden_id_is_left_out_and_named(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.links.add([link("a", "g1")], by="linking")
        done = tx.links.add([link("b", "g1"), link("c", "g3"), link("d", "g3")], by="push")
        assert done.added == 1
        taken = done.taken.sort("native_id")
        assert taken.select("native_id", "golden_id", "held_by").rows() == [("b", "g1", "a"), ("d", "g3", "c")]
        assert tx.links.by_native("customer", "crm", ["b", "d"]).is_empty()


def test_a_removed_link_stays_as_a_tombstone_for_mirrors(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.links.add([link("a", "g1"), link("b", "g2")], by="linking")
        seen = tx.links.all("customer")["version"].max()
        assert tx.links.remove("customer", "crm", "a", "not the same company", "ann")
        (row,) = tx.links.all("customer", since_version=seen).to_dicts()
        assert (row["native_id"], row["golden_id"]) == ("a", None)
        assert tx.links.by_native("customer", "crm", ["a"]).is_empty()
        assert not tx.links.remove("customer", "crm", "a", "again", "ann")
        last = tx.links.history("customer", "a", "crm").to_dicts()[-1]
        assert (last["golden_id"], last["previous_golden_id"], last["evidence"]) == (None, "g1", "not the same company")
        assert tx.links.add([link("c", "g1"), link("a", "g4")], by="linking").added == 2


def test_entities_and_connections_do_not_meet(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        done = tx.links.add([link("1", "g1"), link("1", "g1", "erp"), link("1", "g1", entity="contact")], by="linking")
        assert done.added == 3
        assert tx.links.all("contact").height == 1


def test_adding_nothing_is_nothing(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        done = tx.links.add([], by="push")
        assert (done.added, done.moved, done.unchanged) == (0, 0, 0)
        assert tx.links.of("customer", []).is_empty()


def test_a_link_without_a_golden_id_is_refused(ledger: Ledger) -> None:
    with ledger.begin() as tx, pytest.raises(ValueError, match="remove"):
        tx.links.add([link("a", None)], by="linking")  # type: ignore[arg-type]
