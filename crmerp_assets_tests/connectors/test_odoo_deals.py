"""Opportunities as deals, and whose days the days of documents are.

What was removed once to see a test fail, and the test that did:

* certainty beside the stage: test_a_deal_is_won_by_its_stage_and_not_by_its_name
* confirmed orders before open ones, the only open one: test_what_was_sold
* one currency, one unit: test_what_is_not_clear_is_not_sold
* opportunities only: test_a_lead_that_is_no_opportunity_is_no_deal
* lines among what is touched: test_a_changed_line_or_quotation_brings_its_deal_along
* stages of all teams, the day of closing: test_a_deal_that_is_made_is_won_on_its_day
* the company's own currency: test_an_amount_in_another_currency_is_refused
* the company's time zone: test_a_day_is_that_of_the_company
* noon there: test_what_is_written_is_the_same_day_again
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.connectors.errors import ConfigError, Rejected
from crmerp_assets.connectors.odoo.deals import counting
from crmerp_assets.connectors.protocol import Ref, Row, Write
from crmerp_assets_tests.connectors.test_odoo_connector import Desk, a_desk
from crmerp_assets_tests.contract.odoo_case import KEY

DEAL = ("deal.won", "deal.amount", "deal.currency", "deal.day", "stage_id.name", "partner_id.commercial_partner_id")
LINES = ("quoted.product_id", "quoted.product_uom_qty", "quoted.price_unit", "quoted.discount", "quoted.name")
NEW, WON = 1, 4


@pytest.fixture(scope="module", params=["18.0", "19.0"])
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("deals"), version=request.param) as made:
        yield made


def new_names(desk: Desk) -> bool:
    """Version 19 gave a line's unit, and a stage's team, other names."""
    return desk.sandbox.options.number >= 19


def lead(desk: Desk, **values: Any) -> int:
    given = {"name": "Deal", "partner_id": int(desk.customer), "expected_revenue": 90}
    return int(desk.person.call("crm.lead", "create", [given | values]))


def quote(desk: Desk, deal: int, price: float, state: str = "draft", **values: Any) -> int:
    line = {"product_id": int(desk.products[0]), "product_uom_qty": 2, "price_unit": price, "discount": 10}
    line |= values.pop("line", {})
    order = {"partner_id": int(desk.customer), "opportunity_id": deal, "order_line": [[0, 0, line]], **values}
    made = int(desk.person.call("sale.order", "create", [order]))
    if state == "sale":
        desk.person.call("sale.order", "action_confirm", [[made]])
    if state == "cancel":
        desk.person.call("sale.order", "action_cancel", [[made]])
    return made


def read(desk: Desk, deal: int) -> Row:
    (row,) = desk.connector.fetch("crm.lead", [*DEAL, *LINES], [str(deal)])
    return row


def prices(row: Row) -> list[str]:
    return [line["price_unit"] for line in json.loads(row["quoted"] or "[]")]


def test_a_deal_is_won_by_its_stage_and_not_by_its_name(desk: Desk) -> None:
    stage = desk.person.call("crm.stage", "create", [{"name": "Won back", "sequence": 5}])
    deals = [lead(desk, stage_id=NEW, probability=100), lead(desk, stage_id=WON), lead(desk, stage_id=stage)]
    lost = lead(desk, stage_id=WON)
    desk.sandbox.administration._env().put("crm.lead", lost, {"active": 0, "probability": 0})
    assert [read(desk, deal)["deal.won"] for deal in [*deals, lost]] == ["false", "true", "false", "false"]


def test_a_lead_that_is_no_opportunity_is_no_deal(desk: Desk) -> None:
    deal = lead(desk, type="lead")
    assert str(deal) not in desk.connector.ids("crm.lead")


@pytest.mark.parametrize(
    ("states", "sold", "amount"),
    [
        ([], [], "90"),
        (["draft"], ["10"], "18"),
        (["cancel", "draft"], ["20"], "36"),
        (["draft", "sale"], ["20"], "36"),
        (["sale", "draft", "sale"], ["10", "30"], "72"),
        (["draft", "draft"], [], "90"),
        (["cancel"], [], "90"),
    ],
)
def test_what_was_sold(desk: Desk, states: list[str], sold: list[str], amount: str) -> None:
    deal = lead(desk, stage_id=WON)
    for number, state in enumerate(states, start=1):
        quote(desk, deal, 10.0 * number, state)
    row = read(desk, deal)
    assert (prices(row), row["deal.amount"], row["deal.currency"]) == (sold, amount, "USD")


def test_what_is_not_clear_is_not_sold(desk: Desk) -> None:
    (euros,) = desk.person.call("product.pricelist", "search", [[["currency_id.name", "=", "EUR"]]])
    (dozens,) = [desk.person.call("uom.uom", "create", [{"name": "Dozens"}])]
    foreign, mixed, packed = (lead(desk, stage_id=WON) for _ in range(3))
    quote(desk, foreign, 10.0, pricelist_id=euros)
    quote(desk, mixed, 10.0, "sale")
    quote(desk, mixed, 10.0, "sale", pricelist_id=euros)
    quote(desk, packed, 10.0, line={"product_uom_id" if new_names(desk) else "product_uom": dozens})
    rows = [read(desk, deal) for deal in (foreign, mixed, packed)]
    assert [(prices(row), row["deal.currency"]) for row in rows] == [(["10"], "EUR"), ([], "USD"), ([], "USD")]


def test_the_company_of_a_person_buys(desk: Desk) -> None:
    person = desk.person.call("res.partner", "create", [{"name": "Anna", "parent_id": int(desk.customer)}])
    assert read(desk, lead(desk, partner_id=person))["partner_id.commercial_partner_id"] == desk.customer


def test_a_changed_line_or_quotation_brings_its_deal_along(desk: Desk) -> None:
    deal = lead(desk)
    order = quote(desk, deal, 10.0)
    (line,) = desk.person.call("sale.order.line", "search", [[["order_id", "=", order]]])
    desk.admin.clock(60)
    with closing(desk.connect(overlap_seconds=0)) as connector:
        *_, last = connector.pull("crm.lead", DEAL, None)
        desk.person.call("sale.order.line", "write", [[line], {"name": "Another text"}])
        rows = [row for page in connector.pull("crm.lead", [*DEAL, *LINES], last.cursor) for row in page.rows]
    desk.admin.clock(0)
    assert [row["_id"] for row in rows] == [str(deal)]


def made(desk: Desk, number: int, **values: Any) -> Write:
    given = {
        "name": "By telephone",
        "stage_id.is_won": True,
        "partner_id.commercial_partner_id": Ref("res.partner", desk.customer),
        "deal.amount": Decimal("30.5"),
        "deal.currency": "USD",
        "deal.day": "2026-07-01",
    }
    return Write(f"w{number}", "crm.lead", "create", KEY, f"deal-{number}", None, given | values)


def test_a_deal_that_is_made_is_won_on_its_day(desk: Desk) -> None:
    """And stays of that day when it is sent again."""
    team = {"team_ids": [[6, 0, [1]]]} if new_names(desk) else {"team_id": 1}
    desk.person.call("crm.stage", "create", [{"name": "Theirs", "sequence": 0, "is_won": True, **team}])
    for _ in range(2):
        (result,) = desk.connector.push("crm.lead", [made(desk, 1)])
        assert result.error is None
        row = read(desk, int(result.native_id or 0))
        assert (row["deal.won"], row["deal.amount"], row["deal.day"]) == ("true", "30.5", "2026-07-01")
        assert (row["stage_id.name"], row["partner_id.commercial_partner_id"]) == ("Won", desk.customer)


def test_an_amount_in_another_currency_is_refused(desk: Desk) -> None:
    product = Write("p", "product.product", "create", KEY, "item-1", None, {"name": "P", "currency_id.name": "EUR"})
    (deal,) = desk.connector.push("crm.lead", [made(desk, 2, **{"deal.currency": "EUR"})])
    (item,) = desk.connector.push("product.product", [product])
    assert [type(one.error) for one in (deal, item)] == [Rejected, Rejected]


def zoned(desk: Desk, company: str | bool, user: str) -> None:
    env = desk.sandbox.administration._env()
    env.put("res.partner", 1, {"tz": company or None})
    env.put("res.users", 2, {"tz": user})


@pytest.mark.parametrize(
    ("company", "user", "given_zone", "expected"),
    [
        ("America/Los_Angeles", "Asia/Tokyo", None, "2026-11-02"),
        (False, "Asia/Tokyo", None, "2026-11-03"),
        (False, "UTC", None, "2026-11-03"),
        ("Asia/Tokyo", "UTC", "America/New_York", "2026-11-02"),
    ],
)
def test_a_day_is_that_of_the_company(
    desk: Desk, company: str | bool, user: str, given_zone: str | None, expected: str
) -> None:
    zoned(desk, company, user)
    values = {"partner_id": int(desk.customer), "date_order": "2026-11-03 02:00:00"}
    order = desk.person.call("sale.order", "create", [values])
    deal = lead(desk, stage_id=WON, date_closed="2026-11-03 02:00:00")
    with closing(desk.connect(time_zone=given_zone)) as connector:
        (row,) = connector.fetch("sale.order", ["date_order.day"], [str(order)])
        (won,) = connector.fetch("crm.lead", ["deal.day"], [str(deal)])
    assert (row["date_order.day"], won["deal.day"]) == (expected, expected)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"])
def test_what_is_written_is_the_same_day_again(desk: Desk, zone: str) -> None:
    zoned(desk, zone, "UTC")
    with closing(desk.connect()) as connector:
        write = desk.order(zone.count("i") + len(zone), (0, "1", "5"))
        (result,) = connector.push("sale.order", [write])
        (row,) = connector.fetch("sale.order", ["date_order.day"], [str(result.native_id)])
    assert row["date_order.day"] == "2026-11-02"


def test_a_time_zone_that_is_none_says_so(desk: Desk) -> None:
    deal = str(lead(desk, stage_id=WON))
    with closing(desk.connect(time_zone="Mars/Base")) as connector:
        (wrong,) = [finding for finding in connector.check({}) if not finding.ok]
        with pytest.raises(ConfigError, match="time_zone"):
            connector.fetch("crm.lead", ["deal.day"], [deal])
    assert "Mars/Base" in wrong.what


STATES = st.lists(st.tuples(st.sampled_from(["draft", "sent", "sale", "cancel"]), st.integers(1, 2)), max_size=6)


@settings(max_examples=50, deadline=None, database=None, derandomize=True)
@given(STATES)
def test_what_counts_is_confirmed_or_the_only_open_one_and_in_one_currency(orders: list[tuple[str, int]]) -> None:
    records = [{"id": n, "state": state, "currency_id": [c, str(c)]} for n, (state, c) in enumerate(orders)]
    found = counting(records)
    states = {record["state"] for record in found}
    assert "cancel" not in states
    assert len({str(record["currency_id"]) for record in found}) <= 1
    if any(state == "sale" for state, _ in orders):
        assert states <= {"sale"}
    else:
        assert len(found) == (sum(state in ("draft", "sent") for state, _ in orders) == 1)
