"""Lists inside a record: lines are merged by their key, appended without one, replaced when asked to."""

import pytest


@pytest.fixture
def order(api):
    first, second = api.item(10.0), api.item(20.0)
    return api.order(api.customer(), {"item": {"id": first}, "quantity": 2}, {"item": {"id": second}, "quantity": 1})


def lines(api, order):
    items = api.read("salesOrder", order)["item"]["items"]
    return [(line["line"], line["quantity"], line["amount"]) for line in items]


def test_a_list_is_folded_unless_expanded(api, order):
    assert set(api.read("salesOrder", order, "")["item"]) == {"links"}
    assert lines(api, order) == [(1, 2.0, 20.0), (2, 1.0, 20.0)]
    assert api.request("GET", f"salesOrder/{order}/item").json()["totalResults"] == 2


def test_a_line_with_its_number_is_changed_in_place(api, order):
    api.change("salesOrder", order, item={"items": [{"line": 1, "quantity": 3}]})
    assert lines(api, order) == [(1, 3.0, 30.0), (2, 1.0, 20.0)]


def test_a_line_without_a_number_is_appended_every_time(api, order):
    body = {"items": [{"item": {"id": api.item(5.0)}, "quantity": 1}]}
    api.change("salesOrder", order, item=body)
    api.change("salesOrder", order, item=body)
    assert [line[0] for line in lines(api, order)] == [1, 2, 3, 4]
    assert api.read("salesOrder", order)["total"] == 50.0


def test_replace_keeps_matched_lines_and_removes_the_others(api, order):
    body = {"item": {"items": [{"line": "2", "quantity": 4}, {"item": {"id": api.item(7.0)}}]}}
    for _ in range(2):
        assert api.request("PATCH", f"salesOrder/{order}?replace=item", body).status_code == 204
        assert [line[1:] for line in lines(api, order)] == [(4.0, 80.0), (1.0, 7.0)]


def test_an_order_must_keep_a_line(api, order):
    assert api.refusal("PATCH", f"salesOrder/{order}", {"item": None})[1] == "USER_ERROR"


def test_addresses_are_merged_by_id_and_the_other_one_stays(api):
    def address(city, **defaults):
        return {"addressBookAddress": {"addr1": "1 Road", "city": city, "country": {"id": "US"}}, **defaults}

    book = {"items": [address("Reno", defaultBilling=True), address("Elko", defaultShipping=True)]}
    customer = api.customer(addressBook=book)
    billing, shipping = api.read("customer", customer)["addressBook"]["items"]
    change = {"id": billing["id"], "addressBookAddress": {"city": "Sparks"}}
    api.change("customer", customer, addressBook={"items": [change]})
    items = api.read("customer", customer)["addressBook"]["items"]
    assert [item["addressBookAddress"]["city"] for item in items] == ["Sparks", "Elko"]
    assert items[0]["addressBookAddress"]["addr1"] == "1 Road"
    assert items[1] == shipping
    assert items[1]["addressBookAddress"]["country"] == {"id": "US", "refName": "United States"}


def test_a_new_default_address_takes_the_place_of_the_old(api):
    line = {"defaultBilling": True, "addressBookAddress": {"addr1": "Old", "country": {"id": "GB"}}}
    customer = api.customer(addressBook={"items": [line]})
    api.change("customer", customer, addressBook={"items": [line | {"addressBookAddress": {"addr1": "New"}}]})
    items = api.read("customer", customer)["addressBook"]["items"]
    assert [item["defaultBilling"] for item in items] == [False, True]
    query = (
        "SELECT a.addr1 FROM customer c JOIN customeraddressbookentityaddress a"
        " ON a.nkey = c.defaultbillingaddress WHERE c.id = ?"
    )
    assert api.query(query, customer) == [{"addr1": "New"}]


def test_an_unknown_country_is_refused_with_its_path(api):
    book = {"items": [{"addressBookAddress": {"country": {"id": "XX"}}}]}
    body = {"companyName": "Nowhere", "subsidiary": {"id": "1"}, "addressBook": book}
    details = api.request("POST", "customer", body).json()["o:errorDetails"][0]
    assert details["o:errorPath"] == "addressBook.items[0].addressBookAddress.country"


def test_prices_are_keyed_by_level_and_currency(api):
    item = api.item(10.0)
    prices = [{"price": 12.0}, {"currency": {"id": "4"}, "price": 11.0}]
    api.change("nonInventorySaleItem", item, price={"items": prices})
    query = "SELECT currency, unitprice FROM pricing WHERE item = ? AND pricelevel = 1 ORDER BY currency"
    assert api.query(query, item) == [{"currency": "1", "unitprice": "12"}, {"currency": "4", "unitprice": "11"}]
