"""Discounts of a line and of the header, lines that cost nothing, lines that only say something.

Tried, and caught by the test named: the header's discount not stored as a line (`header_discount_is_a_line`), a
percentage not reckoned again (`follows_the_line_above`), discounts left out when billing (`billing_takes_discounts`).
"""

import pytest

from crmerp_assets.sandbox.netsuite import NetSuiteSandbox

LINES = """SELECT itemtype, quantity, rate, ratepercent, foreignamount a, transactiondiscount d FROM transactionline
    WHERE transaction = ? AND mainline = 'F' ORDER BY linesequencenumber"""


def line(api, price, quantity=1, **rest):
    return {"item": {"id": api.item(price)}, "quantity": quantity, **rest}


def discount(api, **body):
    return {"id": api.create("discountItem", itemId=f"Discount {len(api.query('SELECT id FROM item'))}", **body)}


def items(api, record, id_):
    return [(item.get("quantity"), item.get("rate"), item["amount"]) for item in api.read(record, id_)["item"]["items"]]


def amounts(api, record, id_):
    found = api.read(record, id_)
    return tuple(found[name] for name in ("subtotal", "discountTotal", "taxTotal", "total"))


@pytest.mark.parametrize(
    ("given", "rate", "amount"),
    [({"rate": "-10%"}, "-10%", -20.0), ({"rate": -15}, -15.0, -15.0), ({"amount": -12.34}, -12.34, -12.34)],
    ids=["percent", "rate", "amount"],
)
def test_a_discount_line_takes_off_the_line_above(api, given, rate, amount):
    order = api.order(api.customer(), line(api, 7.0), line(api, 100.0, 2), {"item": discount(api), **given})
    assert items(api, "salesOrder", order)[2] == (None, rate, amount)
    assert api.read("salesOrder", order)["total"] == 207.0 + amount


def test_a_percentage_follows_the_line_above_and_shows_in_suiteql(api):
    order = api.order(api.customer(), line(api, 100.0), {"item": discount(api), "rate": "-12.5%"})
    api.change("salesOrder", order, item={"items": [{"line": 1, "quantity": 4}]})
    assert api.read("salesOrder", order)["total"] == 350.0
    assert api.query(LINES, order)[1] == {
        "itemtype": "Discount",
        "rate": "-0.125",
        "ratepercent": "-12.5",
        "a": "50",
    }


@pytest.mark.parametrize(("rate", "off"), [("-10%", -20.0), (-30, -30.0), (None, -10.0)])
def test_a_header_discount_is_a_line_in_suiteql_only(api, rate, off):
    header = {"discountItem": discount(api, rate="-5%")} | ({} if rate is None else {"discountRate": rate})
    order = api.order(api.customer(), line(api, 100.0, 2), **header)
    assert amounts(api, "salesOrder", order) == (200.0, off, 0.0, 200.0 + off)
    assert api.read("salesOrder", order).get("discountRate") == ("-5%" if rate is None else rate)
    assert len(items(api, "salesOrder", order)) == 1
    assert api.query(LINES, order)[1] == {"itemtype": "Discount", "a": str(int(-off)), "d": "T"}
    api.change("salesOrder", order, discountItem=None)
    assert amounts(api, "salesOrder", order) == (200.0, 0.0, 0.0, 200.0)
    assert len(api.query(LINES, order)) == 1


def test_a_header_discount_must_be_a_discount_and_other_lines_have_no_percentage(api):
    body = {"entity": {"id": api.customer()}, "item": {"items": [line(api, 1.0)]}}
    wrong = body | {"discountItem": {"id": api.item(1.0)}}
    assert api.refusal("POST", "salesOrder", wrong)[1] == "INVALID_CONTENT"
    body["item"]["items"][0]["rate"] = "-10%"
    assert api.refusal("POST", "salesOrder", body)[1] == "INVALID_CONTENT"


def test_billing_takes_discounts_along(api):
    cut = discount(api)
    order = api.order(
        api.customer(),
        line(api, 100.0, 2),
        {"item": cut, "rate": "-10%"},
        line(api, 50.0),
        {"item": cut, "amount": -5},
        discountItem=cut,
        discountRate="-50%",
    )
    assert amounts(api, "salesOrder", order) == (225.0, -112.5, 0.0, 112.5)
    part = {"items": [{"orderLine": 1, "quantity": 1}, {"orderLine": 2}]}
    response = api.request("POST", f"salesOrder/{order}/!transform/invoice?replace=item", {"item": part})
    first = response.headers["Location"].rpartition("/")[2]
    assert amounts(api, "invoice", first) == (90.0, -45.0, 0.0, 45.0)
    assert api.read("salesOrder", order)["orderStatus"]["id"] == "E"
    rest = api.transform("salesOrder", order, "invoice")
    assert amounts(api, "invoice", rest) == (135.0, -67.5, 0.0, 67.5)
    assert api.read("salesOrder", order)["orderStatus"]["id"] == "G"


def test_a_header_amount_goes_with_the_first_invoice(api):
    order = api.order(api.customer(), line(api, 10.0, 2), discountItem=discount(api), discountRate=-3)
    part = {"items": [{"orderLine": 1, "quantity": 1}]}
    first, second = (api.transform("salesOrder", order, "invoice", **body) for body in ({"item": part}, {}))
    assert [api.read("invoice", invoice)["total"] for invoice in (first, second)] == [7.0, 10.0]


def test_an_amount_may_differ_from_quantity_times_rate_and_be_nothing(api):
    dear = line(api, 10.0, 3, rate=10, amount=27.5) | {"price": {"id": "-1"}}
    order = api.order(api.customer(), dear, line(api, 9.0, 2, amount=0))
    assert items(api, "salesOrder", order) == [(3.0, 10.0, 27.5), (2.0, 0.0, 0.0)]
    assert api.read("invoice", api.transform("salesOrder", order, "invoice"))["total"] == 27.5


def test_a_description_line_has_neither_quantity_nor_amount(api):
    text = {"item": {"id": api.create("descriptionItem", itemId="Description")}, "description": "Phase one"}
    order = api.order(api.customer(), text, line(api, 10.0))
    assert items(api, "salesOrder", order)[0] == (None, None, 0.0)
    invoice = api.transform("salesOrder", order, "invoice")
    assert [item.get("description") for item in api.read("invoice", invoice)["item"]["items"]] == ["Phase one", None]
    assert api.read("salesOrder", order)["orderStatus"]["id"] == "G"


@pytest.mark.parametrize(("pre_tax", "tax"), [(True, 18.0), (False, 20.0)])
def test_a_discount_before_tax_lowers_the_tax(api, tmp_path, pre_tax, tax):
    with NetSuiteSandbox(tmp_path, tax_rates={"1": 20.0}) as sandbox, api.on(sandbox) as caller:
        cut = discount(caller, isPreTax=pre_tax)
        by_line = caller.order(caller.customer(), line(caller, 100.0), {"item": cut, "rate": "-10%"})
        by_header = caller.order(caller.customer(), line(caller, 100.0), discountItem=cut, discountRate="-10%")
        assert amounts(caller, "salesOrder", by_line) == (90.0, 0.0, tax, 90.0 + tax)
        assert amounts(caller, "salesOrder", by_header) == (100.0, -10.0, tax, 90.0 + tax)
