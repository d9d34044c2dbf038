"""One record has one partner: a second `same` is refused with a next step, or asked again with the reason.

Protections removed once, and the test that failed: the look at links and at earlier answers in `_has_no_other_partner`
(the first two), `second` in `fitting` (the third), the questions kept for one more run (the first), what is asked
already in `fitting` (the third).
"""

import json

import pytest
from world import GO_LIVE, World

from crmerp_assets.sync import review
from crmerp_assets.sync.conform import conform
from crmerp_assets.sync.decisions import NotDecidable
from crmerp_assets.sync.link import link
from crmerp_assets.sync.platform import Platform
from crmerp_assets.sync.pull import pull

TAX = "DE136695976"


def test_a_second_same_is_refused_once_the_first_is_carried_out_and_says_what_to_do(world: World) -> None:
    account, (one, two) = _twins(world)
    with world.platform() as used:
        _read(used)
        _answer(used, account, one, "same")
        link(used, "customer")
        assert _partners(used, account) == [one]

        (asked,) = _asked(used)
        assert asked == [account, two], "the other candidate is still a question, and no record of its own"
        with pytest.raises(NotDecidable, match=f"the same as {one} of the ERP already.*merge them in the ERP"):
            _answer(used, account, two, "same")
        link(used, "customer")
        assert _asked(used) == [[account, two]]

        _answer(used, account, two, "different")
        link(used, "customer")
        assert _asked(used) == []
        assert _partners(used, account) == [one]
        assert _golden(used, "netsuite", two) not in (None, _golden(used, "salesforce", account))


def test_a_second_same_is_refused_while_the_first_waits_for_the_next_sync(world: World) -> None:
    account, (one, two) = _twins(world)
    with world.platform() as used:
        _read(used)
        _answer(used, account, two, "same")
        with pytest.raises(NotDecidable, match=f"the same as {two} of the ERP already"):
            _answer(used, account, one, "same")


def test_two_answers_that_were_given_at_once_are_not_lost_the_second_is_asked_again_with_the_reason(
    world: World,
) -> None:
    """As by two people at the same moment, or with an earlier release: both are stored."""
    account, (one, two) = _twins(world)
    with world.platform() as used:
        _read(used)
        _stored(used, account, one)
        _stored(used, account, two)
        link(used, "customer")

        for _ in range(3):
            assert _partners(used, account) == [one]
            assert _golden(used, "netsuite", two) is None, "nothing is made of it before it is answered"
            (row,) = review.open_reviews(used, "ambiguous_link").to_dicts()
            assert json.loads(row["subject"]) == [account, two]
            assert "`same` was answered and not carried out" in row["title"]
            assert f"the same as {one} of the ERP already" in row["title"]
            link(used, "customer")

        _answer(used, account, two, "different")
        link(used, "customer")
        assert _asked(used) == []
        assert _golden(used, "netsuite", two) is not None


def _twins(world: World) -> tuple[str, list[str]]:
    """An account, and two customers with its tax number."""
    world.policy(GO_LIVE)
    (account,) = world.seed("crm", "Account", [{"Name": "Acme", "CurrencyIsoCode": "EUR", "Tax_Id__c": TAX}])
    twins = [{"companyName": f"Acme {n}", "vatRegNumber": TAX, "subsidiary": {"id": "1"}} for n in (1, 2)]
    return account, world.seed("erp", "customer", twins)


def _read(used: Platform) -> None:
    maps = [(n, m) for n, c in used.connections.items() for m in used.matrix.maps(c.system) if m.entity == "customer"]
    for name, entity_map in maps:
        pull(used, name, entity_map.name)
        conform(used, name, entity_map.name)
    link(used, "customer")
    assert len(_asked(used)) == 2


def _asked(used: Platform) -> list[list[str]]:
    return [json.loads(subject) for subject in review.open_reviews(used, "ambiguous_link")["subject"]]


def _id(used: Platform, account: str, customer: str) -> str:
    rows = review.open_reviews(used, "ambiguous_link").to_dicts()
    return next(str(row["id"]) for row in rows if json.loads(row["subject"]) == [account, customer])


def _answer(used: Platform, account: str, customer: str, word: str) -> None:
    review.decide(used, _id(used, account, customer), word, "ann")


def _stored(used: Platform, account: str, customer: str) -> None:
    """Only the answer itself, without the look at what else was answered."""
    with used.ledger.begin() as tx:
        tx.reviews.decide(_id(used, account, customer), json.dumps({"same": True}), "ann")


def _golden(used: Platform, connection: str, native_id: str) -> str | None:
    with used.ledger.read() as tx:
        found = tx.links.by_native("customer", connection, [native_id])["golden_id"].to_list()
    return found[0] if found else None


def _partners(used: Platform, account: str) -> list[str]:
    with used.ledger.read() as tx:
        found = tx.links.of("customer", [_golden(used, "salesforce", account) or ""])
    return [row["native_id"] for row in found.to_dicts() if row["connection"] == "netsuite"]
