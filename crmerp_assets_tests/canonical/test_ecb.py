"""The European Central Bank's file as it is published, and rates crossed through the euro.

Taken out once and seen to fail: the division the other way round (crossing_there_and_back..., the_file_is_read...).
"""

from datetime import date
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.canonical.ecb import PUBLISHED, crossed, problem, published

TEXT = "Date,USD,JPY,CYP,\n2026-06-15,1.25,160.25,N/A,\n2026-06-12,1.0931,161.1,0.58,\n"
DAY = date(2026, 6, 15)
HALF = Decimal("0.5e-12")
"""Half of the last digit that a rate keeps."""
PER_EURO = st.integers(10**4, 10**12).map(lambda n: Decimal(n) / 10**6)


@pytest.mark.parametrize("packed", [False, True])
def test_the_file_is_read_as_it_is_published_and_crossed_into_the_company_s_currency(
    tmp_path: Path, packed: bool
) -> None:
    file = _file(tmp_path, TEXT, packed=packed)

    assert problem(file) is None
    rates = {(row["currency"], row["rate_date"]): row["rate"] for row in crossed(published(file), "USD").to_dicts()}

    assert set(rates) == {(c, d) for c in ("EUR", "JPY") for d in (DAY, date(2026, 6, 12))} | {
        ("CYP", date(2026, 6, 12))
    }
    assert rates["EUR", DAY] == Decimal("1.25")
    assert rates["JPY", DAY] == Decimal("0.007800312012")


def test_another_file_and_none_are_told_before_they_are_used(tmp_path: Path) -> None:
    assert "cannot be read; put the ECB's" in str(problem(tmp_path / "none.csv"))
    for text in ("", "day;rate\n", "<html>"):
        assert "does not begin with `Date,USD,...`" in str(problem(_file(tmp_path, text)))


@settings(max_examples=200, deadline=None)
@given(PER_EURO, PER_EURO)
def test_crossing_there_and_back_is_identity_within_the_last_digit(one: Decimal, other: Decimal) -> None:
    rows = [{"rate_date": DAY, "currency": "ONE", "per_euro": one}, {"rate_date": DAY, "currency": "TWO"}]
    rates = pl.DataFrame([rows[0], rows[1] | {"per_euro": other}], schema=PUBLISHED)
    there, back = _rate(rates, "ONE", "TWO"), _rate(rates, "TWO", "ONE")
    if there is None or back is None:
        assert min(one / other, other / one) < 2 * HALF
        return
    assert abs(there * back - 1) <= HALF * (there + back) + HALF
    assert abs(there - other / one) <= HALF
    assert _rate(rates, "EUR", "ONE") == one


def _rate(rates: pl.DataFrame, currency: str, base: str) -> Decimal | None:
    found = crossed(rates, base).filter(pl.col("currency") == currency)["rate"].to_list()
    return found[0] if found else None


def _file(folder: Path, text: str, *, packed: bool = False) -> Path:
    plain = folder / "eurofxref-hist.csv"
    plain.write_text(text, encoding="utf-8")
    if not packed:
        return plain
    with ZipFile(folder / "eurofxref-hist.zip", "w") as archive:
        archive.write(plain, plain.name)
    return folder / "eurofxref-hist.zip"
