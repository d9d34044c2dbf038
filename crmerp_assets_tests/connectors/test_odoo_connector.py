"""The Odoo connector on the sandbox of both protocols, beyond the contract: orders, addresses, names, money.

What was removed once to see a test fail, and the test that did:

* the confirmation after an import: test_a_new_order_is_confirmed_and_dated_as_the_deal_was
* the day put back after confirming: test_a_new_order_is_confirmed_and_dated_as_the_deal_was
* drafts kept out of find_by_key: test_an_order_whose_confirmation_was_lost_gets_through_when_sent_again
* external ids of lines: test_an_order_sent_twice_has_its_lines_once
* the touched relations in the domain of changes: test_a_line_that_changes_and_a_payment_bring_their_documents_along
* fields of ours for a person's name: test_a_name_is_read_as_it_was_put_together
* the sweep, and the nightly comparison of values: test_a_transaction_longer_than_a_pull_looks_back_is_found_by_...
* `misfit` in provisioning: test_a_field_that_cannot_hold_its_values_is_told_and_left_as_it_is
* asking again for keys that an answer left out: test_a_short_answer_about_keys_hides_none
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crmerp_assets.connectors.errors import AuthFailed, ConfigError, Dependent, Gone, Rejected, Transient, Unknown
from crmerp_assets.connectors.odoo import OdooConnector
from crmerp_assets.connectors.protocol import FieldSpec, Needs, Ref, Write
from crmerp_assets.contract.case import Admin
from crmerp_assets.sandbox.odoo import OdooSandbox
from crmerp_assets_tests.contract.odoo_case import KEY, Person, connector_to

ORDER = ("progress", "date_order.day", "amount_untaxed", "amount_tax", "name", "currency_id.name")
LINE = ("order_line.product_id", "order_line.product_uom_qty", "order_line.price_unit", "order_line.name")


class Desk:
    """A connector, a person, and what they need to begin with: a customer and two products."""

    def __init__(self, sandbox: OdooSandbox) -> None:
        self.sandbox = sandbox
        self.admin = Admin(sandbox.url)
        self.person = Person(sandbox, self.admin)
        self.connect = connector_to(sandbox)
        self.connector: OdooConnector = self.connect(sleep=lambda _: None)
        (self.customer,) = self.admin.seed("res.partner", [{"name": "Acme", "is_company": True}])
        rows = [{"default_code": f"SKU-{n}", "name": f"Thing {n}", "list_price": 10.0 * n} for n in (1, 2)]
        self.products = self.admin.seed("product.product", rows)

    def order(self, number: int, *lines: tuple[int, str, str], **values: Any) -> Write:
        listed = [
            {
                "sequence": str(at),
                "product_id": Ref("product.product", self.products[product]),
                "product_uom_qty": Decimal(quantity),
                "price_unit": Decimal(price),
            }
            for at, (product, quantity, price) in enumerate(lines, start=1)
        ]
        given = {"origin": f"Deal {number}", "partner_id": Ref("res.partner", self.customer), "order_line": listed}
        given |= {"date_order.day": "2026-11-02", **values}
        return Write(f"order-{number}", "sale.order", "create", KEY, f"so-{number}", None, given)

    def made(self, *lines: tuple[int, str, str]) -> str:
        (result,) = self.connector.push("sale.order", [self.order(1, *lines)])
        assert result.error is None, result.error
        return str(result.native_id)

    def change(self, order: str, **values: Any) -> Any:
        write = Write("change", "sale.order", "update", KEY, "so-1", order, values)
        (result,) = self.connector.push("sale.order", [write])
        return result.error

    def lines(self, order: str) -> list[dict[str, str | None]]:
        (row,) = self.connector.fetch("sale.order", LINE, [order])
        found: list[dict[str, str | None]] = json.loads(row["order_line"] or "[]")
        return found

    def invoice(self, order: str) -> str:
        values = {"advance_payment_method": "delivered", "sale_order_ids": [[6, 0, [int(order)]]]}
        wizard = self.person.call("sale.advance.payment.inv", "create", [values])
        move = self.person.call("sale.advance.payment.inv", "create_invoices", [[wizard]])["res_id"]
        self.person.call("account.move", "action_post", [[move]])
        return str(move)

    def pay(self, invoice: str, amount: float) -> str:
        context = {"active_model": "account.move", "active_ids": [int(invoice)]}
        wizard = self.person.call("account.payment.register", "create", [{"amount": amount}], context=context)
        made = self.person.call("account.payment.register", "action_create_payments", [[wizard]], context=context)
        return f"p{made['res_id']}"

    def credit(self, invoice: str) -> str:
        values = {"move_ids": [[6, 0, [int(invoice)]]], "journal_id": 1}
        wizard = self.person.call("account.move.reversal", "create", [values])
        move = self.person.call("account.move.reversal", "refund_moves", [[wizard]])["res_id"]
        self.person.call("account.move", "action_post", [[move]])
        return str(move)

    def close(self) -> None:
        for one in (self.connector, self.person, self.admin):
            one.close()


@contextmanager
def a_desk(directory: Path, **options: Any) -> Iterator[Desk]:
    with OdooSandbox(directory, **options) as sandbox, closing(Desk(sandbox)) as desk:
        yield desk


@pytest.fixture(params=["17.0", "18.0", "19.0"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path, version=request.param, tax_rate=10.0) as made:
        yield made


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path, version="19.0") as made:
        yield made


def test_a_new_order_is_confirmed_and_dated_as_the_deal_was(desk: Desk) -> None:
    order = desk.made((0, "2", "49.5"), (1, "1", "10"))
    (row,) = desk.connector.fetch("sale.order", ORDER, [order])
    assert {name: row[name] for name in ORDER} == {
        "progress": "open",
        "date_order.day": "2026-11-02",
        "amount_untaxed": "109",
        "amount_tax": "10.9",
        "name": "S00001",
        "currency_id.name": "USD",
    }
    assert desk.lines(order) == [
        {"product_id": desk.products[0], "product_uom_qty": "2", "price_unit": "49.5", "name": None},
        {"product_id": desk.products[1], "product_uom_qty": "1", "price_unit": "10", "name": None},
    ]


def test_an_order_sent_twice_has_its_lines_once(desk: Desk) -> None:
    first = desk.made((0, "2", "49.5"), (0, "1", "10"))
    with closing(desk.connect()) as another:
        (again,) = another.push("sale.order", [desk.order(1, (0, "2", "49.5"), (0, "1", "10"))])
    assert (again.error, again.native_id) == (None, first)
    assert len(desk.lines(first)) == 2
    assert desk.admin.count("sale.order") == 1


@pytest.mark.parametrize("fault", ["cut_before", "cut_after", "error_after"])
def test_an_order_whose_confirmation_was_lost_gets_through_when_sent_again(desk: Desk, fault: str) -> None:
    desk.admin.fault(fault, r"sale\.order[./]action_confirm")
    write = desk.order(1, (0, "2", "49.5"))
    (result,) = desk.connector.push("sale.order", [write])
    assert isinstance(result.error, Unknown)
    found = desk.connector.find_by_key("sale.order", KEY, ["so-1"])
    assert set(found) == (set() if fault == "cut_before" else {"so-1"})
    (again,) = desk.connector.push("sale.order", [write])
    assert again.error is None
    assert set(desk.connector.find_by_key("sale.order", KEY, ["so-1"])) == {"so-1"}
    assert desk.admin.count("sale.order") == 1


def test_lines_change_in_place_and_those_that_go_keep_no_quantity(desk: Desk) -> None:
    order = desk.made((0, "2", "49.5"), (1, "1", "10"))
    values = desk.order(1, (1, "3", "11"), (1, "1", "0")).values["order_line"]
    assert desk.change(order, order_line=values) is None
    shown = [(line["product_id"], line["product_uom_qty"], line["price_unit"]) for line in desk.lines(order)]
    assert shown == [(desk.products[1], "3", "11"), (desk.products[1], "1", "0")]
    assert desk.change(order, order_line=values) is None
    assert desk.admin.count("sale.order.line") == 3
    (row,) = desk.connector.fetch("sale.order", ("amount_untaxed",), [order])
    assert row["amount_untaxed"] == "33"


def test_a_line_that_a_person_added_is_taken_over(desk: Desk) -> None:
    order = desk.made((0, "2", "49.5"))
    desk.person.call(
        "sale.order", "write", [[int(order)], {"order_line": [[0, 0, {"product_id": int(desk.products[1])}]]}]
    )
    values = desk.order(1, (0, "2", "49.5"), (1, "4", "7")).values["order_line"]
    assert desk.change(order, order_line=values) is None
    assert [line["product_uom_qty"] for line in desk.lines(order)] == ["2", "4"]
    assert desk.admin.count("sale.order.line") == 2


def test_an_order_is_cancelled(desk: Desk) -> None:
    order = desk.made((0, "2", "49.5"))
    assert desk.change(order, state="cancel") is None
    assert desk.change(order, state="cancel") is None
    (row,) = desk.connector.fetch("sale.order", ("progress",), [order])
    assert row["progress"] == "cancel"


def test_one_order_that_cannot_be_confirmed_does_not_keep_the_others(desk: Desk) -> None:
    writes = [desk.order(number, (0, "1", "5")) for number in range(4)]
    lines = writes[2].values["order_line"]
    assert isinstance(lines, list)
    writes[2].values["order_line"] = [{name: v for name, v in lines[0].items() if name != "product_id"}]
    results = desk.connector.push("sale.order", writes)
    assert [type(result.error) for result in results] == [type(None), type(None), Rejected, type(None)]


def test_a_line_waits_for_a_product_that_is_not_there(desk: Desk) -> None:
    write = desk.order(1, (0, "1", "5"))
    lines = write.values["order_line"]
    assert isinstance(lines, list)
    lines[0]["product_id"] = Ref("product.product", None, KEY, "item-1")
    (result,) = desk.connector.push("sale.order", [write])
    assert isinstance(result.error, Dependent)


def test_the_currency_of_a_deal_chooses_the_pricelist(desk: Desk) -> None:
    write = desk.order(1, (0, "1", "5"), **{"currency_id.name": "EUR"})
    other = desk.order(2, (0, "1", "5"), **{"currency_id.name": "XAF"})
    made, refused = desk.connector.push("sale.order", [write, other])
    (row,) = desk.connector.fetch("sale.order", ORDER, [str(made.native_id)])
    assert row["currency_id.name"] == "EUR"
    assert isinstance(refused.error, Rejected)
    assert "pricelist" in str(refused.error)


def test_money_comes_all_the_way_back(desk: Desk) -> None:
    order = desk.made((0, "2", "50"), (1, "1", "10"))
    invoice = desk.invoice(order)
    payment, credit = desk.pay(invoice, 71), desk.credit(invoice)
    fields = ("name", "amount_total", "amount_tax", "amount_residual", "progress", "order_ids", "company_rate")
    (row,) = desk.connector.fetch("account.move.invoice", (*fields, "billed.order", "billed.amount"), [invoice])
    assert [row[name] for name in fields] == ["INV/2026/00001", "121", "11", "0", "paid", order, "1"]
    assert json.loads(row["billed"] or "") == [{"order": order, "amount": "100"}, {"order": order, "amount": "10"}]
    paid = ("amount", "unapplied", "applications.invoice", "applications.amount")
    (row,) = desk.connector.fetch("account.payment", paid, [payment])
    assert (row["_id"], row["amount"], row["unapplied"]) == (payment, "71", "0")
    assert json.loads(row["applications"] or "") == [{"invoice": invoice, "amount": "71"}]
    credited = ("amount_total", "unapplied", "applications.invoice", "applications.amount")
    (row,) = desk.connector.fetch("account.move.refund", credited, [credit])
    assert (row["amount_total"], row["unapplied"]) == ("121", "71")
    assert json.loads(row["applications"] or "") == [{"invoice": invoice, "amount": "50"}]
    assert desk.connector.ids("account.payment") == [payment]
    assert desk.connector.ids("account.move.invoice") == [invoice]
    (row,) = desk.connector.fetch("sale.order", ("progress",), [order])
    assert row["progress"] == "invoiced"


def test_a_line_that_changes_and_a_payment_bring_their_documents_along(new: Desk) -> None:
    order = new.made((0, "2", "50"))
    invoice = new.invoice(order)
    payment = new.pay(invoice, 30)
    age(new)
    objects = ("sale.order", "account.payment", "account.move.invoice")
    with closing(new.connect(overlap_seconds=0)) as connector:
        cursors = {one: list(connector.pull(one, ("name",), None))[-1].cursor for one in objects}
        (line,) = new.person.call("sale.order.line", "search", [[["order_id", "=", int(order)]]])
        new.person.call("sale.order.line", "write", [[line], {"name": "As agreed"}])
        items = [["account_type", "=", "asset_receivable"], ["matched_debit_ids", "!=", False]]
        item = new.person.call("account.move.line", "search", [items])
        new.person.call("account.move.line", "remove_move_reconcile", [item])
        pulled = {one: connector.pull(one, ("name",), since) for one, since in cursors.items()}
        changed = {one: [row["_id"] for page in pages for row in page.rows] for one, pages in pulled.items()}
    assert changed == {"sale.order": [order], "account.payment": [payment], "account.move.invoice": [invoice]}


def test_a_transaction_longer_than_a_pull_looks_back_is_found_by_a_sweep_or_at_night(new: Desk) -> None:
    """Odoo stamps a row with the start of its transaction, and shows it at the end."""
    order, customer = new.made((0, "2", "50")), "res.partner"
    age(new)
    with closing(new.connect(overlap_seconds=0)) as connector:
        pages = list(connector.pull(customer, ("name", "phone"), None))
        known = [row for page in pages for row in page.rows]
        orders = list(connector.pull("sale.order", ("name", *LINE), None))[-1].rows
        new.person.call(customer, "write", [[int(new.customer)], {"phone": "+1 617 555 0199"}])
        new.admin.late(customer, new.customer, 7200)
        assert _changed(connector, customer, pages[-1].cursor) == []
        an_hour_later = json.loads(pages[-1].cursor) | {"swept": ago(hours=1)}
        assert _changed(connector, customer, json.dumps(an_hour_later)) == [new.customer]
        assert _changed(connector, customer, json.dumps(an_hour_later | {"swept": ago(minutes=50)})) == []
        assert connector.unstamped(customer, known) == [new.customer]
        (line,) = new.person.call("sale.order.line", "search", [[["order_id", "=", int(order)]]])
        new.person.call("sale.order.line", "write", [[line], {"name": "As agreed"}])
        assert connector.unstamped("sale.order", orders) == [order]


def _changed(connector: OdooConnector, object: str, since: str) -> list[str]:
    return [row["_id"] or "" for page in connector.pull(object, ("name", "phone"), since) for row in page.rows]


def ago(**much: int) -> str:
    return (datetime.now(UTC) - timedelta(**much)).strftime("%Y-%m-%d %H:%M:%S")


def age(desk: Desk) -> None:
    """All documents were last changed long ago."""
    assert desk.sandbox.database is not None
    for table in ("sale_order", "sale_order_line", "account_move", "account_move_line", "account_payment"):
        desk.sandbox.database.store.write(f"UPDATE {table} SET write_date = '2026-01-01 00:00:00.000000'")


def test_a_delivery_address_is_a_partner_below_the_company(desk: Desk) -> None:
    fields = (
        "street",
        "state_id.code",
        "country_id.code",
        "delivery.street",
        "delivery.state_id.code",
        "delivery.country_id.code",
    )
    values: dict[str, Any] = dict(zip(fields, ("1 Main St", "CA", "US", "2 Side St", "ON", "CA"), strict=True))
    write = Write("c", "res.partner", "create", KEY, "cust-1", None, {"name": "New", **values})
    (made,) = desk.connector.push("res.partner", [write])
    assert made.error is None
    (row,) = desk.connector.fetch("res.partner", fields, [str(made.native_id)])
    assert {name: row[name] for name in fields} == values
    moved = {"delivery.street": "3 New St", "delivery.state_id.code": "QC"}
    update = Write("u", "res.partner", "update", KEY, "cust-1", made.native_id, dict(moved))
    assert desk.connector.push("res.partner", [update])[0].error is None
    (row,) = desk.connector.fetch("res.partner", fields, [str(made.native_id)])
    assert {name: row[name] for name in fields} == values | moved
    assert desk.connector.ids("res.partner") == [desk.customer, made.native_id]


def test_a_name_is_read_as_it_was_put_together(desk: Desk) -> None:
    fields = ("name", "name.first", "name.last")

    def contact(number: int, first: str, last: str) -> str:
        values = {"name.first": first, "name.last": last, "parent_id": Ref("res.partner", desk.customer)}
        write = Write(f"n{number}", "res.partner.contact", "create", KEY, f"ct-{number}", None, dict(values))
        (made,) = desk.connector.push("res.partner.contact", [write])
        assert made.error is None
        return str(made.native_id)

    def shown(id_: str) -> tuple[str | None, ...]:
        (row,) = desk.connector.fetch("res.partner.contact", fields, [id_])
        return tuple(row[name] for name in fields)

    assert shown(contact(1, "Dick", "van Dyke")) == ("Dick van Dyke", "Dick", "van Dyke")
    assert shown(contact(2, "Ana", "Silva Souza"))[1:] == ("Ana Silva", "Souza")
    specs = [FieldSpec("res.partner.contact", name, name, "text", 100) for name in ("name.first", "name.last")]
    assert [step.done for step in desk.connector.provision(specs, dry_run=True)] == [False, False]
    assert [step.done for step in desk.connector.provision(specs, dry_run=False)] == [True, True]
    souza = contact(2, "Ana", "Silva Souza")
    assert shown(souza)[1:] == ("Ana", "Silva Souza")
    update = Write("u", "res.partner.contact", "update", KEY, "ct-2", souza, {"name.first": "Anna"})
    assert desk.connector.push("res.partner.contact", [update])[0].error is None
    assert shown(souza) == ("Anna Silva Souza", "Anna", "Silva Souza")
    desk.person.call("res.partner", "write", [[int(souza)], {"name": "Anna Costa"}])
    assert shown(souza)[1:] == ("Anna", "Costa")


def test_a_field_that_cannot_hold_its_values_is_told_and_left_as_it_is(desk: Desk) -> None:
    made = [
        FieldSpec("res.partner", "x_tier", "Tier", "number"),
        FieldSpec("res.partner", "x_note", "Note", "text", 20),
    ]
    assert [step.done for step in desk.connector.provision(made, dry_run=False)] == [True, True]
    wanted = [
        FieldSpec("res.partner", "x_tier", "Tier", "text"),
        FieldSpec("res.partner", "x_note", "Note", "text", 40),
    ]
    for dry_run in (True, False):
        tier, note = desk.connector.provision(wanted, dry_run=dry_run)
        assert (tier.done, note.done) == (False, False)
        assert "x_tier of res.partner is of the type float, where text is meant" in str(tier.manual)
        assert "x_note of res.partner takes 20 characters, where 40 are meant" in str(note.manual)
    owed = FieldSpec("res.partner", "x_tier", "Owed", "currency", 18, 2)
    assert [step.done for step in desk.connector.provision([owed, made[1]], dry_run=True)] == [True, True]


def test_a_record_that_was_there_gets_our_key(desk: Desk) -> None:
    values = {KEY: "cust-7", "phone": "+1 212 555 0101"}
    write = Write("link", "res.partner", "update", KEY, "cust-7", desk.customer, dict(values))
    for _ in range(2):
        assert desk.connector.push("res.partner", [write])[0].error is None
    found = desk.connector.find_by_key("res.partner", KEY, ["cust-7"], ("phone",))
    assert found["cust-7"] | {"_id": desk.customer, "phone": "+1 212 555 0101"} == found["cust-7"]


def test_an_update_of_a_merged_customer_names_the_winner(desk: Desk) -> None:
    def customer(number: int) -> str:
        write = Write(f"m{number}", "res.partner", "create", KEY, f"cust-{number}", None, {"name": f"Twin {number}"})
        return str(desk.connector.push("res.partner", [write])[0].native_id)

    winner, loser = customer(1), customer(2)
    desk.person.merge(winner, loser)
    write = Write("u", "res.partner", "update", KEY, "cust-2", loser, {"phone": "+1 212 555 0101"})
    (result,) = desk.connector.push("res.partner", [write])
    assert isinstance(result.error, Gone)
    assert result.error.merged_into == winner


def test_rates_are_company_currency_for_one_unit(desk: Desk) -> None:
    euro = desk.person.call("res.currency", "search", [[["name", "=", "EUR"]]])[0]
    rows = [{"name": "2026-11-01", "currency_id": euro, "company_id": 1, "rate": 0.8}]
    desk.admin.seed("res.currency.rate", rows)
    fields = ("name", "currency_id.name", "company_id.currency_id.name", "inverse_company_rate")
    (page,) = desk.connector.pull("res.currency.rate", fields, None)
    assert [[row[name] for name in fields] for row in page.rows] == [["2026-11-01", "EUR", "USD", "1.25"]]
    order = desk.order(1, (0, "2", "50"), **{"currency_id.name": "EUR"})
    (made,) = desk.connector.push("sale.order", [order])
    invoice = desk.invoice(str(made.native_id))
    (row,) = desk.connector.fetch("account.move.invoice", ("company_rate",), [invoice])
    assert row["company_rate"] == "1.25"


@pytest.mark.parametrize(("times", "error"), [(2, type(None)), (3, Transient)])
def test_another_transaction_in_the_way_is_waited_out(desk: Desk, times: int, error: type) -> None:
    desk.admin._post("locked", {"times": times})
    values = {"name": "New", "phone": "+1 212 555 0100"}
    write = Write("c", "res.partner", "create", KEY, "cust-1", None, dict(values))
    (result,) = desk.connector.push("res.partner", [write])
    assert type(result.error) is error
    (result,) = desk.connector.push("res.partner", [write])
    assert result.error is None
    assert desk.admin.count("res.partner") == 2


def test_a_missing_right_says_where_to_give_it(desk: Desk) -> None:
    desk.admin._post("permissions", {"model": "sale.order", "level": "view"})
    rights = desk.connector.rights({"sale.order": Needs(frozenset({"name"}), frozenset({"origin"}))})
    missing = [right for right in rights if not right.granted]
    assert [right.name for right in missing] == ["sale.order: create", "sale.order: write"]
    assert all("Sales: User" in right.where for right in missing)
    with pytest.raises(ConfigError, match="not allowed"):
        desk.connector.push("sale.order", [desk.order(1, (0, "1", "5"))])


@pytest.mark.parametrize("version", ["18.0", "19.0"])
def test_a_key_that_was_replaced_in_its_file_counts_at_once(tmp_path: Path, version: str) -> None:
    with a_desk(tmp_path, version=version) as desk:
        desk.connector.ids("res.partner")
        fresh = desk.admin._post("key", {})["key"]
        with pytest.raises(AuthFailed, match="new key"):
            desk.connector.ids("res.partner")
        desk.sandbox.credentials["ODOO_API_KEY"] = fresh
        assert desk.connector.ids("res.partner") == [desk.customer]


@pytest.mark.parametrize("version", ["18.0", "19.0"])
def test_a_gateways_page_is_no_answer(tmp_path: Path, version: str) -> None:
    with a_desk(tmp_path, version=version) as desk:
        desk.connector.ids("res.partner")
        desk.admin.fault("server_error", r"res\.partner[./]search", times=5, status=502)
        with pytest.raises(Transient, match="502"):
            desk.connector.ids("res.partner")


def test_a_short_answer_about_keys_hides_none(desk: Desk) -> None:
    """A key that seems to be absent makes a write be sent again."""
    values = {"name": "New", "phone": "+1 212 555 0100"}
    writes = [Write(f"c{n}", "res.partner", "create", KEY, f"cust-{n}", None, dict(values)) for n in range(9)]
    desk.connector.push("res.partner", writes)
    desk.admin.fault("short_page", r"ir\.model\.data[./]search_read")
    assert len(desk.connector.find_by_key("res.partner", KEY, [write.key for write in writes])) == 9
