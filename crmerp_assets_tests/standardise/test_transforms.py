"""What each transform makes of the values that systems and people really send."""

import polars as pl
import pytest

from crmerp_assets.standardise import TRANSFORMS


def _read(name: str, value: str | None, region: str | None = None, default: str | None = None) -> str | None:
    context = {"region": pl.lit(region, dtype=pl.String), "default_region": pl.lit(default, dtype=pl.String)}
    frame = pl.DataFrame({"value": [value]}, schema={"value": pl.String})
    return frame.select(TRANSFORMS[name].inbound(pl.col("value"), context)).item()


def _written(name: str, value: str, region: str | None = None) -> str | None:
    context = {"region": pl.lit(region, dtype=pl.String)}
    return pl.DataFrame({"value": [value]}).select(x=TRANSFORMS[name].outbound(pl.col("value"), context)).item()


def _flagged(name: str, value: str | None, region: str | None = None) -> bool:
    flag = TRANSFORMS[name].flag
    assert flag is not None
    context = {"region": pl.lit(region, dtype=pl.String)}
    return bool(
        pl.DataFrame({"value": [value]}, schema={"value": pl.String}).select(flag(pl.col("value"), context)).item()
    )


@pytest.mark.parametrize(
    ("name", "raw", "clean"),
    [
        ("text", "  Acme \t Inc\n ", "Acme Inc"),
        ("text", "Zero\u200bwidth\u00ad\x00", "Zerowidth"),
        ("text", "Cafe\u0301", "Café"),
        ("text", "👩\u200d💻 🏳\ufe0f\u200d🌈", "👩\u200d💻 🏳\ufe0f\u200d🌈"),
        ("text", "می\u200cخواهم", "می\u200cخواهم"),
        ("text", "Ac\u200dme", "Acme"),
        ("text", "\u202bשלום\u202c", "שלום"),
        ("multiline", " 1 Main  St \r\n\r\n Suite 5 \u2028 x", "1 Main St\nSuite 5\nx"),
        ("email", " Ann.Lee@ACME.com ", "ann.lee@acme.com"),
        ("email", "mailto:Ann@acme.com", "ann@acme.com"),
        ("email", "Ann Lee <Ann@acme.com>", "ann@acme.com"),
        ("website", "https://www.Acme.com/", "acme.com"),
        ("website", "HTTP://Acme.COM/About?x=Y", "acme.com/About?x=Y"),
        ("website", "acme.com.", "acme.com"),
        ("website", "https://", None),
        ("domain", "https://shop.acme.co.uk:8080/x", "shop.acme.co.uk"),
        ("domain", "ann@Acme.com", "acme.com"),
        ("currency", "usd", "USD"),
        ("currency", "€", "EUR"),
        ("currency", "US Dollar", "USD"),
        ("currency", "British Pound", "GBP"),
        ("currency", "$", "$"),
        ("money", "1054.0", "1054"),
        ("money", "-0.00", "0"),
        ("money", "1,054.50", "1054.5"),
        ("money", "1.054,50 €", "1054.5"),
        ("money", "1 234 567,89", "1234567.89"),
        ("money", "CHF 1'234.50", "1234.5"),
        ("money", "($1,000.00)", "-1000"),
        ("money", "1.2E3", "1200"),
        ("money", "0.30000000000000004", "0.3"),
        ("money", "ten", "ten"),
        ("decimal", "0.000061234567", "0.000061234567"),
        ("percent", "12.50 %", "12.5"),
        ("boolean", "T", "true"),
        ("boolean", "No", "false"),
        ("boolean", "Perhaps", "Perhaps"),
        ("unit", "EA", "Each"),
        ("unit", "hrs", "Hour"),
        ("unit", "Pallet of 12", "Pallet of 12"),
        ("date", "2024-03-01T23:59:59.000+0000", "2024-03-01"),
        ("date", "2024-03-01 10:00", "2024-03-01"),
        ("date", "1-Mar-2024", "2024-03-01"),
        ("date", "March 1, 2024", "2024-03-01"),
        ("date", "01.03.2024", "2024-03-01"),
        ("date", "20240301", "2024-03-01"),
        ("date", "12/31/2024", "2024-12-31"),
        ("date", "31/12/2024", "2024-12-31"),
        ("date", "3/4/2024", "3/4/2024"),
        ("date", "2024-02-30", "2024-02-30"),
    ],
)
def test_a_value_is_cleaned(name: str, raw: str, clean: str | None) -> None:
    assert _read(name, raw) == clean


@pytest.mark.parametrize(
    ("name", "raw", "region", "clean"),
    [
        ("phone", "(415) 555-0100", "US", "+14155550100"),
        ("phone", "415.555.0100 ext. 12", "US", "+14155550100 x12"),
        ("phone", "020 7946 0958", "GB", "+442079460958"),
        ("phone", "+49 30 901820", None, "+4930901820"),
        ("phone", "06 698 1234", "IT", "+39066981234"),
        ("phone", "555-0100", "US", "555-0100"),
        ("phone", "(415) 555-0100", None, "(415) 555-0100"),
        ("tax_id", "136 695 976", "DE", "DE136695976"),
        ("tax_id", "de136695976", "DE", "DE136695976"),
        ("tax_id", "DE136695977", "DE", "DE136695977"),
        ("tax_id", "91-1144442", "US", "911144442"),
        ("tax_id", "GB 980 7806 84", "GB", "GB980780684"),
        ("tax_id", "094259216", "GR", "EL094259216"),
        ("tax_id", "000000000", "US", None),
        ("tax_id", "N/A", "US", None),
        ("tax_id", "123456789", "US", None),
        ("subdivision", "CA", "US", "US-CA"),
        ("subdivision", "california", "US", "US-CA"),
        ("subdivision", "Calif.", "US", "US-CA"),
        ("subdivision", "us-ca", None, "US-CA"),
        ("subdivision", "CA", None, "CA"),
        ("subdivision", "Bavaria", "DE", "DE-BY"),
        ("subdivision", "Québec", "CA", "CA-QC"),
        ("subdivision", "nsw", "AU", "AU-NSW"),
        ("subdivision", "Narnia", "GB", "Narnia"),
        ("postcode", "941051234", "US", "94105-1234"),
        ("postcode", "sw1a1aa", "GB", "SW1A 1AA"),
        ("postcode", "k1a-0b1", "CA", "K1A 0B1"),
        ("postcode", "1234ab", "NL", "1234 AB"),
        ("postcode", "d02 x285", "IE", "D02 X285"),
        ("date", "3/4/2024", "US", "2024-03-04"),
        ("date", "3/4/2024", "GB", "2024-04-03"),
    ],
)
def test_a_value_is_read_in_its_country(name: str, raw: str, region: str | None, clean: str | None) -> None:
    assert _read(name, raw, region) == clean


def test_the_default_region_answers_only_where_the_row_has_no_country() -> None:
    assert _read("phone", "(415) 555-0100", None, "US") == "+14155550100"
    assert _read("phone", "020 7946 0958", "GB", "US") == "+442079460958"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("USA", "US"), ("U.S.A.", "US"), ("UK", "GB"), ("GER", "DE"), ("Deutschland", "DE"), ("Holland", "NL"),
        ("Ivory Coast", "CI"), ("Côte d’Ivoire", "CI"), ("Россия", "RU"), ("日本", "JP"), ("España", "ES"),
        ("Tschechien", "CZ"), ("south korea", "KR"), ("Georgia", "GE"), ("us", "US"), ("Atlantis", "Atlantis"),
    ],
)  # fmt: skip
def test_a_country_is_known_by_the_names_people_use(raw: str, code: str) -> None:
    assert _read("country", raw) == code


@pytest.mark.parametrize(
    ("name", "canonical", "region", "native"),
    [
        ("subdivision", "US-CA", "US", "CA"),
        ("subdivision", "DE-BY", "DE", "Bayern"),
        ("subdivision", "US-CA", "DE", "US-CA"),
        ("country", "DE", None, "DE"),
        ("country_name", "DE", None, "Germany"),
        ("website", "acme.com", None, "acme.com"),
        ("url", "acme.com", None, "https://acme.com"),
    ],
)
def test_a_canonical_value_is_written_as_people_write_it(name, canonical, region, native) -> None:
    assert _written(name, canonical, region) == native


@pytest.mark.parametrize(
    ("name", "kept", "region", "flagged"),
    [
        ("phone", "call me", None, True),
        ("phone", "+14155550100 x12", None, False),
        ("email", "nobody", None, True),
        ("email", "a..b@acme.com", None, True),
        ("email", "a.b+c@acme.co.uk", None, False),
        ("country", "Atlantis", None, True),
        ("currency", "XXY", None, True),
        ("subdivision", "Narnia", "GB", True),
        ("tax_id", "DE136695977", "DE", True),
        ("tax_id", "DE136695977", None, True),
        ("tax_id", "911144442", "US", False),
        ("date", "0001-01-01", None, True),
        ("date", "2024-01-01", None, False),
        ("money", "ten", None, True),
        ("boolean", "perhaps", None, True),
    ],
)
def test_what_is_kept_but_not_understood_is_flagged(name, kept, region, flagged) -> None:
    assert _flagged(name, kept, region) is flagged


def test_every_transform_that_flags_says_why() -> None:
    assert all(bool(transform.flag) == bool(transform.flag_text) for transform in TRANSFORMS.values())


def test_a_transform_keeps_the_name_of_its_column() -> None:
    frame = pl.DataFrame({"value": ["x"], "region": ["US"]})
    for transform in TRANSFORMS.values():
        result = frame.select(transform.inbound(pl.col("value"), {"region": pl.col("region")}))
        assert result.columns == ["value"], transform.name


def test_values_of_many_countries_are_cleaned_in_one_pass() -> None:
    frame = pl.DataFrame({"state": ["CA", "CA", "Bavaria", None], "country": ["US", "IT", "DE", "US"]})
    codes = frame.select(TRANSFORMS["subdivision"].inbound(pl.col("state"), {"region": pl.col("country")}))
    assert codes["state"].to_list() == ["US-CA", "IT-CA", "DE-BY", None]
