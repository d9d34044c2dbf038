"""A sales order between approval and the end: fulfilled, billed, closed, cancelled, and what each state refuses.

Tried, and caught by the test named: fulfilled quantities not counted (`fulfilling_moves_an_order`), lines of a billed
order open to change (`settled_order_keeps_its_lines`), fulfilled lines free to go (`fulfilled_lines_stay`).
"""

import pytest

from crmerp_assets.sandbox.netsuite import NetSuiteSandbox


def line(api, price=10.0, quantity=1, **rest):
    return {"item": {"id": api.item(price)}, "quantity": quantity, **rest}


@pytest.fixture
def order(api):
    return api.order(api.customer(), line(api, 10.0, 4), line(api, 5.0, 2))


def status(api, order):
    return api.read("salesOrder", order)["orderStatus"]["id"]


def some(*lines):
    return {"item": {"items": [{"orderLine": number, "quantity": quantity} for number, quantity in lines]}}


def fulfil(api, order, *lines):
    if not lines:
        return api.transform("salesOrder", order, "itemFulfillment")
    response = api.request("POST", f"salesOrder/{order}/!transform/itemFulfillment?replace=item", some(*lines))
    assert response.status_code == 204, response.text
    return response.headers["Location"].rpartition("/")[2]


def bill(api, order, *lines):
    response = api.request("POST", f"salesOrder/{order}/!transform/invoice?replace=item", some(*lines))
    assert response.status_code == 204, response.text
    return response.headers["Location"].rpartition("/")[2]


def test_fulfilling_moves_an_order(api, order):
    part = fulfil(api, order, (1, 1))
    assert status(api, order) == "E"
    lines = api.read("salesOrder", order)["item"]["items"]
    assert [item["quantityFulfilled"] for item in lines] == [1.0, 0.0]
    bill(api, order, (1, 1))
    assert status(api, order) == "D"
    rest = fulfil(api, order)
    assert status(api, order) == "F"
    api.transform("salesOrder", order, "invoice")
    assert status(api, order) == "G"
    shown = api.query("SELECT type, BUILTIN.DF(status) s FROM transaction WHERE id IN (?, ?)", part, rest)
    assert shown == [{"type": "ItemShip", "s": "Item Fulfillment : Shipped"}] * 2


def test_a_fulfilment_is_linked_line_by_line_and_counts_in_suiteql(api, order):
    made = fulfil(api, order, (2, 2))
    query = """SELECT previousline, nextline, linktype, nexttype FROM previoustransactionlinelink
        WHERE previousdoc = ? AND nextdoc = ?"""
    link = {"previousline": "2", "nextline": "1", "linktype": "ShipRcpt", "nexttype": "ItemShip"}
    assert api.query(query, order, made) == [link]
    query = "SELECT quantityshiprecv q FROM transactionline WHERE transaction = ? AND mainline = 'F' ORDER BY id"
    assert api.query(query, order) == [{"q": "0"}, {"q": "2"}]
    record = api.read("itemFulfillment", made)
    assert (record["createdFrom"]["id"], record["shipStatus"]["refName"]) == (order, "Shipped")
    assert record["item"]["items"][0]["orderLine"] == 2


def test_lines_may_be_left_out_and_only_what_is_shipped_counts(api, order):
    body = {"shipStatus": {"id": "A"}, "item": {"items": [{"orderLine": 1, "itemReceive": False}]}}
    picked = api.transform("salesOrder", order, "itemFulfillment", **body)
    assert len(api.read("itemFulfillment", picked)["item"]["items"]) == 1
    assert status(api, order) == "B"
    api.change("itemFulfillment", picked, shipStatus={"id": "C"})
    assert status(api, order) == "E"


def test_deleting_a_fulfilment_takes_the_order_back(api, order):
    made = fulfil(api, order)
    assert api.refusal("DELETE", f"salesOrder/{order}")[1] == "USER_ERROR"
    assert api.request("DELETE", f"itemFulfillment/{made}").status_code == 204
    assert status(api, order) == "B"


def test_no_more_is_fulfilled_than_is_left(api, order):
    fulfil(api, order, (1, 3))
    path = f"salesOrder/{order}/!transform/itemFulfillment?replace=item"
    assert "quantity remaining" in api.refusal("POST", path, some((1, 2)))[2]
    fulfil(api, order)
    assert "You can not initialize itemFulfillment" in api.refusal("POST", path, {})[2]


def test_a_fulfilment_comes_from_an_order_that_is_approved(api):
    waiting = api.order(api.customer(), line(api), orderStatus={"id": "A"})
    assert api.refusal("POST", f"salesOrder/{waiting}/!transform/itemFulfillment", {})[1] == "USER_ERROR"
    body = {"entity": {"id": api.customer()}, "item": {"items": []}}
    assert api.refusal("POST", "itemFulfillment", body)[1] == "USER_ERROR"


def test_only_what_is_fulfilled_is_billed_where_the_account_does_not_bill_in_advance(api, tmp_path):
    with NetSuiteSandbox(tmp_path, bill_in_advance=False) as sandbox, api.on(sandbox) as caller:
        order = caller.order(caller.customer(), line(caller, 10.0, 4))
        assert caller.refusal("POST", f"salesOrder/{order}/!transform/invoice", {})[1] == "USER_ERROR"
        fulfil(caller, order, (1, 3))
        assert caller.read("invoice", caller.transform("salesOrder", order, "invoice"))["total"] == 30.0
        assert status(caller, order) == "D"


def test_fulfilled_lines_stay(api, order):
    fulfil(api, order, (1, 3))
    lines = {"items": [{"line": 2, "quantity": 1}]}
    assert "fulfilled" in api.refusal("PATCH", f"salesOrder/{order}?replace=item", {"item": lines})[2]
    less = {"item": {"items": [{"line": 1, "quantity": 2}]}}
    assert "fulfilled" in api.refusal("PATCH", f"salesOrder/{order}", less)[2]
    api.change("salesOrder", order, item={"items": [{"line": 1, "quantity": 3}]})


def test_an_order_is_closed_line_by_line_and_reopened(api, order):
    api.change("salesOrder", order, item={"items": [{"line": 1, "isClosed": True}]})
    assert status(api, order) == "B"
    assert api.read("invoice", api.transform("salesOrder", order, "invoice"))["total"] == 10.0
    assert status(api, order) == "G"
    api.change("salesOrder", order, item={"items": [{"line": 1, "isClosed": False}]})
    assert status(api, order) == "E"


def test_closing_an_order_closes_its_lines(api, order):
    customer = api.read("salesOrder", order)["entity"]["id"]
    assert api.read("customer", customer)["unbilledOrders"] == 50.0
    api.change("salesOrder", order, orderStatus={"id": "H"})
    assert [item["isClosed"] for item in api.read("salesOrder", order)["item"]["items"]] == [True, True]
    assert api.read("customer", customer)["unbilledOrders"] == 0.0
    assert api.refusal("POST", f"salesOrder/{order}/!transform/invoice", {})[1] == "USER_ERROR"
    api.change("salesOrder", order, item={"items": [{"line": 2, "isClosed": False}]})
    assert status(api, order) == "B"


@pytest.mark.parametrize("end", ["billed", "closed"])
def test_a_settled_order_keeps_its_lines(api, order, end):
    if end == "billed":
        api.transform("salesOrder", order, "invoice")
    else:
        api.change("salesOrder", order, orderStatus={"id": "H"})
    for change in ({"line": 1, "quantity": 9}, {"line": 1, "rate": 1}, line(api)):
        code, detail = api.refusal("PATCH", f"salesOrder/{order}", {"item": {"items": [change]}})[1:]
        assert (code, "cannot change the lines" in detail) == ("USER_ERROR", True)
    api.change("salesOrder", order, memo="Noted", item={"items": [{"line": 1, "quantity": 4, "description": "Same"}]})


def test_a_cancelled_order_cannot_be_changed(api, order):
    api.change("salesOrder", order, orderStatus={"id": "C"})
    assert api.refusal("PATCH", f"salesOrder/{order}", {"memo": "Late"})[1] == "USER_ERROR"
    for target in ("invoice", "itemFulfillment"):
        assert api.refusal("POST", f"salesOrder/{order}/!transform/{target}", {})[1] == "USER_ERROR"


def test_unbilled_orders_are_what_is_not_yet_billed(api, order):
    customer = api.read("salesOrder", order)["entity"]["id"]
    bill(api, order, (1, 1))
    assert api.read("customer", customer)["unbilledOrders"] == 40.0
    query = "SELECT unbilledorderssearch u, balancesearch b FROM customer WHERE id = ?"
    assert api.query(query, customer) == [{"u": "40", "b": "10"}]
