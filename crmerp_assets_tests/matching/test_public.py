"""The public data are what their makers say they are, so that a figure measured on them means something."""

import polars as pl

from crmerp_assets_tests.matching.measures import partition
from crmerp_assets_tests.matching.public import chicago_sites, febrl4, name_bench


def test_chicago_has_its_records_and_true_pairs():
    found = chicago_sites()
    assert found.records.height == 3337
    alone = found.truth.select("rid", cluster="rid")
    assert partition(alone, found.truth).expected == 6608
    assert found.records["phone"].drop_nulls().str.contains("^[0-9]{7}").mean() > 0.9
    assert not found.records["name"].str.contains("\n").any()


def test_name_bench_has_its_organisations():
    found = name_bench()
    assert (found.pairs.height, found.records.height) == (266, 532)
    assert found.pairs["right"].sum() == 171
    first = (
        found.pairs.head(1)
        .join(found.records.select(l="rid", a="name"), on="l")
        .join(found.records.select(r="rid", b="name"), on="r")
    )
    assert first.select("a", "b").row(0) == ("Siemens Aktiengesellschaft", "Siemens AG")


def test_febrl4_has_one_copy_of_each_person():
    found = febrl4()
    assert found.records["side"].value_counts().sort("side")["count"].to_list() == [5000, 5000]
    assert found.truth.group_by("entity").agg(pl.col("side").n_unique())["side"].to_list() == [2] * 5000
    assert found.records.filter(native_id="rec-1070-org").row(0, named=True)["street"] == "8 stanley street"
