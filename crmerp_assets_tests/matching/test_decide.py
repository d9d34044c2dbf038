"""What scored pairs come to, one named example for each thing that a data steward would ask about.

Protections removed once, and the test that failed: the count of rivals (`..._two_as_good...`), the clash
(`..._contradict...`), the partner (`..._has_a_partner...`), the cluster (`..._a_group_that_speaks_against...`), `apart`
(`..._separated...`), the cap on candidates (`..._best_few...`).
"""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.matching.decide import Proposed, Thresholds, decide

THRESHOLDS = Thresholds()
NOBODY = pl.DataFrame(schema={"l": pl.Int64, "r": pl.Int64})
Record = tuple[int, str, str | None, str | None]


def record(rid: int, side: str, golden: str | None = None, partner: str | None = None) -> Record:
    return rid, side, golden, partner


def pairs(*found: tuple[Record, Record, float], clash: bool = False) -> pl.DataFrame:
    """Scored pairs (record, record, weight); of each the lower rid is on the left."""
    rows = []
    for one, two, weight in found:
        (left, l_side, l_golden, l_partner), (right, r_side, r_golden, r_partner) = sorted(
            (one, two), key=lambda rec: rec[0]
        )
        rows.append(
            {"l": left, "r": right, "l_side": l_side, "r_side": r_side, "l_id": f"n{left}", "r_id": f"n{right}"}
            | {"l_golden": l_golden, "r_golden": r_golden, "l_partner": l_partner, "r_partner": r_partner}
            | {"p": 1 / (1 + 2**-weight), "weight": weight, "why": "[]", "says": "alike", "clash": clash}
        )
    texts = ("l_golden", "r_golden", "l_partner", "r_partner")
    return pl.DataFrame(rows, schema_overrides=dict.fromkeys(texts, pl.String) | {"weight": pl.Float64})


def told(found: Proposed) -> tuple[list[tuple[str, str]], list[tuple[str, str]], list[tuple[str, str]]]:
    names = ["a_id", "b_id"]
    return tuple(sorted(frame.select(names).rows()) for frame in (found.links, found.questions, found.duplicates))


A, B, C, D = record(1, "crm"), record(2, "erp"), record(3, "erp"), record(4, "crm")


def test_a_sure_pair_is_linked_and_a_likely_one_is_asked_about() -> None:
    assert told(decide(pairs((A, B, 6.0)), NOBODY, THRESHOLDS)) == ([("n1", "n2")], [], [])
    assert told(decide(pairs((A, B, 2.0)), NOBODY, THRESHOLDS)) == ([], [("n1", "n2")], [])
    assert told(decide(pairs((A, B, -3.0)), NOBODY, THRESHOLDS)) == ([], [], [])


def test_two_as_good_are_a_question_a_weaker_one_is_not_in_the_way() -> None:
    assert told(decide(pairs((A, B, 6.0), (A, C, 9.0)), NOBODY, THRESHOLDS))[0] == []
    links, questions, _ = told(decide(pairs((A, B, 6.0), (A, C, 1.0)), NOBODY, THRESHOLDS))
    assert links == [("n1", "n2")]
    assert questions == [("n1", "n3")], "the second has no partner, and is not taken for a new customer meanwhile"


def test_who_has_a_partner_is_asked_about_and_not_linked_again() -> None:
    taken = record(2, "erp", "g1", "n9")
    assert told(decide(pairs((A, taken, 9.0)), NOBODY, THRESHOLDS)) == ([], [("n1", "n2")], [])


def test_who_stands_alone_with_a_golden_id_takes_a_newcomer_in() -> None:
    alone = record(2, "erp", "g1")
    assert told(decide(pairs((A, alone, 9.0)), NOBODY, THRESHOLDS)) == ([("n1", "n2")], [], [])


def test_records_that_contradict_each_other_in_an_id_are_for_a_person_however_alike() -> None:
    assert told(decide(pairs((A, B, 9.0), clash=True), NOBODY, THRESHOLDS)) == ([], [("n1", "n2")], [])


def test_what_a_person_has_separated_is_never_proposed() -> None:
    apart = pl.DataFrame({"l": [1], "r": [2]})
    assert told(decide(pairs((A, B, 9.0)), apart, THRESHOLDS)) == ([], [], [])


def test_a_group_that_speaks_against_a_pair_keeps_it_from_being_linked() -> None:
    """B is linked to D already and has been deleted from it since; A and D are certainly two."""
    linked, partner = record(2, "erp", "g1"), record(4, "crm", "g1")
    found = decide(pairs((A, linked, 5.0), (A, partner, -9.0)), NOBODY, THRESHOLDS)
    assert told(found) == ([], [("n1", "n2")], [])


def test_two_of_one_system_wait_for_a_person_the_newer_one_of_them() -> None:
    assert told(decide(pairs((A, D, 6.0)), NOBODY, THRESHOLDS)) == ([], [], [("n4", "n1")])
    known = record(4, "crm", "g1")
    assert told(decide(pairs((A, known, 6.0)), NOBODY, THRESHOLDS)) == ([], [], [("n1", "n4")])
    assert told(decide(pairs((A, D, 3.0)), NOBODY, THRESHOLDS)) == ([], [], []), "not sure enough to hold anything up"


def test_a_double_that_is_asked_about_across_systems_is_not_asked_about_twice() -> None:
    found = decide(pairs((A, B, 6.0), (D, B, 6.0), (A, D, 6.0)), NOBODY, THRESHOLDS)
    assert told(found) == ([], [("n1", "n2"), ("n4", "n2")], [])


def test_a_person_sees_the_best_few_candidates_of_a_record() -> None:
    many = [(A, record(n, "erp", f"g{n}"), 1.0 + n / 100) for n in range(10, 30)]
    assert told(decide(pairs(*many), NOBODY, THRESHOLDS))[1] == [("n1", f"n{n}") for n in range(25, 30)]


def test_nothing_is_decided_where_nothing_was_scored() -> None:
    empty = pairs((A, B, 1.0)).clear()
    assert told(decide(empty, NOBODY, THRESHOLDS)) == ([], [], [])


RECORDS = [record(n, "crm" if n % 2 else "erp") for n in range(6)]
GRAPHS = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda pair: pair[0] < pair[1]),
    st.integers(-40, 80).map(lambda n: n / 8),
    min_size=1,
)


@settings(max_examples=60, deadline=None)
@given(GRAPHS, st.randoms(use_true_random=False))
def test_links_are_one_to_one_sure_and_do_not_depend_on_the_order_of_pairs(graph, chance) -> None:
    scored = pairs(*((RECORDS[a], RECORDS[b], weight) for (a, b), weight in graph.items()))
    found = decide(scored, NOBODY, THRESHOLDS)
    links, questions, duplicates = told(found)
    ends = [end for pair in links for end in pair]
    assert len(ends) == len(set(ends))
    assert found.links["p"].min() is None or found.links["p"].min() >= THRESHOLDS.link
    assert not set(links) & set(questions)
    assert not {a for a, _ in duplicates} & set(ends)
    rows = list(range(scored.height))
    chance.shuffle(rows)
    assert told(decide(scored[rows], NOBODY, THRESHOLDS)) == (links, questions, duplicates)


@pytest.mark.parametrize("review", [0.05, 0.5])
def test_thresholds_are_the_policys(review: float) -> None:
    asked = told(decide(pairs((A, B, -1.5)), NOBODY, Thresholds(review=review)))[1]
    assert asked == ([("n1", "n2")] if review < 0.25 else [])
