"""Reviews: asking twice is asking once, answers last as long as the facts."""

import json
from typing import Any

import pytest

from crmerp_assets.ledger import Ledger, NotFound
from crmerp_assets_tests.ledger.plans import Clock


def question(subject: str, detail: str = "{}", **other: Any) -> dict[str, Any]:
    return {
        "kind": "conflict",
        "entity": "customer",
        "subject": subject,
        "title": f"{subject}?",
        "detail": detail,
    } | other


def test_asking_again_refreshes_the_same_review(ledger: Ledger, clock: Clock) -> None:
    with ledger.begin() as tx:
        tx.reviews.open([question("a", value=12.5)])
        (first,) = tx.reviews.list("conflict").to_dicts()
        clock.forward(60)
        tx.reviews.open([question("a", '{"crm":"1"}', value=20.0)])
        (second,) = tx.reviews.list().to_dicts()
    assert (second["id"], second["opened_at"]) == (first["id"], first["opened_at"])
    assert (second["detail"], second["value"]) == ('{"crm":"1"}', 20.0)


def test_questions_that_are_gone_are_closed_and_others_stay(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.reviews.open([question("a"), question("b"), question("c", entity="contact")])
        assert tx.reviews.close("conflict", "customer", keep=["b"]) == 1
        assert sorted(tx.reviews.list()["subject"]) == ["b", "c"]
        assert tx.reviews.list(state="closed")["subject"].to_list() == ["a"]
        tx.reviews.open([question("a")])
        assert sorted(tx.reviews.list()["subject"]) == ["a", "b", "c"]


def test_an_answer_lasts_while_the_facts_are_the_same(ledger: Ledger, clock: Clock) -> None:
    with ledger.begin() as tx:
        tx.reviews.open([question("a", '{"crm":"1"}')])
        review = tx.reviews.list()["id"][0]
        tx.reviews.decide(review, json.dumps({"choose": "crm"}), "ann")
        tx.reviews.open([question("a", '{"crm":"1"}')])
        tx.reviews.close("conflict", "customer", keep=[])
        (decided,) = tx.reviews.decisions("conflict").to_dicts()
        assert (decided["decided_by"], decided["decided_at"], decided["decision"]) == (
            "ann",
            clock(),
            '{"choose": "crm"}',
        )
        assert tx.reviews.list().is_empty()
        tx.reviews.open([question("a", '{"crm":"2"}')])
        (again,) = tx.reviews.list().to_dicts()
        assert (again["decision"], again["decided_by"]) == (None, None)


def test_an_answer_can_be_changed_but_not_given_to_nothing(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.reviews.open([question("a"), question("b")])
        first, second = tx.reviews.list()["id"]
        tx.reviews.decide(first, '"crm"', "ann")
        tx.reviews.decide(first, '"erp"', "bob")
        assert tx.reviews.decisions("conflict")["decision"].to_list() == ['"erp"']
        tx.reviews.close("conflict", "customer", keep=[])
        with pytest.raises(NotFound, match="List the open reviews"):
            tx.reviews.decide(second, '"crm"', "ann")
        with pytest.raises(LookupError):
            tx.reviews.decide("nothing", '"crm"', "ann")
