"""Tax: whose rate, on what, rounded how, and how net, tax and gross are read.

Tried, and caught by the test named: tax rounded line by line (`one_rounding`), the customer's tax item ignored
(`whose_rate`), tax left out of `foreigntotal` (`net_tax_and_gross`).
"""

import pytest

from crmerp_assets.sandbox.netsuite import NetSuiteSandbox

DOLLAR, YEN, DINAR = "1", "5", "6"
NET = "SELECT SUM(-foreignamount) n FROM transactionline WHERE transaction = ? AND mainline = 'F' AND taxline = ?"


@pytest.fixture(scope="module")
def taxed(tmp_path_factory, api):
    options = {"tax_rates": {"1": 20.0}, "more_currencies": ("JPY", "KWD", "BHD")}
    with NetSuiteSandbox(tmp_path_factory.mktemp("taxed"), **options) as sandbox, api.on(sandbox) as caller:
        yield caller


def amounts(api, record, id_):
    found = api.read(record, id_)
    return tuple(found[name] for name in ("subtotal", "discountTotal", "taxTotal", "total"))


def line(api, price, quantity=1, **rest):
    return {"item": {"id": api.item(price)}, "quantity": quantity, **rest}


def test_nothing_is_taxed_unless_the_account_has_rates(api):
    order = api.order(api.customer(), line(api, 10.0))
    assert amounts(api, "salesOrder", order) == (10.0, 0.0, 0.0, 10.0)
    assert api.query("SELECT id FROM transactionline WHERE transaction = ? AND taxline = 'T'", order) == []


def test_order_invoice_and_credit_memo_have_tax_and_the_balance_includes_it(taxed):
    customer = taxed.customer()
    order = taxed.order(customer, line(taxed, 100.0, 2), line(taxed, 50.0))
    assert amounts(taxed, "salesOrder", order) == (250.0, 0.0, 50.0, 300.0)
    assert taxed.read("customer", customer)["unbilledOrders"] == 300.0
    invoice = taxed.transform("salesOrder", order, "invoice")
    assert amounts(taxed, "invoice", invoice) == (250.0, 0.0, 50.0, 300.0)
    assert taxed.read("customer", customer)["balance"] == 300.0
    credit = taxed.transform("invoice", invoice, "creditMemo")
    assert amounts(taxed, "creditMemo", credit) == (250.0, 0.0, 50.0, 300.0)
    assert taxed.read("invoice", invoice)["amountRemaining"] == 0.0


def test_net_tax_and_gross_are_read_from_suiteql(taxed):
    order = taxed.order(taxed.customer(), line(taxed, 100.0))
    assert taxed.query(NET, order, "F") == [{"n": "100"}]
    assert taxed.query(NET, order, "T") == [{"n": "20"}]
    query = "SELECT foreigntotal g, taxtotal t, foreigntotal - taxtotal n FROM transaction WHERE id = ?"
    assert taxed.query(query, order) == [{"g": "120", "t": "20", "n": "100"}]
    assert [item["amount"] for item in taxed.read("salesOrder", order)["item"]["items"]] == [100.0]


@pytest.mark.parametrize(("currency", "tax"), [(DOLLAR, 0.61), (YEN, 1.0), (DINAR, 0.606)])
def test_tax_is_rounded_once_for_the_document_to_the_currencys_unit(taxed, currency, tax):
    lines = [line(taxed, 0, rate=1.01 if currency != YEN else 1) for _ in range(3)]
    order = taxed.order(taxed.customer(), *lines, currency={"id": currency})
    assert taxed.read("salesOrder", order)["taxTotal"] == tax


@pytest.mark.parametrize(("currency", "amount"), [(DOLLAR, 33.33), (YEN, 33.0), (DINAR, 33.333)])
def test_line_amounts_are_rounded_to_the_currencys_unit(taxed, currency, amount):
    order = taxed.order(taxed.customer(taxable=False), line(taxed, 0, rate=33.3333), currency={"id": currency})
    assert taxed.read("salesOrder", order)["total"] == amount


def test_whose_rate_it_is(taxed):
    reduced = taxed.create("salesTaxItem", itemId="Reduced", rate=5)
    other = taxed.create("salesTaxItem", itemId="Other", rate=10)
    customer = taxed.customer(taxItem={"id": reduced})
    by_customer = taxed.read("salesOrder", taxed.order(customer, line(taxed, 100.0)))
    assert (by_customer["taxTotal"], by_customer["taxRate"], by_customer["taxItem"]["refName"]) == (5.0, 5.0, "Reduced")
    by_document = taxed.order(customer, line(taxed, 100.0), taxItem={"id": other})
    assert taxed.read("salesOrder", by_document)["taxTotal"] == 10.0
    taxed.change("salesOrder", by_document, taxItem={"id": reduced})
    assert amounts(taxed, "salesOrder", by_document) == (100.0, 0.0, 5.0, 105.0)
    abroad = taxed.create("subsidiary", name="Abroad", currency={"id": "1"})
    elsewhere = taxed.order(taxed.customer(subsidiary={"id": abroad}), line(taxed, 100.0))
    assert taxed.read("salesOrder", elsewhere)["taxTotal"] == 0.0


def test_customers_items_and_lines_may_be_exempt(taxed):
    assert taxed.read("salesOrder", taxed.order(taxed.customer(taxable=False), line(taxed, 100.0)))["taxTotal"] == 0.0
    exempt = {"item": {"id": taxed.item(100.0, isTaxable=False)}}
    order = taxed.order(taxed.customer(), exempt, line(taxed, 50.0), line(taxed, 50.0, isTaxable=False))
    assert amounts(taxed, "salesOrder", order) == (200.0, 0.0, 10.0, 210.0)


def test_the_tax_line_keeps_its_number_and_gives_it_to_no_other_line(taxed):
    order = taxed.order(taxed.customer(), line(taxed, 100.0))
    query = "SELECT id, uniquekey FROM transactionline WHERE transaction = ? AND taxline = 'T'"
    before = taxed.query(query, order)
    taxed.change("salesOrder", order, item={"items": [line(taxed, 100.0)]})
    assert taxed.query(query, order) == before
    assert [item["line"] for item in taxed.read("salesOrder", order)["item"]["items"]] == [1, 3]
    assert amounts(taxed, "salesOrder", order) == (200.0, 0.0, 40.0, 240.0)


def test_rates_can_be_set_while_the_account_is_in_use(api, tmp_path):
    with NetSuiteSandbox(tmp_path) as sandbox, api.on(sandbox) as caller:
        caller.admin("settings", tax_rates={"1": 8.25})
        order = caller.order(caller.customer(), line(caller, 10.0))
        assert caller.read("salesOrder", order)["taxTotal"] == 0.83
        assert caller.http.post("/_sandbox/settings", json={"latency_seconds": 5}).status_code == 400
