"""What must hold for the circuit breaker, whatever is planned.

To see that the laws bite, protections were removed one at a time. What was removed, and what failed:

- `max(limits.min_records, ...)` in `trips`: `test_a_small_plan_never_trips`
- `known.done` in `verdict`: `test_what_was_released_may_go_once_and_nothing_larger`
- the key before `null` in what `volume` counts: `test_only_a_value_that_becomes_blank_counts_as_blanked`
"""

import json
from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.merge.breaker import Known, Volume, failing, recovered, trips, verdict, volume
from crmerp_assets.merge.guards import Limits

LAWS = settings(deadline=None)
TODAY = date(2026, 3, 1)
COUNT = st.integers(0, 5000)
VOLUMES = st.tuples(COUNT, COUNT, COUNT, st.floats(0, 1)).map(lambda v: Volume(v[0], v[1], v[2], int(v[2] * v[3])))
LIMITS = st.builds(
    Limits,
    min_records=st.integers(1, 500),
    create_share=st.floats(0, 2),
    update_share=st.floats(0, 2),
    min_blanks=st.integers(1, 50),
    blank_share=st.floats(0, 1),
)


@LAWS
@given(VOLUMES, COUNT, LIMITS)
def test_a_small_plan_never_trips(found: Volume, base: int, limits: Limits) -> None:
    small = Volume(
        min(found.creates, limits.min_records),
        min(found.updates, limits.min_records),
        found.fields,
        min(found.blanks, limits.min_blanks),
    )
    assert trips(small, base, limits, TODAY) == ()


@LAWS
@given(VOLUMES, COUNT, COUNT, COUNT, LIMITS)
def test_a_larger_plan_trips_wherever_a_smaller_one_does(
    found: Volume, creates: int, updates: int, base: int, limits: Limits
) -> None:
    larger = found + Volume(creates, updates)
    small, large = ({trip.measure for trip in trips(one, base, limits, TODAY)} for one in (found, larger))
    assert small <= large


@LAWS
@given(VOLUMES, COUNT, COUNT, LIMITS)
def test_the_same_plan_trips_less_the_more_the_side_holds(found: Volume, base: int, more: int, limits: Limits) -> None:
    small, large = ({trip.measure for trip in trips(found, one, limits, TODAY)} for one in (base, base + more))
    assert large <= small


@LAWS
@given(VOLUMES, VOLUMES, VOLUMES, COUNT, LIMITS)
def test_what_was_released_may_go_once_and_nothing_larger(
    released: Volume, done: Volume, found: Volume, base: int, limits: Limits
) -> None:
    tripped = trips(found, base, limits, TODAY)
    said = verdict(tripped, found, Known("released", released, done))
    within = all(getattr(found, t.measure) + getattr(done, t.measure) <= getattr(released, t.measure) for t in tripped)
    assert said == ("close" if not tripped else "pass" if within else "ask")
    if tripped:
        assert verdict(tripped, found, Known("released", found)) == "pass"
        assert verdict(tripped, found, Known("released", found, Volume(1, 1, 1, 1))) == "ask"


@LAWS
@given(VOLUMES, VOLUMES, COUNT, LIMITS)
def test_what_a_person_keeps_is_never_sent_and_asked_again_only_when_it_grows(
    kept: Volume, found: Volume, base: int, limits: Limits
) -> None:
    tripped = trips(found, base, limits, TODAY)
    said = verdict(tripped, found, Known("kept", kept))
    assert said in (("ask", "hold") if tripped else ("close",))
    if tripped:
        assert verdict(tripped, found, Known("kept", found)) == "hold"


@LAWS
@given(VOLUMES, COUNT, LIMITS)
def test_during_the_first_load_no_size_trips_and_it_ends_by_itself(found: Volume, base: int, limits: Limits) -> None:
    for first_load in (True, TODAY, date(2026, 3, 2)):
        loading = limits.model_copy(update={"first_load": first_load})
        assert {trip.measure for trip in trips(found, base, loading, TODAY)} <= {"blanks"}
    over = limits.model_copy(update={"first_load": date(2026, 2, 28)})
    assert trips(found, base, over, TODAY) == trips(found, base, limits, TODAY)


@LAWS
@given(st.lists(st.tuples(st.booleans(), st.none() | st.text(max_size=20)), max_size=12))
def test_only_a_value_that_becomes_blank_counts_as_blanked(fields: list[tuple[bool, str | None]]) -> None:
    """Also where a value itself is JSON, or reads like it: lines are text in which every quote is escaped."""
    tricky = '[{"after":null,"x":"null"}]'
    rows = [
        (operation, json.dumps({"f": {"before": tricky, "after": after, "rule": "owner"}}, separators=(",", ":")))
        for update, value in fields
        for operation, after in [("update" if update else "create", value if value is None else value + tricky)]
    ]
    found = volume(pl.DataFrame(rows, schema={"operation": pl.String, "changes": pl.String}, orient="row"))
    updates = [value for update, value in fields if update]
    assert found == Volume(len(fields) - len(updates), len(updates), len(updates), updates.count(None))


@LAWS
@given(st.integers(0, 500), st.integers(0, 500), LIMITS)
def test_a_few_errors_never_stop_a_push_and_a_failing_one_has_not_recovered(
    applied: int, failed: int, limits: Limits
) -> None:
    tried = applied + failed
    if tried < limits.min_attempts or failed == 0:
        assert not failing(tried, failed, limits)
    if failing(tried, failed, limits):
        assert not recovered(tried, failed, limits)
