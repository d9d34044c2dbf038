"""What Odoo refuses, only seems to do, or answers late, and which record pays for it.

What was removed once to see a test fail, and the test that did:

* hearing what stopped a batch only where no other row is named: test_a_first_record_pays_for_its_own_fault_only
* the context that cancels without a window: test_confirmed_orders_are_cancelled_though_odoo_would_ask
* reading the state after a step: test_a_step_that_did_nothing_is_an_error
* halves also for a record that is gone: test_one_order_that_is_gone_does_not_keep_the_others
* quotations of ours left out of rows: test_a_quotation_of_ours_is_no_order_yet
* lines read whatever is asked: test_an_order_is_as_new_as_its_lines_whatever_is_asked_of_it
* asking for the right where all are refused: test_a_missing_right_is_raised_and_refuses_no_record
* rates by company: test_each_company_has_rates_of_its_own
* what fails after confirming as unknown: test_what_fails_after_confirming_is_settled_and_not_sent_again
* the ids of the import of days: test_a_day_that_is_not_taken_is_settled_and_not_sent_again
* errors of line keys kept with their order: test_keys_of_lines_that_fail_fail_their_order_only
* 64 bits of a key, and where it leads read after: test_a_deleted_customer_is_no_merge_though_keys_look_alike
* as many ids as records: test_ids_that_are_not_as_many_as_the_records_are_not_given_out
* pricelists in use only: test_an_archived_pricelist_sells_nothing
* the discount of a line: test_a_discount_does_not_lower_the_price_of_the_deal_again
* the end of repeated ids: test_ids_that_repeat_end
* orders that are confirmed by now: test_an_order_that_was_confirmed_after_all_is_settled_and_not_refused
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crmerp_assets.connectors.errors import ConfigError, Gone, Rejected, Transient, Unknown
from crmerp_assets.connectors.protocol import Result, Write
from crmerp_assets.sandbox.odoo.engine import methods, sales
from crmerp_assets.sandbox.odoo.errors import missing_error, user_error
from crmerp_assets_tests.connectors.test_odoo_connector import LINE, ORDER, Desk, a_desk, age
from crmerp_assets_tests.contract.odoo_case import KEY

OWN: Any = methods.OWN["sale.order"]


@pytest.fixture(params=["18.0", "19.0"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path, version=request.param) as made:
        yield made


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path, version="19.0") as made:
        yield made


def customers(desk: Desk, *names: str) -> list[Result]:
    given = [{"name": name, "phone": "+1 212 555 0100"} for name in names]
    writes = [
        Write(f"c{n}", "res.partner", "create", KEY, f"cust-{n}", None, dict(values)) for n, values in enumerate(given)
    ]
    return desk.connector.push("res.partner", writes)


def kinds(results: list[Result]) -> list[type]:
    return [type(result.error) for result in results]


def state(desk: Desk, order: str | None) -> Any:
    return desk.person.call("sale.order", "read", [[int(order or 0)], ["state"]])[0]["state"]


def orders(desk: Desk, *numbers: int) -> list[Write]:
    return [desk.order(number, (0, "1", "5")) for number in numbers]


@pytest.mark.parametrize("bad", [{1}, {2}, {0}, {0, 2}, {0, 1, 2}])
def test_a_first_record_pays_for_its_own_fault_only(new: Desk, bad: set[int]) -> None:
    results = customers(new, *("" if number in bad else f"Customer {number}" for number in range(3)))
    assert kinds(results) == [Rejected if number in bad else type(None) for number in range(3)]


def test_confirmed_orders_are_cancelled_though_odoo_would_ask(desk: Desk) -> None:
    made = [str(result.native_id) for result in desk.connector.push("sale.order", orders(desk, 1, 2))]
    assert [state(desk, one) for one in made] == ["sale", "sale"]
    writes = [Write(f"x{n}", "sale.order", "update", KEY, f"so-{n}", made[n - 1], {"state": "cancel"}) for n in (1, 2)]
    assert kinds(desk.connector.push("sale.order", writes)) == [type(None)] * 2
    assert [state(desk, one) for one in made] == ["cancel", "cancel"]


@pytest.mark.parametrize("method", ["action_confirm", "action_cancel"])
def test_a_step_that_did_nothing_is_an_error(desk: Desk, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    order = desk.made((0, "1", "5"))
    monkeypatch.setitem(OWN, method, a_window)
    if method == "action_cancel":
        error = desk.change(order, state="cancel")
    else:
        error = desk.connector.push("sale.order", orders(desk, 2))[0].error
    assert isinstance(error, Rejected)
    assert "not cancel" in str(error) if method == "action_cancel" else "not sale" in str(error)


def a_window(env: Any, ids: list[int]) -> dict[str, Any]:
    return {"type": "ir.actions.act_window"}


def test_one_order_that_is_gone_does_not_keep_the_others(new: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_the_second(env: Any, ids: list[int]) -> bool:
        if 2 in ids:
            raise missing_error("sale.order", [2], env.uid)
        return sales.action_confirm(env, ids)

    monkeypatch.setitem(OWN, "action_confirm", without_the_second)
    results = new.connector.push("sale.order", orders(new, 1, 2, 3))
    assert kinds(results) == [type(None), Gone, type(None)]


def test_a_quotation_of_ours_is_no_order_yet(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    quote = desk.person.call("sale.order", "create", [{"partner_id": int(desk.customer)}])
    with monkeypatch.context() as patch:
        patch.setitem(OWN, "action_confirm", refuse("It waits for an approval."))
        (result,) = desk.connector.push("sale.order", orders(desk, 1))
    assert isinstance(result.error, Rejected)
    ours = str(result.native_id)

    def read() -> tuple[list[Any], list[Any]]:
        pages = desk.connector.pull("sale.order", ("name",), None)
        rows = [row["_id"] for page in pages for row in page.rows]
        return rows, [row["_id"] for row in desk.connector.fetch("sale.order", ("name",), [str(quote), ours])]

    assert read() == ([str(quote)], [str(quote)])
    assert desk.connector.ids("sale.order") == [str(quote), ours]
    (again,) = desk.connector.push("sale.order", orders(desk, 1))
    assert (again.error, again.native_id) == (None, ours)
    assert read() == ([str(quote), ours], [str(quote), ours])


def refuse(reason: str) -> Callable[..., Any]:
    def refused(env: Any, ids: list[int]) -> Any:
        raise user_error(reason)

    return refused


def test_an_order_is_as_new_as_its_lines_whatever_is_asked_of_it(new: Desk) -> None:
    order = new.made((0, "1", "5"))
    age(new)
    (line,) = new.person.call("sale.order.line", "search", [[["order_id", "=", int(order)]]])
    new.person.call("sale.order.line", "write", [[line], {"name": "As agreed"}])
    asked: list[tuple[str, ...]] = [("name",), ("progress",), LINE, (*ORDER, *LINE)]
    times = {new.connector.fetch("sale.order", fields, [order])[0]["_modified"] for fields in asked}
    assert len(times) == 1
    assert min(str(time) for time in times) > "2026-01-02"


def test_a_missing_right_is_raised_and_refuses_no_record(desk: Desk) -> None:
    desk.admin._post("permissions", {"model": "res.partner", "level": "view"})
    with pytest.raises(ConfigError, match="not allowed to create"):
        customers(desk, *(f"Customer {number}" for number in range(30)))
    update = Write("u", "res.partner", "update", KEY, "cust-1", desk.customer, {"phone": "1"})
    with pytest.raises(ConfigError, match="not allowed to write"):
        desk.connector.push("res.partner", [update])


def test_each_company_has_rates_of_its_own(tmp_path: Path) -> None:
    with a_desk(tmp_path, version="17.0") as desk:
        euro = desk.person.call("res.currency", "search", [[["name", "=", "EUR"]]])[0]
        other = desk.person.call("res.company", "create", [{"name": "Other", "currency_id": 1}])
        rates = [(1, 0.8), (other, 0.5), (False, 0.25)]
        rows = [{"name": "2026-11-01", "currency_id": euro, "company_id": of, "rate": rate} for of, rate in rates]
        desk.admin.seed("res.currency.rate", rows)
        kept = {"move_type": "out_invoice", "partner_id": int(desk.customer), "currency_id": euro}
        kept["invoice_date"] = "2026-11-02"
        owners = (1, other, False)
        made = [desk.person.call("account.move", "create", [kept | {"company_id": one}]) for one in owners]
        found = desk.connector.fetch("account.move.invoice", ("company_rate",), [str(one) for one in made])
    assert [row["company_rate"] for row in found] == ["1.25", "2", "4"]


@pytest.mark.parametrize(("kind", "times"), [("server_error", 9), ("throttle", 9), ("revoke", 9)])
def test_what_fails_after_confirming_is_settled_and_not_sent_again(new: Desk, kind: str, times: int) -> None:
    new.admin.fault(kind, r"sale\.order[./]load", times=times, skip=1)
    write = new.order(1, (0, "1", "5"), **{"currency_id.name": "USD"})
    (result,) = new.connector.push("sale.order", [write])
    assert isinstance(result.error, Unknown)
    assert set(new.connector.find_by_key("sale.order", KEY, ["so-1"])) == {"so-1"}


def test_a_day_that_is_not_taken_is_settled_and_not_sent_again(new: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    changing = sales.OrderRules.changing

    def dated(self: Any, env: Any, rows: Any, vals: Any) -> Any:
        if vals.keys() == {"date_order"}:
            raise user_error("The period is closed.")
        return changing(self, env, rows, vals)

    monkeypatch.setattr(sales.OrderRules, "changing", dated)
    (result,) = new.connector.push("sale.order", orders(new, 1))
    assert isinstance(result.error, Unknown)


def test_a_confirmed_order_takes_no_pricelist(desk: Desk) -> None:
    order = desk.made((0, "1", "5"))
    error = desk.change(order, **{"currency_id.name": "USD"})
    assert isinstance(error, Rejected)
    assert "pricelist" in str(error)


def test_an_order_that_was_confirmed_after_all_is_settled_and_not_refused(desk: Desk) -> None:
    """An earlier attempt got through late; one that is refused as a quotation stays refused."""
    confirmed, other = (desk.order(n, (0, "1", "5"), **{"currency_id.name": "USD"}) for n in (1, 2))
    (first,) = desk.connector.push("sale.order", [confirmed])
    assert first.error is None
    unknown = replace(other, values={**other.values, "currency_id.name": "XXX"})
    again, refused = desk.connector.push("sale.order", [confirmed, unknown])
    assert kinds([again, refused]) == [Unknown, Rejected]
    assert set(desk.connector.find_by_key("sale.order", KEY, ["so-1", "so-2"])) == {"so-1"}


def test_keys_of_lines_that_fail_fail_their_order_only(desk: Desk) -> None:
    made = [str(result.native_id) for result in desk.connector.push("sale.order", orders(desk, 1, 2))]
    added = {"order_line": [[0, 0, {"product_id": int(desk.products[1])}]]}
    desk.person.call("sale.order", "write", [[int(made[0])], added])
    writes = [
        Write(f"u{n}", "sale.order", "update", KEY, f"so-{n}", made[n - 1],
              {"order_line": desk.order(n, (0, "3", "5")).values["order_line"]})
        for n in (1, 2)
    ]  # fmt: skip
    desk.admin.fault("cut_after", r"ir\.model\.data[./]create")
    assert kinds(desk.connector.push("sale.order", writes)) == [Unknown, type(None)]
    assert kinds(desk.connector.push("sale.order", writes)) == [type(None), type(None)]


def test_a_deleted_customer_is_no_merge_though_keys_look_alike(new: Desk) -> None:
    """The two keys have the same CRC-32."""
    keys = ("plumless", "buckeroo")
    writes = [Write(key, "res.partner", "create", KEY, key, None, {"name": key}) for key in keys]
    made = [str(result.native_id) for result in new.connector.push("res.partner", writes)]
    _, before = new.connector.deletions("res.partner", None)
    new.person.call("res.partner", "unlink", [[int(made[0])]])
    found, _ = new.connector.deletions("res.partner", before)
    assert [(one.native_id, one.merged_into) for one in found] == [(made[0], None)]


def test_ids_that_are_not_as_many_as_the_records_are_not_given_out(new: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    load: Any = methods.GENERAL["load"]

    def short(env: Any, model: str, fields: Any, data: Any) -> Any:
        answer = load(env, model, fields, data)
        return answer | {"ids": answer["ids"][1:]}

    general: Any = methods.GENERAL
    monkeypatch.setitem(general, "load", short)
    assert kinds(customers(new, "One", "Two")) == [Unknown, Unknown]


def test_an_archived_pricelist_sells_nothing(new: Desk) -> None:
    lists = new.person.call("product.pricelist", "search", [[["currency_id.name", "=", "EUR"]]])
    new.person.call("product.pricelist", "action_archive", [lists])
    (refused,) = new.connector.push("sale.order", [new.order(1, (0, "1", "5"), **{"currency_id.name": "EUR"})])
    assert isinstance(refused.error, Rejected)
    assert "pricelist" in str(refused.error)


def test_a_discount_does_not_lower_the_price_of_the_deal_again(new: Desk) -> None:
    order = new.made((0, "2", "50"))
    (line,) = new.person.call("sale.order.line", "search", [[["order_id", "=", int(order)]]])
    new.person.call("sale.order.line", "write", [[line], {"discount": 10.0}])
    assert new.change(order, order_line=new.order(1, (0, "2", "50")).values["order_line"]) is None
    (row,) = new.connector.fetch("sale.order", ("amount_untaxed",), [order])
    assert row["amount_untaxed"] == "100"


def test_ids_that_repeat_end(new: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    general: Any = methods.GENERAL
    monkeypatch.setitem(general, "search", lambda env, model, domain, limit=None, order=None: [int(new.customer)])
    with closing(new.connect(sleep=lambda _: None)) as another, pytest.raises(Transient, match="there before"):
        another.ids("res.partner")
