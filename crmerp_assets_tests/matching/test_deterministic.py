"""Linking, one named example for each thing that a data steward would ask about."""

from collections.abc import Iterator

import duckdb
import pytest

from crmerp_assets.matching import Matches
from crmerp_assets_tests.matching.worlds import linked, record


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def customer(native_id: str, **values: str | None) -> dict[str, str | None]:
    return record("customer", native_id, **values)


def pairs(found: Matches) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    return sorted(found.links.drop("evidence").rows()), sorted(found.questions.drop("evidence").rows())


def test_the_strongest_rule_decides_and_says_why(con: duckdb.DuckDBPyConnection) -> None:
    a = customer("a1", tax_id="DE811", match_name="acme", match_domain="acme.com", billing_country="DE")
    b = customer("b1", tax_id="DE811", match_name="acme", match_domain="acme.com", billing_country="DE")
    found = linked(con, "customer", [a], [b])
    assert found.links.rows() == [("a1", "b1", "tax_id", "same tax id")]
    assert found.questions.is_empty()


def test_our_key_links_in_any_case_of_its_letters(con: duckdb.DuckDBPyConnection) -> None:
    found = linked(
        con,
        "product",
        [record("product", "a1", external_key="PRD-1")],
        [record("product", "b1", external_key="prd-1", sku="other")],
    )
    assert pairs(found) == ([("a1", "b1", "key")], [])


def test_a_record_that_carries_the_golden_id_of_a_linked_one_joins_it(con: duckdb.DuckDBPyConnection) -> None:
    found = linked(con, "customer", [customer("a1", golden_id="cus-1")], [customer("b1", external_key="CUS-1")])
    assert found.links.rows() == [("a1", "b1", "key", "the ERP record holds key CUS-1")]


def test_two_candidates_are_a_question_and_weaker_rules_stay_silent(con: duckdb.DuckDBPyConnection) -> None:
    a = customer("a1", tax_id="1", match_name="acme", billing_country="DE")
    twins = [
        customer("b1", tax_id="1", match_name="acme", billing_country="DE"),
        customer("b2", tax_id="1", match_name="other"),
    ]
    found = linked(con, "customer", [a], twins)
    assert pairs(found) == ([], [("a1", "b1", "tax_id"), ("a1", "b2", "tax_id")])


def test_never_the_same_leaves_the_other_candidate_sure(con: duckdb.DuckDBPyConnection) -> None:
    twins = [customer("b1", tax_id="1"), customer("b2", tax_id="1")]
    found = linked(con, "customer", [customer("a1", tax_id="1")], twins, never={("a1", "b2")})
    assert pairs(found) == ([("a1", "b1", "tax_id")], [])


def test_a_decision_joins_what_no_rule_would(con: duckdb.DuckDBPyConnection) -> None:
    found = linked(con, "customer", [customer("a1")], [customer("b1", tax_id="9")], decided={("a1", "b1")})
    assert pairs(found) == ([("a1", "b1", "decision")], [])


def test_a_decision_that_is_already_a_link_is_not_made_again(con: duckdb.DuckDBPyConnection) -> None:
    a, b = customer("a1", golden_id="g1", partner="b1"), customer("b1", golden_id="g1", partner="a1")
    assert pairs(linked(con, "customer", [a], [b], decided={("a1", "b1")})) == ([], [])


def test_a_partner_that_is_taken_is_a_question(con: duckdb.DuckDBPyConnection) -> None:
    crm = [customer("a1", golden_id="g1", partner="b1", tax_id="1"), customer("a2", tax_id="1")]
    found = linked(con, "customer", crm, [customer("b1", golden_id="g1", partner="a1", tax_id="1")])
    assert pairs(found) == ([], [("a2", "b1", "tax_id")])


def test_the_same_name_without_a_country_only_asks(con: duckdb.DuckDBPyConnection) -> None:
    a, b = customer("a1", match_name="acme", billing_country="DE"), customer("b1", match_name="acme")
    assert pairs(linked(con, "customer", [a], [b])) == ([], [("a1", "b1", "name")])


def test_the_same_name_in_two_countries_is_nothing(con: duckdb.DuckDBPyConnection) -> None:
    a = customer("a1", match_name="acme", billing_country="DE")
    assert pairs(linked(con, "customer", [a], [customer("b1", match_name="acme", billing_country="FR")])) == ([], [])


def test_a_blank_matches_no_blank(con: duckdb.DuckDBPyConnection) -> None:
    assert pairs(linked(con, "customer", [customer("a1")], [customer("b1")])) == ([], [])


def test_one_address_at_two_customers_is_two_contacts(con: duckdb.DuckDBPyConnection) -> None:
    a = record("contact", "a1", email="info@acme.com", customer_golden="g1")
    elsewhere = record("contact", "b1", email="info@acme.com", customer_golden="g2")
    here = record("contact", "b2", email="info@acme.com", customer_golden="g1")
    assert pairs(linked(con, "contact", [a], [elsewhere, here])) == ([("a1", "b2", "email")], [])


def test_an_empty_side_links_nothing(con: duckdb.DuckDBPyConnection) -> None:
    assert pairs(linked(con, "order", [record("order", "a1", order_number="SO1")], [])) == ([], [])
