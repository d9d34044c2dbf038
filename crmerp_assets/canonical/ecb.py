"""The euro reference rates as the European Central Bank publishes them, and what they say between other currencies.

The file is `eurofxref-hist.csv`, alone or in `eurofxref-hist.zip`: the header `Date,USD,JPY,...`, a line each working
day, units of the currency for one euro, `N/A` where there is none.
https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/
"""

from pathlib import Path
from zipfile import BadZipFile, ZipFile, is_zipfile

import polars as pl

from crmerp_assets.canonical.money import RATE

ECB, EURO = "ECB", "EUR"
PUBLISHED: dict[str, pl.DataType] = {"rate_date": pl.Date(), "currency": pl.String(), "per_euro": RATE}
_HEADER = b"Date,"


def problem(path: Path) -> str | None:
    """Why a file is not one of the ECB's; None where it is."""
    try:
        begins = _content(path)[: len(_HEADER)]
    except (OSError, BadZipFile, StopIteration):
        return f"{path} cannot be read; put the ECB's eurofxref-hist.csv or .zip there, or correct the path"
    if begins.removeprefix(b"\xef\xbb\xbf") != _HEADER[: len(begins)] or not begins:
        return f"{path} does not begin with `Date,USD,...`; take the ECB's eurofxref-hist.csv or .zip as it is"
    return None


def published(path: Path) -> pl.DataFrame:
    """Rows of PUBLISHED, one a day and currency. Raises OSError, or polars' errors for another kind of file."""
    table = pl.read_csv(_content(path), infer_schema=False, truncate_ragged_lines=True)
    names = [name for name in table.columns if len(name.strip()) == len(EURO)]
    long = table.unpivot(names, index="Date", variable_name="currency", value_name="per_euro")
    rows = long.select(
        pl.col("Date").str.strip_chars().str.to_date("%Y-%m-%d", strict=False).alias("rate_date"),
        pl.col("currency").str.strip_chars(),
        pl.col("per_euro").str.strip_chars().cast(RATE, strict=False),
    )
    return rows.filter(pl.col("rate_date").is_not_null() & (pl.col("per_euro") > 0)).cast(PUBLISHED)  # type: ignore[arg-type]


def crossed(rates: pl.DataFrame, base: str) -> pl.DataFrame:
    """(rate_date, currency, rate): units of `base` for one of the currency, through the euro of the same day.

    `rates`: rows of PUBLISHED. A day without a rate of the base has none.
    """
    euro = (
        rates.select("rate_date")
        .unique()
        .with_columns(pl.lit(EURO).alias("currency"), pl.lit(1).cast(RATE).alias("per_euro"))
    )
    known = pl.concat([rates, euro])
    to_base = known.filter(pl.col("currency") == base).select("rate_date", pl.col("per_euro").alias("base_per_euro"))
    both = known.filter(pl.col("currency") != base).join(to_base, on="rate_date")
    rate = (pl.col("base_per_euro") / pl.col("per_euro")).cast(RATE)
    return both.select("rate_date", "currency", rate.alias("rate")).filter(pl.col("rate") > 0)


def _content(path: Path) -> bytes:
    """The text of the file, or of the first CSV in the archive."""
    if not is_zipfile(path):
        return path.read_bytes()
    with ZipFile(path) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith(".csv")))
