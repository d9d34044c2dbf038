"""What people do with intents, and what they are shown."""

from datetime import timedelta
from pathlib import Path

import pytest

from crmerp_assets.ledger import TRANSITIONS, IllegalTransition, Ledger
from crmerp_assets.ledger.states_page import between_markers, states_page
from crmerp_assets.ledger.transitions import IN_FLIGHT, OPEN, STATES, check
from crmerp_assets_tests.ledger.plans import Clock, intent, plan


def rejected(ledger: Ledger, *golden_ids: str) -> list[str]:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(*(intent(g) for g in golden_ids)))
        ids = tx.intents.claim("erp", "customer", "w", 10, 60)["id"].to_list()
        tx.intents.mark_sent(ids)
        tx.intents.record([{"id": i, "outcome": "rejected", "error_class": "Rejected", "error": "terms"} for i in ids])
    return ids


def test_a_rejected_intent_is_retried_by_id_or_all_at_once(ledger: Ledger) -> None:
    ids = rejected(ledger, "g1", "g2", "g3")
    with ledger.begin() as tx:
        assert tx.intents.retry(ids[:1]) == 1
        assert tx.intents.retry(connection="crm") == 0
        assert tx.intents.retry([]) == 0
        assert tx.intents.retry(connection="erp", entity="customer") == 2
        assert tx.intents.open().select("state", "attempts").unique().rows() == [("planned", 0)]


def test_a_retry_ends_the_wait_for_the_next_attempt(ledger: Ledger, clock: Clock) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1")))
        tx.intents.claim("erp", "customer", "w", 10, 60)
        tx.intents.record([{"id": "g1:1:", "outcome": "retry", "next_attempt_at": clock() + timedelta(hours=1)}])
        assert tx.intents.open()["attempts"].to_list() == [1]
        assert tx.intents.retry() == 1
        assert tx.intents.claim("erp", "customer", "w", 10, 60).height == 1
        with pytest.raises(IllegalTransition, match="in flight is settled"):
            tx.intents.retry(["g1:1:"])


def test_a_withdrawn_intent_stays_withdrawn_while_the_plan_is_the_same(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1")))
        tx.intents.cancel(["g1:1:"], "ann", "the customer left")
        assert tx.intents.replace("erp", "customer", ["g1"], plan(intent("g1"))).finished == ["g1:1:"]
        assert tx.intents.open().is_empty()
        assert tx.intents.replace("erp", "customer", ["g1"], plan(intent("g1", "2"))).inserted == 1
        assert tx.intents.attempts("g1:1:").select("event", "by").rows() == [("cancelled", "ann")]


def test_a_breaker_holds_ready_intents_until_a_person_approves(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1"), intent("g2")))
        assert tx.intents.hold(["g1:1:", "g2:1:"], "breaker", "9,000 creates against 12 known records") == 2
        assert tx.intents.claim("erp", "customer", "w", 10, 60).is_empty()
        assert tx.intents.approve(["g2:1:"], "ann") == 1
        assert tx.intents.claim("erp", "customer", "w", 10, 60)["golden_id"].to_list() == ["g2"]
        with pytest.raises(IllegalTransition):
            tx.intents.approve(["g2:1:"], "ann")
        with pytest.raises(IllegalTransition):
            tx.intents.cancel(["g2:1:"], "ann", "too late")


def test_the_summary_counts_by_what_people_ask_for(ledger: Ledger) -> None:
    rejected(ledger, "g1", "g2")
    with ledger.begin() as tx:
        tx.intents.replace(
            "crm", "customer", [], plan(intent("g1", id="c1", connection="crm", gate="wave", reason="wave 2"))
        )
        rows = tx.intents.summary().sort("connection").rows()
    assert rows == [
        ("crm", "customer", "create", "waiting", "wave", "wave 2", 1),
        ("erp", "customer", "create", "rejected", None, "Rejected", 2),
    ]


def test_every_state_is_described_and_every_move_leads_to_a_state() -> None:
    assert set(TRANSITIONS) == set(STATES)
    assert {target for targets in TRANSITIONS.values() for target in targets} <= set(TRANSITIONS)


def test_the_runbook_shows_the_states_and_moves_that_the_code_checks() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "operating.md"
    assert between_markers(page.read_text(encoding="utf-8")) == states_page()


def test_a_final_state_leads_nowhere_and_flight_never_back_to_waiting() -> None:
    assert all(not TRANSITIONS[state] for state in ("applied", "settled", "cancelled"))
    assert all("waiting" not in TRANSITIONS[state] and "cancelled" not in TRANSITIONS[state] for state in IN_FLIGHT)
    assert {state for state, targets in TRANSITIONS.items() if targets} - set(OPEN) == {"superseded"}


@pytest.mark.parametrize("state", sorted(TRANSITIONS))
def test_only_the_moves_of_the_table_are_legal(state: str) -> None:
    for target in set(TRANSITIONS) - TRANSITIONS[state]:
        with pytest.raises(IllegalTransition, match=f"i1 is {state} and cannot become {target}"):
            check({"i1": state}, target)
    for target in TRANSITIONS[state]:
        check({"i1": state}, target)


def test_a_person_cannot_move_what_is_in_flight_and_a_result_cannot_move_what_is_not() -> None:
    with pytest.raises(IllegalTransition, match="one that is planned, rejected or waiting can"):
        check({"i1": "claimed"}, "superseded", ("planned", "waiting", "rejected"))


def test_an_edited_write_is_ready_again_and_keeps_its_edit_while_its_plan_is_the_same(ledger: Ledger) -> None:
    (id_,) = rejected(ledger, "g1")
    with ledger.begin() as tx:
        tx.intents.edit(id_, '{"phone":{"after":"2"}}', "ann", "phone")
        tx.intents.replace("erp", "customer", ["g1"], plan(intent("g1")))
        (claimed,) = tx.intents.claim("erp", "customer", "w", 10, 60).to_dicts()
        assert (claimed["edits"], claimed["changes"]) == ('{"phone":{"after":"2"}}', intent("g1")["changes"])
        assert tx.intents.attempts(id_).select("event", "by", "note").rows()[-1] == ("edited", "ann", "phone")
        with pytest.raises(IllegalTransition, match="claimed"):
            tx.intents.edit(id_, "{}", "ann", "")
        tx.intents.release([id_])
        tx.intents.replace("erp", "customer", ["g1"], plan(intent("g1", "9")))
        assert tx.intents.open()["edits"].to_list() == [None]


def test_an_edit_releases_only_the_gate_that_it_answers(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1", gate="too_long", reason="too long")))
        with pytest.raises(IllegalTransition, match="too_long"):
            tx.intents.edit("g1:1:", "{}", "ann", "name", over="other")
        tx.intents.edit("g1:1:", "{}", "ann", "name", over="too_long")
        assert tx.intents.open()["state"].to_list() == ["approved"]
        tx.intents.replace("erp", "customer", ["g1"], plan(intent("g1", gate="order_closed", reason="billed")))
        assert tx.intents.open()["state"].to_list() == ["waiting"]


def test_failures_of_a_record_count_over_its_plans_until_something_of_it_is_applied(
    ledger: Ledger, clock: Clock
) -> None:
    (first,) = rejected(ledger, "g1")
    began = clock()
    clock.forward(60)
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", ["g1"], plan(intent("g1", "2")))
        ids = tx.intents.claim("erp", "customer", "w", 10, 60)["id"].to_list()
        tx.intents.record([{"id": i, "outcome": "rejected", "error_class": "Rejected", "error": "no"} for i in ids])
        (seen,) = tx.intents.failures().to_dicts()
        assert (seen["id"], seen["times"], seen["first_seen"], seen["last_seen"]) == (ids[0], 2, began, clock())
        assert tx.intents.history("erp", "customer", "g1")["intent_id"].unique().sort().to_list() == [first, ids[0]]
        tx.intents.retry(ids, by="ann")
        tx.intents.claim("erp", "customer", "w", 10, 60)
        tx.intents.mark_sent(ids)
        tx.intents.record([{"id": ids[0], "outcome": "applied"}])
        tx.intents.replace("erp", "customer", ["g1"], plan(intent("g1", "3")))
        ids = tx.intents.claim("erp", "customer", "w", 10, 60)["id"].to_list()
        tx.intents.record([{"id": i, "outcome": "rejected", "error_class": "Rejected", "error": "no"} for i in ids])
        assert tx.intents.failures()["times"].to_list() == [1]
        assert tx.intents.assign(ids, "ben", "ann") == 1
        assert tx.intents.open()["assigned_to"].to_list() == ["ben"]
