"""Splink with our weights finds our pairs with our probabilities, on DuckDB and, where it is installed, on Spark.

`make test-spark` installs PySpark into an environment of its own and runs this. Tried, and caught by these tests: a
prior that is not its odds, half weights, levels from the lowest up, keys left out of the rules.
"""

import shutil
from importlib.util import find_spec
from pathlib import Path

import duckdb
import polars as pl
import pytest

from crmerp_assets.matching import SPECS
from crmerp_assets.matching.model import shipped
from crmerp_assets.matching.splink import records_sql, settings
from crmerp_assets_tests.matching.measures import judged
from crmerp_assets_tests.matching.scored import TABLES, Scored, scored_population

pytestmark = pytest.mark.filterwarnings("default")

needs_spark = pytest.mark.skipif(
    find_spec("pyspark") is None or shutil.which("java") is None,
    reason="PySpark or Java is not installed: `make test-spark` runs this",
)


@pytest.fixture(scope="module")
def ours() -> Scored:
    return scored_population(2_000)


@pytest.fixture(scope="module")
def files(ours: Scored, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each side's records for Splink, as Parquet."""
    folder = tmp_path_factory.mktemp("splink")
    found = {}
    for side in ("crm", "erp"):
        found[side] = folder / f"{side}.parquet"
        sql = f"SELECT * FROM ({records_sql(ours.spec, TABLES)}) WHERE side = '{side}'"
        ours.con.execute(f"COPY ({sql}) TO '{found[side]}'")
    return found


@pytest.mark.parametrize("entity", list(SPECS))
@pytest.mark.parametrize("dialect", ["duckdb", "spark"])
def test_every_entity_has_settings_with_our_weights(entity, dialect):
    spec, model = SPECS[entity], shipped(entity)
    found = settings(spec, model, dialect)
    assert [c["output_column_name"] for c in found["comparisons"]] == spec.names
    for feature, comparison in zip(spec.features, found["comparisons"], strict=True):
        levels = comparison["comparison_levels"][1:]
        assert [level["label_for_charts"] for level in levels] == [
            feature.labels[level] for level in reversed(feature.levels) if level
        ]
        for level in levels:
            assert 0 < level["u_probability"] <= 0.5
            assert 0 < level["m_probability"] <= 0.5 + 1e-9


def same_links(ours: Scored, theirs: pl.DataFrame, unlike: float = 0.0, from_p: float = 0.0) -> None:
    """The same pairs, the same probabilities but for a share `unlike` of those that either holds for likely from
    `from_p` on, and therefore the same links."""
    both = ours.pairs.join(theirs, on=["l", "r"], how="full", coalesce=True)
    assert both["p"].null_count() == both["q"].null_count() == 0
    likely = both.filter(pl.max_horizontal("p", "q") >= from_p)
    assert likely.height > 500
    assert ((likely["p"] - likely["q"]).abs() > 1e-6).mean() <= unlike
    mine = judged(ours.pairs, ours.truth, across=True).at(0.95)
    other = judged(theirs, ours.truth, "q", across=True).at(0.95)
    assert mine == other
    assert mine.precision > 0.95
    assert mine.right > 500


def predicted(frame: pl.DataFrame) -> pl.DataFrame:
    pairs = frame.select(
        l=pl.min_horizontal("rid_l", "rid_r"), r=pl.max_horizontal("rid_l", "rid_r"), q="match_probability"
    )
    return pairs.cast({"l": pl.Int64, "r": pl.Int64})


def test_splink_on_duckdb_makes_the_same_links(ours, files):
    from splink import DuckDBAPI, Linker

    con = duckdb.connect()
    api = DuckDBAPI(con)
    for side, file in files.items():
        con.execute(f"CREATE TABLE in_{side} AS FROM '{file}'")
    sides = [api.register(f"in_{side}", dataset_display_name=side) for side in files]
    found = Linker(sides, settings(ours.spec, ours.model, "duckdb")).inference.predict()
    same_links(ours, predicted(con.execute(f"SELECT * FROM {found.physical_name}").pl()))


@needs_spark
def test_splink_on_spark_makes_the_same_links(ours, files, tmp_path):
    from pyspark.sql import SparkSession
    from splink import Linker, SparkAPI
    from splink.backends.spark import similarity_jar_location

    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.jars", similarity_jar_location())
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.local.dir", str(tmp_path))
        .config("spark.sql.warehouse.dir", str(tmp_path / "warehouse"))
        .getOrCreate()
    )
    try:
        spark.sparkContext.setCheckpointDir(str(tmp_path / "checkpoints"))
        api = SparkAPI(spark_session=spark, break_lineage_method="parquet")
        sides = [api.register(spark.read.parquet(str(file)), dataset_display_name=side) for side, file in files.items()]
        found = Linker(sides, settings(ours.spec, ours.model, "spark")).inference.predict()
        out = tmp_path / "predicted"
        spark.sql(f"SELECT rid_l, rid_r, match_probability FROM {found.physical_name}").write.parquet(str(out))
        # DuckDB and Splink's library for Spark differ in the similarity of names that are hardly alike, about 0.75
        same_links(ours, predicted(pl.read_parquet(out / "*.parquet")), unlike=0.001, from_p=0.01)
    finally:
        spark.stop()
