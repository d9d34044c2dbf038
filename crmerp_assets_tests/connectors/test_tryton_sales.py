"""Sales in Tryton when something goes wrong between one transaction and the next, against a real server.

Tried by removing what protects; each was caught by the test named:

| removed | caught by |
|---|---|
| bringing back what failed | refused_leaves, lost_at_any_step (quote, confirm) |
| waiting for what was not written | lost_at_any_step (draft, write); flow/test_faults_tryton.py |
| looking at Tryton's log | process_that_died, confirm_any_more, before_we_opened_it |
| who changed the state, in the log | is_theirs |
| the state in which a sale was before | never_becomes_more |
| a sale that is opened twice was what it was first | before_we_opened_it (change, refused) |
| no version for what was opened | confirmed_again |
| `finish` in settle | flow/test_tryton.py: process_dies |
| telling what Tryton refuses in `finish` | refuses_to_confirm; flow/test_tryton.py: waits_with_its_reason |
| the write of the key where nothing else is planned | flow/test_tryton.py: put_back, waits_with_its_reason |
| the version when a sale is opened | person_changes_meanwhile |
| noting a draft whose answer was lost | lost_at_any_step (draft, cut_after) |
| back to draft when the confirm is refused | confirm_any_more |
| a refused on_change is of its sale alone | cannot_work_out |
| the look for doubles; their own reference | two_sales_of_one_key |
| only lines of products are replaced | wrote_between |
| the customer's name out of a refusal | confirm_any_more |
| comparing all ids of sales | another_joined |
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest

from crmerp_assets.connectors.errors import ConnectorError, Rejected, Transient, Unknown, VersionConflict
from crmerp_assets.connectors.protocol import Ref, Result, Write
from crmerp_assets.connectors.tryton.values import day
from crmerp_assets_tests.contract.tryton_case import connector_to
from crmerp_assets_tests.tryton.office import SALE, TODAY, Office, opened
from crmerp_assets_tests.tryton.proxy import Fault
from crmerp_assets_tests.tryton.server import money

CONFIRMED = ("confirmed", "processing")
FINE, BAD = Decimal("12.50"), Decimal("12.50505")
"""Prices; Tryton takes four digits."""


@pytest.fixture
def office() -> Iterator[Office]:
    with opened() as one:
        yield one


def confirmed(office: Office, party: str, number: int = 1) -> str:
    """A sale that is confirmed and that Tryton's queue has not begun to process."""
    (made,) = office.connector.push(SALE, [office.sale(party, number)])
    assert made.error is None
    office.server.sql("UPDATE sale_sale SET state = 'confirmed' WHERE id = ?", int(made.native_id or 0))
    return str(made.native_id)


def priced(office: Office, sale: str, price: Decimal, number: int = 1, **values: Any) -> Write:
    line = {"product": Ref("product.product", office.product("SKU-0")), "quantity": Decimal(3), "unit_price": price}
    return Write(f"u{number}", SALE, "update", "reference", f"so-{number}", sale, {"lines": [line], **values})


def state(office: Office, number: int = 1) -> tuple[str | None, str | None]:
    row = office.found(f"so-{number}") or {}
    return row["state"], row["untaxed_amount"]


def push(office: Office, *writes: Write) -> list[Result]:
    """By a connector that has just started, and does not wait."""
    with closing(connector_to(office.proxy.url)(sleep=lambda _seconds: None)) as fresh:
        return fresh.push(SALE, writes)


def test_a_confirmed_sale_is_changed_and_confirmed_again(office: Office) -> None:
    sale = confirmed(office, office.party())
    (result,) = push(office, priced(office, sale, FINE))
    assert result.error is None
    assert state(office) in [(one, "37.50") for one in CONFIRMED]


def test_a_change_that_is_refused_leaves_the_sale_confirmed_and_the_others_changed(office: Office) -> None:
    party = office.party()
    sales = [confirmed(office, party, number) for number in (1, 2, 3)]
    prices = (FINE, BAD, FINE)
    writes = [priced(office, sale, prices[at], at + 1) for at, sale in enumerate(sales)]
    results = push(office, *writes)
    assert [type(result.error) for result in results] == [type(None), Rejected, type(None)]
    assert [state(office, number)[1] for number in (1, 2, 3)] == ["37.50", "30.75", "37.50"]
    assert {state(office, number)[0] for number in (1, 2, 3)} <= set(CONFIRMED)


@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
@pytest.mark.parametrize("step", ["draft", "write", "quote", "confirm"])
def test_a_change_that_is_lost_at_any_step_is_confirmed_with_it_and_never_without(
    office: Office, step: str, kind: str
) -> None:
    """Confirmed without it, a sale is processed at once, and can be changed no more."""
    sale = confirmed(office, office.party())
    office.proxy.faults.append(Fault(kind, rf"model\.sale\.sale\.{step}"))
    (result,) = push(office, priced(office, sale, FINE))
    assert isinstance(result.error, Unknown)
    written, taken_back = step in ("quote", "confirm"), (step, kind) != ("draft", "cut_before")
    assert state(office)[0] in (CONFIRMED if written or not taken_back else ("draft",))
    office.proxy.faults.clear()
    (again,) = push(office, priced(office, sale, FINE))
    assert again.error is None
    assert state(office) in [(one, "37.50") for one in CONFIRMED]


def test_a_quotation_comes_back_as_a_quotation(office: Office) -> None:
    (made,) = office.connector.push(SALE, [office.sale(office.party(), state="quotation")])
    (result,) = push(office, priced(office, str(made.native_id), BAD))
    assert isinstance(result.error, Rejected)
    assert state(office) == ("quotation", "30.75")


def test_a_sale_that_was_left_open_by_a_process_that_died_is_confirmed_with_its_next_change(office: Office) -> None:
    sale = confirmed(office, office.party())
    dead = Fault("cut_before", r"model\.sale\.sale\.(write|quote|confirm|search_read)", skip=1, times=100)
    office.proxy.faults.append(dead)
    (lost,) = push(office, priced(office, sale, FINE))
    office.proxy.faults.clear()
    assert isinstance(lost.error, Unknown)
    assert state(office) == ("draft", "30.75")
    (result,) = push(office, priced(office, sale, FINE))
    assert result.error is None
    assert state(office) in [(one, "37.50") for one in CONFIRMED]


def test_only_what_was_left_on_its_way_is_brought_to_its_end(office: Office) -> None:
    party = office.party()
    sales = [confirmed(office, party, number) for number in (1, 2)]
    office.person.call("model.sale.sale.draft", [int(sales[1])])
    dead = Fault("cut_before", r"model\.sale\.sale\.(quote|confirm|search_read)", skip=1, times=100)
    office.proxy.faults.append(dead)
    push(office, priced(office, sales[0], FINE))
    office.proxy.faults.clear()
    assert state(office) == ("draft", "37.50")
    assert office.connector.finish(SALE, sales) == set()
    assert state(office) in [(one, "37.50") for one in CONFIRMED]
    assert state(office, 2) == ("draft", "30.75")


def left_as_quotation(office: Office, sale: str) -> None:
    """Neither the confirming nor its repair comes through."""
    office.proxy.faults.append(Fault("cut_before", r"model\.sale\.sale\.confirm", times=2))
    (lost,) = push(office, priced(office, sale, FINE))
    office.proxy.faults.clear()
    assert isinstance(lost.error, Unknown)
    assert state(office) == ("quotation", "37.50")


@pytest.mark.parametrize("by", ["finish", "change", "refused"])
def test_a_quotation_that_was_confirmed_before_we_opened_it_is_confirmed_again(office: Office, by: str) -> None:
    sale = confirmed(office, office.party())
    left_as_quotation(office, sale)
    if by == "change":
        office.proxy.faults.append(Fault("cut_before", r"model\.sale\.sale\.write"))
        (lost,) = push(office, priced(office, sale, FINE, description="Opened once more"))
        assert isinstance(lost.error, Unknown)
        assert state(office) == ("draft", "37.50")
        (done,) = push(office, priced(office, sale, FINE))
        assert done.error is None
    elif by == "refused":
        (refused,) = push(office, priced(office, sale, BAD))
        assert isinstance(refused.error, Rejected)
    else:
        assert office.connector.finish(SALE, [sale]) == set()
    assert state(office) in [(one, "37.50") for one in CONFIRMED]


def test_what_tryton_refuses_to_confirm_is_told_and_no_end(office: Office) -> None:
    sale = confirmed(office, office.party())
    left_as_quotation(office, sale)
    office.proxy.faults.append(Fault("refuse", r"model\.sale\.sale\.confirm", times=2))
    assert office.connector.finish(SALE, [sale]) == {sale}
    assert state(office) == ("draft", "37.50")
    (again,) = push(office, Write("k", SALE, "update", "reference", "so-1", sale, {"reference": "so-1"}))
    assert isinstance(again.error, Rejected)
    office.proxy.faults.clear()
    (done,) = push(office, Write("k", SALE, "update", "reference", "so-1", sale, {"reference": "so-1"}))
    assert done.error is None
    assert state(office) in [(one, "37.50") for one in CONFIRMED]


@pytest.mark.parametrize("step", ["quote", "write"])
def test_a_quotation_that_we_opened_never_becomes_more(office: Office, step: str) -> None:
    (made,) = office.connector.push(SALE, [office.sale(office.party(), state="quotation")])
    sale = str(made.native_id)
    office.proxy.faults.append(Fault("cut_before", rf"model\.sale\.sale\.{step}", times=9))
    (lost,) = push(office, priced(office, sale, FINE))
    office.proxy.faults.clear()
    assert isinstance(lost.error, Unknown)
    assert state(office)[0] == "draft"
    (done,) = push(office, priced(office, sale, FINE))
    assert done.error is None
    assert state(office) == ("quotation", "37.50")
    assert office.connector.finish(SALE, [sale]) == set()
    assert state(office) == ("quotation", "37.50")


def test_a_sale_that_we_left_open_and_a_person_quoted_is_theirs(office: Office) -> None:
    sale = confirmed(office, office.party())
    left_as_quotation(office, sale)
    for button in ("draft", "quote"):
        office.person.call(f"model.sale.sale.{button}", [int(sale)])
    edit = Write("e", SALE, "update", "reference", "so-1", sale, {"reference": "SO-1"})
    assert push(office, edit)[0].error is None
    assert office.connector.finish(SALE, [sale]) == set()
    assert office.rows(SALE, "state", "untaxed_amount")[0]["state"] == "quotation"


def test_a_draft_that_a_person_took_back_stays_one(office: Office) -> None:
    sale = confirmed(office, office.party())
    office.person.call("model.sale.sale.draft", [int(sale)])
    (result,) = push(office, priced(office, sale, FINE))
    assert result.error is None
    assert state(office) == ("draft", "37.50")


def test_what_tryton_does_not_confirm_any_more_is_tried_again(office: Office) -> None:
    party = office.party(name="Quite Confidential")
    sale = confirmed(office, party)
    limit = {"credit_limit_amount": money(Decimal(5))}
    office.person.edit("party.party", party, limit)
    for _ in range(2):
        (result,) = push(office, priced(office, sale, FINE))
        assert isinstance(result.error, Rejected), result.error
        assert "credit limit" in result.error.reason
        assert "Confidential" not in f"{result.error} {result.error.reason}"
        assert state(office) == ("draft", "37.50")
    office.person.edit("party.party", party, {"credit_limit_amount": None})
    (again,) = push(office, priced(office, sale, FINE))
    assert again.error is None
    assert state(office)[0] in CONFIRMED


def test_nothing_is_opened_before_all_is_read(office: Office) -> None:
    sale = confirmed(office, office.party())
    office.proxy.seen.clear()
    office.proxy.faults.append(Fault("html", r"on_change", times=9))
    (result,) = push(office, priced(office, sale, FINE))
    assert isinstance(result.error, Transient)
    assert "model.sale.sale.draft" not in office.proxy.seen
    assert state(office) == ("confirmed", "30.75")


def test_a_quotation_that_a_person_changes_meanwhile_is_left_to_them(office: Office) -> None:
    (made,) = office.connector.push(SALE, [office.sale(office.party(), state="quotation")])
    sale = str(made.native_id)
    office.server.sql("UPDATE sale_sale SET create_date = '2026-01-05 08:00:00', write_date = NULL")

    def act() -> None:
        office.person.call("model.sale.sale.draft", [int(sale)])
        office.person.edit(SALE, sale, {"description": "By a person"})
        office.person.call("model.sale.sale.quote", [int(sale)])

    office.proxy.faults.append(Fault("meanwhile", r"model\.sale\.sale\.draft", act=act))
    (result,) = push(office, priced(office, sale, FINE, description="By us"))
    assert isinstance(result.error, VersionConflict)
    assert state(office) == ("quotation", "30.75")
    assert (office.found("so-1") or {})["description"] == "By a person"


def test_a_product_that_tryton_cannot_work_out_stops_its_sale_alone(office: Office) -> None:
    party = office.party(name="Quite Confidential")
    refusal = r"on_change.*\"product\": 999999"
    office.proxy.faults.append(Fault("refuse", refusal, times=10))
    nothing = {"product": Ref("product.product", "999999"), "quantity": Decimal(1), "unit_price": FINE}
    results = push(office, office.sale(party, 1), office.sale(party, 2, lines=[nothing]), office.sale(party, 3))
    assert [type(result.error) for result in results] == [type(None), Rejected, type(None)]
    assert "Confidential" not in str(results[1].error)
    assert office.sales() == 2


@pytest.mark.parametrize("older", [True, False])
def test_of_two_sales_of_one_key_the_newer_is_given_up(office: Office, older: bool) -> None:
    party = office.party()
    body = {"party": int(party), "reference": "so-1 (unfinished)", "sale_date": day(TODAY)}
    made: list[str] = []
    act = lambda: made.extend(map(str, office.person.call("model.sale.sale.create", [body])))  # noqa: E731
    before = r"model\.sale\.sale\.create" if older else r"model\.sale\.sale\.search_read"
    office.proxy.faults.append(Fault("meanwhile", before, skip=0 if older else 1, act=act))
    (result,) = push(office, office.sale(party))
    assert result.error is None
    assert (result.native_id in made) is older
    assert state(office) in [(one, "30.75") for one in CONFIRMED]
    assert office.connector.ids(SALE) == [result.native_id]
    found = office.person.call(
        "model.sale.sale.search_read", [["state", "=", "cancelled"]], 0, None, None, ["reference"]
    )
    assert [row["reference"] for row in found] == ["so-1 (made twice) (unfinished)"]
    assert push(office, office.sale(party))[0].native_id == result.native_id


def test_lines_that_people_wrote_between_stay(office: Office) -> None:
    (made,) = office.connector.push(SALE, [office.sale(office.party(), state="draft")])
    note = {"sale": int(made.native_id or 0), "type": "comment", "description": "Call before delivery"}
    office.person.call("model.sale.line.create", [note])
    (result,) = push(office, priced(office, str(made.native_id), FINE))
    assert result.error is None
    assert state(office) == ("draft", "37.50")
    assert office.person.call("model.sale.line.search_count", [["type", "=", "comment"]]) == 1


def test_a_sale_that_was_removed_shows_although_another_joined(office: Office) -> None:
    party = office.party()
    office.proxy.faults.append(Fault("cut_after", r"model\.sale\.sale\.create"))
    (late,) = push(office, office.sale(party, 1))
    assert isinstance(late.error, ConnectorError)
    second, third = (result.native_id for result in push(office, *_drafts(office, party)))
    _, cursor = office.connector.deletions(SALE, None)
    assert push(office, office.sale(party, 1))[0].error is None
    office.person.delete(SALE, str(second))
    gone, cursor = office.connector.deletions(SALE, cursor)
    assert [one.native_id for one in gone] == [second]
    assert third in office.connector.ids(SALE)
    assert office.connector.deletions(SALE, cursor)[0] == []


def _drafts(office: Office, party: str) -> list[Write]:
    return [office.sale(party, number, state="draft") for number in (2, 3)]
