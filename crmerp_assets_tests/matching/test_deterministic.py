"""Linking by what records hold of each other, one named example for each thing that a data steward would ask about."""

from collections.abc import Iterator

import duckdb
import pytest

from crmerp_assets.matching import Matches
from crmerp_assets_tests.matching.worlds import linked, record


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def order(native_id: str, **values: str | None) -> dict[str, str | None]:
    return record("order", native_id, **values)


def pairs(found: Matches) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    return sorted(found.links.drop("evidence").rows()), sorted(found.questions.drop("evidence").rows())


def test_our_key_comes_before_a_number_and_says_why(con: duckdb.DuckDBPyConnection) -> None:
    a = order("a1", external_key="so-1", order_number="SO1")
    found = linked(con, "order", [a], [order("b1", external_key="so-1", order_number="SO1")])
    assert found.links.rows() == [("a1", "b1", "key", "both hold key so-1")]
    assert found.questions.is_empty()


def test_our_key_links_in_any_case_of_its_letters(con: duckdb.DuckDBPyConnection) -> None:
    sides = ([record("product", "a1", external_key="PRD-1")], [record("product", "b1", external_key="prd-1")])
    assert pairs(linked(con, "product", *sides)) == ([("a1", "b1", "key")], [])


def test_a_record_that_carries_the_golden_id_of_a_linked_one_joins_it(con: duckdb.DuckDBPyConnection) -> None:
    crm, erp = [record("customer", "a1", golden_id="cus-1")], [record("customer", "b1", external_key="CUS-1")]
    found = linked(con, "customer", crm, erp)
    assert found.links.rows() == [("a1", "b1", "key", "the ERP record holds key CUS-1")]


def test_two_candidates_are_a_question(con: duckdb.DuckDBPyConnection) -> None:
    twins = [order("b1", order_number="SO1"), order("b2", order_number="SO1")]
    found = linked(con, "order", [order("a1", order_number="SO1")], twins)
    assert pairs(found) == ([], [("a1", "b1", "order_number"), ("a1", "b2", "order_number")])


def test_never_the_same_leaves_the_other_candidate_sure(con: duckdb.DuckDBPyConnection) -> None:
    twins = [order("b1", order_number="SO1"), order("b2", order_number="SO1")]
    found = linked(con, "order", [order("a1", order_number="SO1")], twins, never={("a1", "b2")})
    assert pairs(found) == ([("a1", "b1", "order_number")], [])


def test_a_decision_joins_what_no_rule_would(con: duckdb.DuckDBPyConnection) -> None:
    found = linked(con, "order", [order("a1")], [order("b1", order_number="9")], decided={("a1", "b1")})
    assert pairs(found) == ([("a1", "b1", "decision")], [])


def test_a_decision_that_is_already_a_link_is_not_made_again(con: duckdb.DuckDBPyConnection) -> None:
    a, b = order("a1", golden_id="g1", partner="b1"), order("b1", golden_id="g1", partner="a1")
    assert pairs(linked(con, "order", [a], [b], decided={("a1", "b1")})) == ([], [])


def test_a_partner_that_is_taken_is_a_question(con: duckdb.DuckDBPyConnection) -> None:
    crm = [order("a1", golden_id="g1", partner="b1", order_number="1"), order("a2", order_number="1")]
    found = linked(con, "order", crm, [order("b1", golden_id="g1", partner="a1", order_number="1")])
    assert pairs(found) == ([], [("a2", "b1", "order_number")])


def test_a_blank_matches_no_blank(con: duckdb.DuckDBPyConnection) -> None:
    assert pairs(linked(con, "order", [order("a1")], [order("b1")])) == ([], [])


def test_an_empty_side_links_nothing(con: duckdb.DuckDBPyConnection) -> None:
    assert pairs(linked(con, "order", [order("a1", order_number="SO1")], [])) == ([], [])
