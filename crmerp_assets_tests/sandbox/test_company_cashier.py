"""The accountant's money in one line each, against an account that reckons taxes."""

from decimal import Decimal

import pytest

from crmerp_assets.sandbox.company.client import Refused
from crmerp_assets.sandbox.company.people import Accountant
from crmerp_assets.sandbox.netsuite import NetSuiteSandbox


@pytest.fixture(scope="module")
def bob(tmp_path_factory):
    directory = tmp_path_factory.mktemp("cashier")
    with NetSuiteSandbox(directory, tax_rates={"1": 20.0}) as sandbox, Accountant(sandbox.url) as person:
        yield person


@pytest.fixture(scope="module")
def item(bob):
    return bob.create("nonInventorySaleItem", {"itemId": "GOODS"})


@pytest.fixture
def customer(bob):
    return bob.create("customer", {"companyName": "Payer", "subsidiary": {"id": "1"}})


@pytest.fixture
def order(bob, customer, item):
    """Four of 25.00, 120.00 with tax."""
    lines = {"items": [{"item": {"id": item}, "quantity": 4, "rate": 25}]}
    return bob.create("salesOrder", {"entity": {"id": customer}, "item": lines})


def status(bob, order):
    return bob.read("salesOrder", order)["orderStatus"]["id"]


def open_amount(bob, invoice):
    return bob.read("invoice", invoice)["amountRemaining"]


def test_an_order_is_fulfilled_in_part_billed_and_closed(bob, order):
    bob.fulfil(order, partial={1: 1})
    assert bob.total("invoice", bob.bill(order, partial={1: 1})) == Decimal(30)
    assert status(bob, order) == "D"
    bob.close_line(order, 1)
    assert status(bob, order) == "H"


@pytest.mark.parametrize(
    ("end", "letter"), [(Accountant.cancel, "C"), (Accountant.close_order, "H")], ids=["cancelled", "closed"]
)
def test_an_order_ends_unbilled(bob, order, end, letter):
    end(bob, order)
    assert status(bob, order) == letter
    with pytest.raises(Refused):
        bob.fulfil(order)


def test_a_deposit_is_taken_applied_and_refunded(bob, customer, order):
    deposit = bob.deposit(customer, Decimal(50), order)
    invoice = bob.bill(order)
    assert open_amount(bob, invoice) == 70.0
    free = bob.deposit(customer, Decimal(30))
    bob.apply_deposit(free, {invoice: Decimal(10)})
    bob.refund("customerDeposit", free)
    (row,) = [row for row in bob.documents("CustDep") if row["id"] == free]
    assert (row["type"], row["status"], row["unpaid"], open_amount(bob, invoice)) == ("CustDep", "C", "0", 60.0)
    with pytest.raises(Refused):
        bob.refund("customerDeposit", deposit)


def test_an_invoice_is_credited_before_tax_and_the_credit_refunded(bob, order):
    invoice = bob.bill(order)
    bob.pay(invoice, exchange_rate=1.0)
    credit = bob.credit(invoice, Decimal(25))
    assert bob.total("creditMemo", credit) == Decimal(30)
    bob.refund("creditMemo", credit, Decimal(10))
    assert bob.read("creditMemo", credit)["unapplied"] == 20.0


def test_what_is_left_of_an_invoice_is_written_off(bob, order):
    invoice = bob.bill(order)
    bob.pay(invoice, Decimal("119.50"))
    credit = bob.write_off(invoice)
    record = bob.read("creditMemo", credit)
    assert (record["total"], record["taxTotal"], record["createdFrom"]["id"]) == (0.5, 0.0, invoice)
    assert record["item"]["items"][0]["item"]["refName"] == "WRITE-OFF"
    assert open_amount(bob, invoice) == 0.0


def test_a_payment_covers_several_invoices_and_is_voided(bob, customer, order):
    first, second = bob.bill(order, partial={1: 1}), bob.bill(order)
    payment = bob.receive(customer, Decimal(100), {first: Decimal(30), second: Decimal(60)})
    assert (open_amount(bob, first), open_amount(bob, second)) == (0.0, 30.0)
    bob.void("customerPayment", payment)
    assert (open_amount(bob, first), open_amount(bob, second)) == (30.0, 90.0)
    with pytest.raises(Refused):
        bob.void("customerPayment", payment)
