"""Gates: the first that holds names itself and its reason."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.merge.gates import Gate, apply

GATES = [Gate(f"gate {name}", pl.col(name), pl.lit("because of ") + pl.col("text")) for name in "abc"]
HOLDS = st.sampled_from([True, False, None])
ROWS = st.lists(st.tuples(HOLDS, HOLDS, HOLDS, st.text(max_size=3)), max_size=8)
SHAPE = {"a": pl.Boolean, "b": pl.Boolean, "c": pl.Boolean, "text": pl.String}


@settings(max_examples=25, deadline=None)
@given(ROWS)
def test_the_first_gate_that_holds_decides_and_an_unknown_holds_nothing(
    rows: list[tuple[bool | None, bool | None, bool | None, str]],
) -> None:
    found = apply(pl.DataFrame(rows, schema=SHAPE, orient="row"), GATES)
    for row, gate, reason in zip(rows, found["gate"], found["reason"], strict=True):
        first = next((name for name, holds in zip("abc", row, strict=False) if holds), None)
        assert (gate, reason) == ((f"gate {first}", f"because of {row[3]}") if first else (None, None))


def test_without_gates_nothing_is_held() -> None:
    found = apply(pl.DataFrame([(True, None, None, "x")], schema=SHAPE, orient="row"), [])
    assert found.select("gate", "reason").row(0) == (None, None)
