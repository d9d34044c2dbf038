"""The population that is measured, made once and kept."""

from pathlib import Path

import polars as pl

from crmerp_assets.sandbox.population import Population, population

from .gauge import Gauge

SEED = 20_261_101
"""Another seed than the one the shipped weights were learned with."""

FRESH = 12_000


def made(folder: Path, size: int, gauge: Gauge) -> None:
    """Make `records.parquet` (rid, side and the columns as typed), `truth.parquet` and `fresh.parquet`: records for the
    incremental step, of companies that are there, as a smaller population has the first companies of a larger one."""
    with gauge.stage("generate"):
        found = population(size, SEED)
    _numbered(found, 0).write_parquet(folder / "records.parquet")
    _truth(found).write_parquet(folder / "truth.parquet")
    again = _numbered(population(FRESH, SEED), 10 * size).filter(pl.col("side") == "crm")
    again.with_columns(pl.concat_str([pl.lit("new"), "native_id"]).alias("native_id")).write_parquet(
        folder / "fresh.parquet"
    )


def _numbered(found: Population, first: int) -> pl.DataFrame:
    sides = [frame.with_columns(side=pl.lit(side)) for side, frame in (("crm", found.crm), ("erp", found.erp))]
    return pl.concat(sides).with_columns(rid=pl.int_range(pl.len()) + first)


def _truth(found: Population) -> pl.DataFrame:
    """In the order of the records: the CRM's, then the ERP's."""
    return found.truth.select(rid=pl.int_range(pl.len()), side="system", entity="company", group="group", kind="kind")
