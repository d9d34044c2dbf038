"""A library is asked once per distinct combination of values."""

import polars as pl

from crmerp_assets.canonical.distinct import distinct, distinct_test


def test_the_function_sees_each_combination_once_and_never_null() -> None:
    seen = []

    def joined(value: str, region: str | None) -> str:
        seen.append((value, region))
        return f"{value}/{region}"

    frame = pl.DataFrame({"value": ["a", "a", None, "a"], "region": ["X", "X", "X", None]})
    result = frame.select(distinct(joined, pl.col("value"), pl.col("region")))
    assert result.to_dict(as_series=False) == {"value": ["a/X", "a/X", None, "a/None"]}
    assert sorted(seen, key=str) == [("a", "X"), ("a", None)]


def test_literals_and_empty_frames_work() -> None:
    frame = pl.DataFrame({"value": ["a", "b"]})
    question = distinct_test(lambda value, other: value == other, pl.col("value"), pl.lit("a"))
    assert frame.select(question)["value"].to_list() == [True, False]
    assert frame.clear().select(question).schema == {"value": pl.Boolean}
