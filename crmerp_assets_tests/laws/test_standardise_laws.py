"""Laws of every transform, whatever text arrives: cleaning twice is cleaning once, and canonical values survive."""

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmerp_assets.canonical.iso import country_codes, currency_codes, subdivision_codes
from crmerp_assets.standardise import TRANSFORMS
from crmerp_assets.standardise.company import core_name, legal_form
from crmerp_assets.standardise.matching_keys import domain_key

FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
REGIONS = [None, "US", "DE", "GB", "CA", "FR", "BR", "JP", "CH", "MX"]
ODD = [
    "\x00", "\u200b", "\u200d", "\ufeff", "👩\u200d💻", "🏴\U000e0067\U000e007f", "שלום\u200f", "مرحبا", "e\u0301",
    "é\u200d", "a\u200b\u0301\u200d", "\u212a", "J\u030c", "İ", "ß", "x" * 300, "9" * 300, "\r\n", "\u2028", "a\nb",
    " ", "\t", "-0", "1e400", "1e-400", "1.234,50 €", "(1,000.00)", "+", "-", ".", "%", "+1", "tel:;", "http://",
    "/ 0", "0.:", "😀\u200d.", "😀\u200d/",
    "www.", "www../foo", "@", "a@", "@b", "<a@b.c>", "mailto:mailto:a@b.c", "0001-01-01", "31/12/9999",
    "February 30, 2024", "99999999999", "DE", "GB", "T", "n/a", "US-CA", "us-ca", "Calif.", "&", "Inc.",
    "136*695976", "DE136 695 976", "\ud7ff", "１２３", "٣", "²", "$", "US$ 5", "12'345", "5-", "+-5", "12 3", "00",
]  # fmt: skip
ANY_TEXT = st.one_of(
    st.sampled_from(ODD),
    st.text(max_size=40),
    st.text("0123456789.,-+eE ()€$%'", max_size=14),
    st.text("0123456789-/:TZ .", max_size=22),
    st.text("0123456789+() x", max_size=16),
    st.text("aAwW.:/@#? -ß\u200d\u0301", max_size=20),
    st.lists(st.sampled_from(ODD), min_size=2, max_size=4).map("".join),
)
COLUMN = st.lists(st.tuples(st.one_of(st.none(), ANY_TEXT), st.sampled_from(REGIONS)), min_size=1, max_size=60)
CONTEXT = {"region": pl.col("region")}


def _frame(rows: list[tuple[str | None, str | None]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"value": pl.String, "region": pl.String}, orient="row")


def _cleaned(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(value=TRANSFORMS[name].inbound(pl.col("value"), CONTEXT))


@pytest.mark.parametrize("name", TRANSFORMS)
@FEW
@given(rows=COLUMN)
def test_cleaning_twice_is_cleaning_once(name: str, rows: list[tuple[str | None, str | None]]) -> None:
    once = _cleaned(name, _frame(rows))
    assert _cleaned(name, once).rows() == once.rows()


@pytest.mark.parametrize("name", TRANSFORMS)
@FEW
@given(rows=COLUMN)
def test_what_is_understood_reads_back_as_itself(name: str, rows: list[tuple[str | None, str | None]]) -> None:
    transform = TRANSFORMS[name]
    clean = _cleaned(name, _frame(rows))
    flag = transform.flag(pl.col("value"), CONTEXT) if transform.flag else pl.lit(False)
    understood = clean.filter(~flag)
    written = understood.with_columns(value=transform.outbound(pl.col("value"), CONTEXT))
    assert _cleaned(name, written).rows() == understood.rows()


@pytest.mark.parametrize("name", TRANSFORMS)
def test_no_value_and_blank_text_are_no_value(name: str) -> None:
    blanks = [(blank, "US") for blank in (None, "", " ", "\n", "\t \r\n", "\u200b", "\u200d", "\x00\ufeff")]
    clean = _cleaned(name, _frame(blanks))
    assert clean["value"].to_list() == [None] * len(blanks)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_flags_answer_for_every_row_and_never_for_no_value(name: str) -> None:
    flag = TRANSFORMS[name].flag
    if flag is None:
        return
    frame = _frame([(odd, "US") for odd in ODD] + [(None, "US")])
    answers = _cleaned(name, frame).select("value", flag=flag(pl.col("value")))
    assert answers["flag"].null_count() == 0
    assert not answers.filter(pl.col("value").is_null())["flag"].any()


@pytest.mark.parametrize("name", ["country", "country_name"])
def test_every_country_reads_back(name: str) -> None:
    _reads_back(name, [(code, None) for code in sorted(country_codes())])


def test_every_subdivision_reads_back_in_its_country_and_without_one() -> None:
    codes = sorted(subdivision_codes())
    _reads_back("subdivision", [(code, code[:2]) for code in codes] + [(code, None) for code in codes])


def test_every_currency_reads_back() -> None:
    _reads_back("currency", [(code, None) for code in sorted(currency_codes())])


def _reads_back(name: str, rows: list[tuple[str | None, str | None]]) -> None:
    canonical = _frame(rows)
    written = canonical.with_columns(value=TRANSFORMS[name].outbound(pl.col("value"), CONTEXT))
    read = _cleaned(name, written)
    assert read.rows() == canonical.rows()


@FEW
@given(rows=COLUMN)
def test_a_company_name_is_never_emptied(rows: list[tuple[str | None, str | None]]) -> None:
    parts = _cleaned("name", _frame(rows)).select("value", core=core_name(pl.col("value")))
    assert parts["core"].is_null().to_list() == parts["value"].is_null().to_list()
    assert (parts["core"].drop_nulls() != "").all()


@FEW
@given(rows=COLUMN)
def test_domains_and_legal_forms_never_raise(rows: list[tuple[str | None, str | None]]) -> None:
    value = pl.col("value")
    keys = _frame(rows).select(domain=domain_key(value), form=legal_form(value))
    assert (keys["domain"].drop_nulls().str.contains(".", literal=True)).all()
