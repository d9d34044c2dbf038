"""What must hold for linking, whatever the records hold: DuckDB against an oracle that tries every pair.

To see that the laws bite, protections were removed one at a time. What was removed, and what failed:

- `alone`:
  `test_linking_is_one_to_one_and_obeys_people_and_ignores_the_order_of_rows`
- `taken`:
  `test_links_and_questions_are_those_of_the_oracle`
- `_never`:
  `test_linking_is_one_to_one_and_obeys_people_and_ignores_the_order_of_rows`
- `_done_a`, or `_done_b` of the decided pairs:
  `test_linking_is_one_to_one_and_obeys_people_and_ignores_the_order_of_rows`
- `lower` in the key rule:
  `test_links_and_questions_are_those_of_the_oracle`
"""

import random
from collections import Counter
from collections.abc import Iterator

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.matching import RULES, Matches
from crmerp_assets_tests.matching import oracle
from crmerp_assets_tests.matching.worlds import linked, worlds


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def told(matches: Matches) -> tuple[set[tuple[str, ...]], set[tuple[str, ...]]]:
    names = ["a_id", "b_id", "method"]
    return set(matches.links.select(names).iter_rows()), set(matches.questions.select(names).iter_rows())


@pytest.mark.parametrize(("entity", "examples"), [("customer", 6), ("contact", 4), ("product", 4), ("order", 15)])
def test_links_and_questions_are_those_of_the_oracle(
    con: duckdb.DuckDBPyConnection, entity: str, examples: int
) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(worlds(entity))
    def law(world: tuple[list[oracle.Record], list[oracle.Record], set[oracle.Pair], set[oracle.Pair]]) -> None:
        crm, erp, decided, never = world
        found = linked(con, entity, crm, erp, decided, never)
        assert told(found) == oracle.link(crm, erp, oracle.SAID[entity], decided, never)
        assert found.links.height + found.questions.height == sum(map(len, told(found)))

    law()


@settings(max_examples=8, deadline=None)
@given(worlds("order"), st.randoms(use_true_random=False))
def test_linking_is_one_to_one_and_obeys_people_and_ignores_the_order_of_rows(
    con: duckdb.DuckDBPyConnection,
    world: tuple[list[oracle.Record], list[oracle.Record], set[oracle.Pair], set[oracle.Pair]],
    chance: random.Random,
) -> None:
    crm, erp, decided, never = world
    found = linked(con, "order", crm, erp, decided, never)
    links, questions = told(found)
    partners = Counter(record for a, b, _ in links for record in (a, b))
    assert set(partners.values()) <= {1}
    assert partners.keys().isdisjoint(str(r["native_id"]) for r in [*crm, *erp] if r["partner"] is not None)
    assert partners.keys().isdisjoint(record for a, b, _ in questions for record in (a, b))
    assert never.isdisjoint((a, b) for a, b, _ in links | questions)
    unlinked = {str(r["native_id"]) for r in [*crm, *erp] if r["golden_id"] is None}
    assert {pair for pair in decided if unlinked.intersection(pair)} == {(a, b) for a, b, m in links if m == "decision"}
    chance.shuffle(crm)
    chance.shuffle(erp)
    assert told(linked(con, "order", crm, erp, decided, never)) == (links, questions)


@settings(max_examples=4, deadline=None)
@given(worlds("order"))
def test_every_pair_says_what_matched(
    con: duckdb.DuckDBPyConnection,
    world: tuple[list[oracle.Record], list[oracle.Record], set[oracle.Pair], set[oracle.Pair]],
) -> None:
    found = linked(con, "order", *world)
    for frame in (found.links, found.questions):
        assert frame.schema == Matches.none().links.schema
        assert frame.null_count().select(pl.sum_horizontal(pl.all())).item() == 0


def test_the_oracle_knows_every_rule() -> None:
    methods = {entity: [rule.method for rule in rules] for entity, rules in RULES.items()}
    assert methods == {entity: [said.method for said in said_of] for entity, said_of in oracle.SAID.items()}
