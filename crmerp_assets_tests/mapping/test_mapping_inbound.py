"""Native rows become canonical text."""

import json

import polars as pl
import pytest

from crmerp_assets.mapping import EntityMap, MissingColumnsError, inbound, load_matrix, native_fields, raw_columns

MATRIX = load_matrix(default_region="US")


def raw(entity_map: EntityMap, *rows: dict[str, str | None]) -> pl.DataFrame:
    record = {"_id": "1", "_modified": "2026-11-20T10:00:00Z", "_modified_by": "u1"}
    columns = [*record, *raw_columns(entity_map)]
    filled = [dict.fromkeys(columns) | record | row for row in rows]
    return pl.DataFrame(filled, schema=dict.fromkeys(columns, pl.String))


def read(system: str, name: str, *rows: dict[str, str | None]) -> list[dict[str, object]]:
    entity_map = MATRIX.map(system, name)
    return inbound(entity_map, raw(entity_map, *rows)).to_dicts()


def test_a_state_is_read_within_the_country_of_its_row() -> None:
    found = read(
        "salesforce",
        "customer",
        {"BillingState": "California", "BillingCountry": "United States"},
        {"BillingState": "WA", "BillingCountry": "Australia"},
    )
    assert [(row["billing_subdivision"], row["billing_country"]) for row in found] == [("US-CA", "US"), ("AU-WA", "AU")]


def test_a_phone_without_a_country_is_read_in_the_default_region() -> None:
    assert read("netsuite", "contact", {"phone": "(415) 555-2671"})[0]["phone"] == "+14155552671"


def test_the_record_columns_come_along() -> None:
    row = read("netsuite", "customer", {"externalId": " cust-1 "})[0]
    assert (row["native_id"], row["modified"], row["modified_by"]) == ("1", "2026-11-20T10:00:00Z", "u1")
    assert row["external_key"] == "cust-1"


def test_a_map_without_a_key_has_no_external_key() -> None:
    assert read("netsuite", "exchange_rate", {"exchangeRate": "1.09"})[0]["external_key"] is None


def test_street_lines_of_several_native_fields_become_one_text() -> None:
    found = read(
        "netsuite",
        "customer",
        {"billing.addr1": "1 Main St", "billing.addr2": "Suite 2"},
        {"billing.addr1": "1 Main St"},
        {},
    )
    assert [row["billing_street"] for row in found] == ["1 Main St\nSuite 2", "1 Main St", None]


def test_street_lines_beyond_the_second_join_the_last() -> None:
    assert read("salesforce", "customer", {"BillingStreet": "a\nb\nc\nd"})[0]["billing_street"] == "a\nb, c, d"


def test_inactive_is_the_opposite_of_active() -> None:
    found = read("netsuite", "product", {"isInactive": "true"}, {"isInactive": "false"}, {"isInactive": None})
    assert [row["active"] for row in found] == ["false", "true", None]


def test_a_unit_that_a_company_added_has_the_same_name_in_either_seat_of_odoo() -> None:
    """Else every deal over it would wait as one whose units differ. Caught: the CRM's transform taken away."""
    rows = [{"uom_id.name": name} for name in ("Units", "License", "Crate of 6")]
    found = [[row["unit"] for row in read(system, "product", *rows)] for system in ("odoo_crm", "odoo")]
    assert found == [["Each", "Licence", "Crate of 6"]] * 2


def test_several_native_values_may_mean_one_canonical_value() -> None:
    found = read("netsuite", "order", {"status": "D"}, {"status": "E"}, {"status": "G"})
    assert [row["order_status"] for row in found] == ["partially_fulfilled", "partially_fulfilled", "billed"]


def test_an_unknown_value_is_kept_with_a_flag() -> None:
    row = read("netsuite", "customer", {"terms.name": "Net 45", "email": "no address"})[0]
    assert row["payment_terms"] == "Net 45"
    assert row["flags"] == ["email: is not a valid e-mail address", "payment_terms: 'Net 45' is not in the value list"]


def test_a_row_without_doubts_has_no_flags() -> None:
    assert read("netsuite", "customer", {"companyName": "Acme"})[0]["flags"] == []


def test_a_reference_holds_the_first_native_id() -> None:
    found = read("netsuite", "invoice", {"createdFrom": "11,12"}, {"createdFrom": "11"}, {})
    assert [row["order"] for row in found] == ["11", "11", None]


def test_constants_fill_every_row() -> None:
    assert read("netsuite", "credit", {"total": "5.00"})[0]["kind"] == "credit"


def test_the_price_is_the_first_active_entry_in_the_products_currency() -> None:
    entries = [
        {"Id": "1", "UnitPrice": "9", "IsActive": "false", "CurrencyIsoCode": "EUR"},
        {"Id": "2", "UnitPrice": "10", "IsActive": "true", "CurrencyIsoCode": "USD"},
        {"Id": "3", "UnitPrice": "11.50", "IsActive": "true", "CurrencyIsoCode": "EUR"},
        {"Id": "4", "UnitPrice": "12", "IsActive": "true", "CurrencyIsoCode": "EUR"},
    ]
    found = read(
        "salesforce",
        "product",
        {"CurrencyIsoCode": "EUR", "PricebookEntries": json.dumps(entries)},
        {"CurrencyIsoCode": "GBP", "PricebookEntries": json.dumps(entries)},
        {"CurrencyIsoCode": "EUR", "PricebookEntries": "[]"},
    )
    assert [row["price"] for row in found] == ["11.5", None, None]


def lines(row: dict[str, object]) -> object:
    return json.loads(str(row["lines"]))


def test_line_positions_are_one_to_n_in_the_order_of_the_system() -> None:
    items = [{"line": "3", "item": "b", "quantity": "1"}, {"line": "1", "item": "a", "quantity": "2.000"}]
    row = read("netsuite", "order", {"item": json.dumps(items)})[0]
    assert lines(row) == [
        {"position": "1", "product": "a", "quantity": "2"},
        {"position": "2", "product": "b", "quantity": "1"},
    ]


def test_a_line_discount_is_taken_off_the_unit_price() -> None:
    item = {"Product2Id": "p", "Quantity": "2", "UnitPrice": "50", "Discount": "10", "TotalPrice": "90.00"}
    row = read("salesforce", "order", {"OpportunityLineItems": json.dumps([item])})[0]
    expected = {"position": "1", "product": "p", "quantity": "2", "unit_price": "45", "discount": "10", "amount": "90"}
    assert lines(row) == [expected]


def test_a_deal_without_lines_becomes_one_line_of_its_text() -> None:
    found = read(
        "salesforce",
        "order",
        {"Product_Name__c": " Widget ", "Amount": "12.50", "OpportunityLineItems": "[]"},
        {"Product_Name__c": "Widget", "OpportunityLineItems": json.dumps([{"Product2Id": "p", "Quantity": "1"}])},
        {"Amount": "12.50", "OpportunityLineItems": "[]"},
    )
    made = {"position": "1", "product_text": "Widget", "quantity": "1", "unit_price": "12.5", "amount": "12.5"}
    assert lines(found[0]) == [made]
    assert lines(found[1]) == [{"position": "1", "product": "p", "quantity": "1"}]
    assert found[2]["lines"] is None


def test_applications_of_a_payment_name_their_invoices() -> None:
    row = read("netsuite", "payment", {"apply": json.dumps([{"doc": "7", "amount": "10.00"}])})[0]
    assert json.loads(str(row["applications"])) == [{"amount": "10", "invoice": "7"}]


def test_a_frame_without_rows_has_the_same_columns() -> None:
    for entity_map in MATRIX.all():
        assert inbound(entity_map, raw(entity_map)).columns == inbound(entity_map, raw(entity_map, {})).columns


def test_raw_rows_that_lack_a_field_are_refused() -> None:
    entity_map = MATRIX.map("netsuite", "customer")
    with pytest.raises(MissingColumnsError, match="raw rows of netsuite customer lack phone; pull the object again"):
        inbound(entity_map, raw(entity_map, {}).drop("phone"))


def test_child_lists_are_asked_for_by_path_and_arrive_as_one_column() -> None:
    order = MATRIX.map("netsuite", "order")
    assert {"item.line", "item.item", "item.quantity"} <= set(native_fields(order))
    assert raw_columns(order)[-1] == "item"
    assert "PricebookEntries.CurrencyIsoCode" in native_fields(MATRIX.map("salesforce", "product"))
