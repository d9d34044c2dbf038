"""From order to money: numbers, totals, billing, payments and credits, and what each of them refuses."""

import pytest


@pytest.fixture
def customer(api):
    return api.customer(terms={"id": "2"})


def line(api, price, quantity=1, **rest):
    return {"item": {"id": api.item(price)}, "quantity": quantity, **rest}


def invoice_of(api, order, **body):
    invoice = api.transform("salesOrder", order, "invoice", **body)
    return invoice, api.read("invoice", invoice)


def test_order_to_invoice_to_part_payment_to_credit_to_paid(api, customer):
    order = api.order(customer, line(api, 100.0, 2), line(api, 50.0), externalId="so-flow", tranDate="2026-03-01")
    assert api.read("salesOrder", order)["total"] == 250.0

    invoice, record = invoice_of(api, order, externalId="inv-flow", tranDate="2026-03-05")
    assert (record["total"], record["dueDate"], record["status"]["refName"]) == (250.0, "2026-04-04", "Open")
    assert record["createdFrom"]["id"] == order
    assert api.read("salesOrder", order)["orderStatus"] == {"id": "G", "refName": "Billed"}
    assert api.read("customer", customer)["balance"] == 250.0

    payment = api.transform("invoice", invoice, "customerPayment", payment=100)
    record = api.read("invoice", invoice)
    assert (record["amountPaid"], record["amountRemaining"], record["status"]["id"]) == (100.0, 150.0, "A")
    assert [a["doc"]["id"] for a in api.read("customerPayment", payment)["apply"]["items"]] == [invoice]

    lines = {"items": [{"orderLine": 2, "quantity": 1}]}
    body = {"item": lines}
    response = api.request("POST", f"invoice/{invoice}/!transform/creditMemo?replace=item", body)
    credit = response.headers["Location"].rpartition("/")[2]
    assert (api.read("creditMemo", credit)["total"], api.read("invoice", invoice)["amountRemaining"]) == (50.0, 100.0)

    api.transform("invoice", invoice, "customerPayment")
    record = api.read("invoice", invoice)
    assert (record["amountRemaining"], record["status"]) == (0.0, {"id": "B", "refName": "Paid In Full"})
    assert api.read("customer", customer)["balance"] == 0.0
    shown = api.query("SELECT BUILTIN.DF(status) s, foreignamountunpaid u FROM transaction WHERE id = ?", invoice)
    assert shown == [{"s": "Invoice : Paid In Full", "u": "0"}]


def test_orders_and_invoices_are_numbered_in_sequence(api, customer):
    numbers = [api.read("salesOrder", api.order(customer, line(api, 1.0)))["tranId"] for _ in range(2)]
    assert all(number.startswith("SO1") for number in numbers)
    assert int(numbers[1][2:]) == int(numbers[0][2:]) + 1


@pytest.mark.parametrize(
    ("given", "amount"),
    [
        ({"quantity": 3, "rate": 33.333}, 100.0),
        ({"quantity": 3, "rate": 33.33, "amount": 95.5}, 95.5),
        ({"quantity": 2}, 24.68),
        ({"quantity": 1, "rate": 0.005}, 0.01),
        ({}, 12.34),
    ],
    ids=["quantity-times-rate", "amount-given", "price-list", "half-up", "one"],
)
def test_a_line_amount_is_given_or_reckoned_and_rounded(api, customer, given, amount):
    order = api.order(customer, {"item": {"id": api.item(12.34)}, **given})
    record = api.read("salesOrder", order)
    assert (record["item"]["items"][0]["amount"], record["total"]) == (amount, amount)


def test_an_order_is_billed_in_parts(api, customer):
    order = api.order(customer, line(api, 10.0, 3))
    part = {"item": {"items": [{"orderLine": 1, "quantity": 1}]}}
    assert invoice_of(api, order, **part)[1]["total"] == 10.0
    assert api.read("salesOrder", order)["orderStatus"]["id"] == "E"
    assert invoice_of(api, order)[1]["total"] == 20.0
    assert api.read("salesOrder", order)["orderStatus"]["id"] == "G"
    assert api.refusal("POST", f"salesOrder/{order}/!transform/invoice", {})[1] == "USER_ERROR"
    links = api.query(
        "SELECT nextdoc FROM nexttransactionlinelink WHERE previousdoc = ? AND linktype = 'OrdBill'", order
    )
    assert len(links) == 2


def test_a_billed_line_can_be_neither_removed_nor_cut_below_what_is_billed(api, customer):
    order = api.order(customer, line(api, 10.0, 2))
    invoice_of(api, order)
    body = {"item": {"items": [line(api, 1.0)]}}
    assert api.refusal("PATCH", f"salesOrder/{order}?replace=item", body)[1] == "USER_ERROR"
    assert api.refusal("PATCH", f"salesOrder/{order}", {"item": {"items": [{"line": 1, "quantity": 1}]}})[0] == 400


def test_deleting_an_invoice_reopens_its_order(api, customer):
    order = api.order(customer, line(api, 10.0))
    invoice, _ = invoice_of(api, order)
    assert api.refusal("DELETE", f"salesOrder/{order}")[1] == "USER_ERROR"
    assert api.request("DELETE", f"invoice/{invoice}").status_code == 204
    assert api.read("salesOrder", order)["orderStatus"]["id"] == "B"


def test_deleting_a_payment_reopens_its_invoice(api, customer):
    invoice, _ = invoice_of(api, api.order(customer, line(api, 10.0)))
    payment = api.transform("invoice", invoice, "customerPayment")
    assert api.refusal("DELETE", f"invoice/{invoice}")[1] == "USER_ERROR"
    assert api.request("DELETE", f"customerPayment/{payment}").status_code == 204
    assert api.read("invoice", invoice)["amountRemaining"] == 10.0


def test_nothing_can_be_applied_beyond_what_is_left(api, customer):
    invoice, _ = invoice_of(api, api.order(customer, line(api, 10.0)))

    def payment(payment, amount):
        apply = {"items": [{"doc": {"id": invoice}, "apply": True, "amount": amount}]}
        return api.refusal(
            "POST", "customerPayment", {"customer": {"id": customer}, "payment": payment, "apply": apply}
        )

    assert "remaining on the invoice" in payment(20, 11)[2]
    assert "cannot exceed the amount of the payment" in payment(5, 6)[2]


def test_a_payment_of_another_customers_invoice_is_refused(api, customer):
    invoice, _ = invoice_of(api, api.order(customer, line(api, 10.0)))
    apply = {"items": [{"doc": {"id": invoice}, "apply": True}]}
    body = {"customer": {"id": api.customer()}, "payment": 10, "apply": apply}
    assert api.refusal("POST", "customerPayment", body)[1] == "INVALID_CONTENT"


def test_a_payment_on_account_lowers_the_balance_and_can_be_applied_later(api, customer):
    invoice, _ = invoice_of(api, api.order(customer, line(api, 10.0)))
    payment = api.create("customerPayment", customer={"id": customer}, payment=4)
    assert api.read("customerPayment", payment)["unapplied"] == 4.0
    assert api.read("customer", customer)["balance"] == 6.0
    api.change("customerPayment", payment, apply={"items": [{"doc": {"id": invoice}, "apply": True}]})
    assert api.read("invoice", invoice)["amountRemaining"] == 6.0
    api.change("customerPayment", payment, apply={"items": [{"doc": {"id": invoice}, "apply": False}]})
    assert api.read("invoice", invoice)["amountRemaining"] == 10.0


def test_balances_change_without_touching_the_customers_date(api, customer):
    stamp = "SELECT TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') m, balancesearch b, overduebalancesearch o"
    api.admin("late", object="customer", id=customer, seconds_ago=5000)
    before = api.query(f"{stamp} FROM customer WHERE id = ?", customer)[0]
    invoice_of(api, api.order(customer, line(api, 10.0)), tranDate="2020-01-01")
    after = api.query(f"{stamp} FROM customer WHERE id = ?", customer)[0]
    assert (before["b"], before["o"]) == ("0", "0")
    assert after == {"m": before["m"], "b": "10", "o": "10"}


def test_a_status_is_approved_cancelled_and_closed_and_never_moved_back(api, customer):
    order = api.order(customer, line(api, 10.0), orderStatus={"id": "A"})
    assert api.refusal("POST", f"salesOrder/{order}/!transform/invoice", {})[1] == "USER_ERROR"
    api.change("salesOrder", order, orderStatus={"id": "B"})
    invoice_of(api, order)
    assert api.refusal("PATCH", f"salesOrder/{order}", {"orderStatus": {"id": "B"}})[1] == "USER_ERROR"


def test_an_inactive_customer_gets_no_order(api, customer):
    api.change("customer", customer, isInactive=True)
    body = {"entity": {"id": customer}, "item": {"items": [line(api, 1.0)]}}
    assert "inactive" in api.refusal("POST", "salesOrder", body)[2]


def test_a_currency_must_exist_and_brings_its_rate(api, customer):
    body = {"entity": {"id": customer}, "currency": {"id": "77"}, "item": {"items": [line(api, 1.0)]}}
    assert api.refusal("POST", "salesOrder", body)[1] == "INVALID_CONTENT"
    rate = {"baseCurrency": {"id": "1"}, "transactionCurrency": {"id": "4"}, "exchangeRate": 1.25}
    api.create("currencyRate", effectiveDate="2026-05-01", **rate)
    orders = [
        api.order(customer, line(api, 1.0), currency={"id": "4"}, tranDate=day) for day in ("2026-04-30", "2026-05-02")
    ]
    assert [api.read("salesOrder", order)["exchangeRate"] for order in orders] == [1.09, 1.25]


def test_a_closed_period_takes_no_transactions(api, customer):
    api.admin("closedperiod", until="2019-12-31")
    body = {"entity": {"id": customer}, "tranDate": "2019-06-01", "item": {"items": [line(api, 1.0)]}}
    assert "accounting period" in api.refusal("POST", "salesOrder", body)[2]
    api.admin("closedperiod", until=None)
    assert api.request("POST", "salesOrder", body).status_code == 204


def test_sales_lines_are_negative_in_the_line_table(api, customer):
    order = api.order(customer, line(api, 10.0, 2))
    query = "SELECT mainline, quantity, foreignamount, rate FROM transactionline WHERE transaction = ? ORDER BY id"
    assert api.query(query, order) == [
        {"mainline": "T", "foreignamount": "20"},
        {"mainline": "F", "quantity": "-2", "foreignamount": "-20", "rate": "10"},
    ]
