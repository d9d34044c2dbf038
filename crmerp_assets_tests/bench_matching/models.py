"""`make matching-models`: learn the weights that ship, from populations of which the truth is known.

The measure that is stored with them was taken on another population (another seed) than the one they were learned on.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import polars as pl

import crmerp_assets.matching
from crmerp_assets.matching import SPECS, engine, fit
from crmerp_assets.matching.block import Tables
from crmerp_assets.matching.model import shipped
from crmerp_assets.matching.spec import Spec
from crmerp_assets.sandbox.population import people, population, products
from crmerp_assets_tests.matching.measures import Judged, judged

LEARNED, MEASURED = 20_260_401, 20_260_402
"""Seeds; neither is the benchmark's."""
SIZES = {"customer": 100_000, "contact": 60_000, "product": 20_000}
TABLES = Tables("records", "keys", "words", "stops")
FOLDER = Path(crmerp_assets.matching.__file__).parent / "models"


def customers(size: int, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Records (rid, side and columns) and truth (rid, side, entity)."""
    found = population(size, seed)
    return numbered(found.crm, found.erp, found.truth.rename({"company": "entity"}))


def contacts(size: int, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Contacts whose companies are known to be the same where they are."""
    found = people(population(size // 2, seed), size, seed)
    sides = []
    for system, frame in (("crm", found.crm), ("erp", found.erp)):
        at = found.truth.filter(system=system).select("native_id", customer_golden=pl.col("company").cast(pl.String))
        sides.append(frame.join(at, on="native_id", maintain_order="left"))
    return numbered(*sides, found.truth.rename({"person": "entity"}))


def catalogues(size: int, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Products of both catalogues."""
    found = products(size, seed)
    return numbered(found.crm, found.erp, found.truth.rename({"product": "entity"}))


def numbered(crm: pl.DataFrame, erp: pl.DataFrame, truth: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both systems' records under one numbering, and the truth by it."""
    sides = [frame.with_columns(side=pl.lit(side)) for side, frame in (("crm", crm), ("erp", erp))]
    records = pl.concat(sides, how="diagonal").with_columns(rid=pl.int_range(pl.len()))
    known = truth.select("native_id", pl.col("entity").cast(pl.String), side="system")
    return records, records.select("rid", "side", "native_id").join(
        known, on=["side", "native_id"], maintain_order="left"
    ).drop("native_id")


WORLDS: dict[str, Callable[[int, int], tuple[pl.DataFrame, pl.DataFrame]]] = {
    "customer": customers,
    "contact": contacts,
    "product": catalogues,
}


def main() -> None:
    """Learn and store the weights of each entity, or of those that are named."""
    for entity in sys.argv[1:] or SPECS:
        spec = SPECS[entity]
        con, truth = _compared(spec, LEARNED)
        learned = fit.labelled(spec, _known(con, spec, truth), shipped(entity))
        con, truth = _compared(spec, MEASURED)
        engine.compare_all(con, spec, learned, TABLES)
        scored = con.execute(f"SELECT l, r, p FROM {engine.SCORED}").pl()
        made = {
            "learned from": f"a population of {SIZES[entity]:,} records a side, seed {LEARNED}, whose truth is known",
            "measured on": f"another one, seed {MEASURED}",
            "pairs across systems": _figures(judged(scored, truth, across=True)),
            "pairs of both kinds": _figures(judged(scored, truth)),
        }
        (FOLDER / f"{entity}.json").write_text(replace(learned, made=made).text() + "\n", encoding="utf-8")
        sys.stderr.write(f"{entity}: {made}\n{learned.weights}\n")


def _compared(spec: Spec, seed: int) -> tuple[duckdb.DuckDBPyConnection, pl.DataFrame]:
    records, truth = WORLDS[spec.entity](SIZES[spec.entity], seed)
    con = duckdb.connect()
    con.register("source", records.to_arrow())
    engine.rebuild(con, spec, TABLES, "source")
    engine.compare_all(con, spec, shipped(spec.entity), TABLES)
    return con, truth


def _known(con: duckdb.DuckDBPyConnection, spec: Spec, truth: pl.DataFrame) -> pl.DataFrame:
    """Patterns of levels with how many pairs are one thing or not."""
    con.register("truth", truth.to_arrow())
    names = ", ".join(f"g_{name}" for name in spec.names)
    return con.execute(
        f"SELECT {names}, a.entity = b.entity AS y, count(*) AS n FROM {engine.LEVELS} p "
        f"JOIN truth a ON a.rid = p.l JOIN truth b ON b.rid = p.r GROUP BY ALL"
    ).pl()


def _figures(found: Judged) -> dict[str, float]:
    best, sure = found.best(), found.at(0.95)
    return {
        "best F1": round(best.f1, 4),
        "precision from p 0.95": round(sure.precision, 5),
        "recall from p 0.95": round(sure.recall, 4),
    }


if __name__ == "__main__":
    main()
