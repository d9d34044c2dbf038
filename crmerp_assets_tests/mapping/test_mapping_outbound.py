"""Canonical changes become native values, and what would not fit is said before."""

import json
from decimal import Decimal

import polars as pl
import pytest

from crmerp_assets.mapping import REF, fits, load_matrix, outbound, writable

MATRIX = load_matrix(default_region="US")
NETSUITE, SALESFORCE = MATRIX.map("netsuite", "customer"), MATRIX.map("salesforce", "customer")
ORDER = MATRIX.map("netsuite", "order")


def misfit(entity_map: object, change: dict[str, str | None], operation: str = "update") -> str | None:
    changes = json.dumps({name: {"before": None, "after": value, "rule": "crm"} for name, value in change.items()})
    frame = pl.DataFrame({"operation": [operation], "changes": [changes]})
    return fits(entity_map, frame)[0]  # type: ignore[arg-type]


def test_only_the_fields_asked_for_are_written() -> None:
    found = outbound(NETSUITE, [{"phone": "+14155552671"}, {"credit_limit": "10.5", "email": None}], {}, "update")
    assert found == [{"phone": "+14155552671"}, {"creditLimit": Decimal("10.5"), "email": None}]


def test_a_create_takes_the_defaults_along() -> None:
    found = outbound(NETSUITE, [{"name": "Acme"}], {}, "create")[0]
    subsidiary = {REF: {"object": "subsidiary", "native_id": "1", "key_field": None, "key": None}}
    assert found == {"isPerson": False, "subsidiary": subsidiary, "companyName": "Acme"}


def test_a_field_written_on_create_only_is_left_out_of_updates() -> None:
    assert outbound(NETSUITE, [{"currency": "EUR"}], {}, "create")[0]["currency.symbol"] == "EUR"
    assert outbound(NETSUITE, [{"currency": "EUR"}], {}, "update") == [{}]


def test_a_read_only_field_is_never_written() -> None:
    assert outbound(NETSUITE, [{"balance": "1"}], {}, "create")[0].keys() == {"isPerson", "subsidiary"}


def test_a_reference_carries_its_native_id_and_our_key() -> None:
    found = outbound(NETSUITE, [{"parent": "cust-1"}, {"parent": "cust-2"}], {("customer", "cust-1"): "107"}, "update")
    target = {"object": "customer", "key_field": "externalId"}
    assert found[0]["parent"] == {REF: target | {"native_id": "107", "key": "cust-1"}}
    assert found[1]["parent"] == {REF: target | {"native_id": None, "key": "cust-2"}}


@pytest.mark.parametrize(
    ("change", "around", "state"),
    [
        ({"shipping_subdivision": "US-CA", "shipping_country": "US"}, None, "CA"),
        ({"shipping_subdivision": "US-CA"}, {"shipping_country": "US"}, "CA"),
        ({"shipping_subdivision": "US-CA"}, None, "CA"),
        ({"shipping_subdivision": "DE-BY", "shipping_country": "DE"}, None, "Bayern"),
        ({"shipping_subdivision": "US-CA", "shipping_country": "DE"}, None, "US-CA"),
    ],
)
def test_a_state_is_written_as_its_country_writes_it(
    change: dict[str, str | None], around: dict[str, str | None] | None, state: str
) -> None:
    assert outbound(NETSUITE, [change], {}, "update", [around or change])[0]["shipping.state"] == state


def test_a_country_is_a_code_in_netsuite_and_a_name_in_salesforce() -> None:
    change = [{"shipping_country": "DE"}]
    assert outbound(NETSUITE, change, {}, "update") == [{"shipping.country": "DE"}]
    assert outbound(SALESFORCE, change, {}, "update") == [{"ShippingCountry": "Germany"}]


def test_street_lines_go_into_one_native_field_each() -> None:
    found = outbound(
        NETSUITE, [{"billing_street": "a\nb"}, {"billing_street": "a"}, {"billing_street": None}], {}, "update"
    )
    assert [list(row.values()) for row in found] == [["a", "b"], ["a", None], [None, None]]


def test_active_is_the_opposite_of_inactive() -> None:
    assert outbound(NETSUITE, [{"active": "true"}, {"active": None}], {}, "update") == [{"isInactive": False}, {}]


def test_order_lines_become_native_rows_with_numbered_lines() -> None:
    line = {"position": "1", "product": "item-1", "quantity": "2", "unit_price": "45.5", "amount": "91"}
    found = outbound(ORDER, [{"lines": json.dumps([line])}, {"lines": None}], {("product", "item-1"): "98"}, "update")
    item = {REF: {"object": "item", "native_id": "98", "key_field": "externalId", "key": "item-1"}}
    row = {"line": "1", "item": item, "quantity": Decimal(2), "rate": Decimal("45.5"), "amount": Decimal(91)}
    assert found == [{"item": [row]}, {"item": []}]


def test_lines_that_the_map_only_reads_are_not_written() -> None:
    assert outbound(MATRIX.map("salesforce", "order"), [{"lines": "[]"}], {}, "update") == [{}]


def test_what_may_be_written_follows_operations_and_fields() -> None:
    assert writable(MATRIX.map("netsuite", "invoice"), "create") == []
    assert "lines" not in writable(MATRIX.map("salesforce", "order"), "create")
    assert "amount" not in writable(MATRIX.map("salesforce", "order"), "update")
    assert "lines" in writable(ORDER, "create")
    assert "order_number" not in writable(ORDER, "create")
    assert {"currency"} <= set(writable(MATRIX.map("netsuite", "product"), "create"))
    assert "currency" not in writable(MATRIX.map("netsuite", "product"), "update")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": "n" * 300}, "name has 300 characters, NetSuite companyName allows 83"),
        ({"website": "w" * 95 + ".com"}, "website has 107 characters, NetSuite url allows 100"),
        ({"name": None}, "name has no value, NetSuite companyName needs one"),
        (
            {"payment_terms": "NET45"},
            "payment_terms 'NET45' is not in the value list of NetSuite terms.name; "
            "add it to the values of payment_terms in customer.netsuite.yaml:27, or correct it",
        ),
        ({"credit_limit": "much"}, "credit_limit is not an amount"),
        ({"billing_street": "a\nb\nc"}, "billing_street has 3 lines, NetSuite billing.addr1, billing.addr2 holds 2"),
        ({"name": "Acme", "phone": "+14155552671", "_key": "cust-1", "balance": "x"}, None),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(change: dict[str, str | None], expected: str | None) -> None:
    assert misfit(NETSUITE, change) == expected


def test_a_create_without_a_required_value_does_not_fit() -> None:
    assert misfit(NETSUITE, {"phone": "+14155552671"}, "create") == "name has no value, NetSuite companyName needs one"
    assert misfit(NETSUITE, {"phone": "+14155552671"}, "update") is None


def test_a_subdivision_is_measured_as_it_is_sent_though_its_country_stays_as_it_is() -> None:
    """Odoo holds the three characters behind the country."""
    odoo = MATRIX.map("odoo", "customer")
    assert misfit(odoo, {"billing_subdivision": "DE-HH"}) is None
    assert misfit(odoo, {"billing_subdivision": "DE-HH", "billing_country": "DE"}) is None
    assert misfit(odoo, {"billing_subdivision": "Hamburg"}) is not None


def test_more_decimals_than_the_field_holds_do_not_fit() -> None:
    expected = "credit_limit has 3 decimals, Salesforce Credit_Limit__c holds 2"
    assert misfit(SALESFORCE, {"credit_limit": "1.125"}) == expected


def test_a_value_other_than_the_constant_does_not_fit() -> None:
    product = MATRIX.map("netsuite", "product")
    assert misfit(product, {"sku": "A", "currency": "USD"}, "create") is None
    assert misfit(product, {"sku": "A", "currency": "EUR"}, "create") == "currency is EUR, NetSuite item is always USD"


def test_lines_that_do_not_fit_are_named_by_position() -> None:
    lines = [{"position": "1", "product": "item-1", "quantity": "1"}, {"position": "2", "product": "item-2"}]
    assert misfit(ORDER, {"lines": json.dumps(lines)}) == "line 2: quantity has no value, NetSuite quantity needs one"


def test_all_reasons_of_an_intent_are_told_together() -> None:
    found = misfit(NETSUITE, {"name": "n" * 84, "credit_limit": "x"})
    assert found == "name has 84 characters, NetSuite companyName allows 83; credit_limit is not an amount"


def test_no_intents_have_no_misfits() -> None:
    empty = pl.DataFrame(schema={"operation": pl.String, "changes": pl.String})
    assert all(fits(entity_map, empty).len() == 0 for entity_map in MATRIX.all())
