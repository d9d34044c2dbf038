"""Legal forms come off the end of a name, and only there."""

import polars as pl
import pytest

from crmerp_assets.standardise.company import split_legal_form
from crmerp_assets.standardise.matching_keys import domain_key


@pytest.mark.parametrize(
    ("name", "core", "form"),
    [
        ("Acme, Inc.", "Acme", "inc"),
        ("Acme Corporation", "Acme", "corp"),
        ("Acme GmbH & Co. KG", "Acme", "gmbhcokg"),
        ("Volkswagen Aktiengesellschaft", "Volkswagen", "ag"),
        ("Foo Pty Ltd", "Foo", "ptyltd"),
        ("Foo (Pty) Ltd.", "Foo", "ptyltd"),
        ("Bar Co., Ltd.", "Bar", "coltd"),
        ("Grupo S.A.B. de C.V.", "Grupo", "sabdecv"),
        ("XYZ Sp. z o.o.", "XYZ", "spzoo"),
        ("Norden A/S", "Norden", "as"),
        ("トヨタ自動車株式会社", "トヨタ自動車", "株式会社"),
        ("AG Barr p.l.c.", "AG Barr", "plc"),
        ("Limited Brands", "Limited Brands", None),
        ("Company", "Company", None),
        ("Inc Ltd", "Inc", "ltd"),
        ("Texas", "Texas", None),
        ("Show Me", "Show Me", None),
        ("H & M", "H & M", None),
        (None, None, None),
    ],
)
def test_a_name_is_parted_into_core_and_legal_form(name, core, form) -> None:
    frame = pl.DataFrame({"name": [name]}, schema={"name": pl.String})
    found_core, found_form = split_legal_form(pl.col("name"))
    assert frame.select(core=found_core, form=found_form).row(0) == (core, form)


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("https://www.shop.acme.co.uk/x", "acme.co.uk"),
        ("ann@mail.acme.com", "acme.com"),
        ("someone@gmail.com", None),
        ("https://facebook.com/acme", None),
        ("acme.myshopify.com", "acme.myshopify.com"),
        ("crm.acme.test", "acme.test"),
        ("acme", None),
        ("192.168.1.1", None),
        (None, None),
    ],
)
def test_a_domain_key_belongs_to_one_company(value, key) -> None:
    assert pl.DataFrame({"d": [value]}, schema={"d": pl.String}).select(domain_key(pl.col("d"))).item() == key
