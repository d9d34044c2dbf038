"""What the generator gives back, and how careful the people of each system are."""

from dataclasses import dataclass

import polars as pl

COLUMNS = (
    *("native_id", "name", "website", "email", "phone", "tax_id"),
    *("billing_street", "billing_city", "billing_subdivision", "billing_postcode", "billing_country", "parent"),
)
"""Text as it was typed there; null where nothing was. `parent` is a native id of the same system."""


@dataclass(frozen=True, slots=True)
class Population:
    """Records of both systems, with what they really are.

    `crm` and `erp` hold COLUMNS. `truth` has a row for each record: native_id, system (`crm` or `erp`), company
    (records of one company share it, whatever the system), group (companies of one corporate group share it; null
    without one), kind (`plain`, `member` of an international group, `franchise`, `generic` name, `tenant` of
    a building whose address and often switchboard other companies have) and country (ISO
    3166-1 alpha-2).
    """

    crm: pl.DataFrame
    erp: pl.DataFrame
    truth: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Habits:
    """How records of one system come about: shares of its rows."""

    no_form: float
    other_form: float
    upper: float
    lower: float
    slip: float
    trade_name: float
    latin: float
    note: float
    city_in_name: float
    moved: float
    old_phone: float
    extension: float
    other_domain: float
    shared_domain: float
    tax_slip: float
    tax_placeholder: float
    parent: float
    missing: dict[str, float]


CRM = Habits(
    no_form=0.30,
    other_form=0.30,
    upper=0.02,
    lower=0.02,
    slip=0.04,
    trade_name=0.45,
    latin=0.45,
    note=0.006,
    city_in_name=0.015,
    moved=0.07,
    old_phone=0.03,
    extension=0.12,
    other_domain=0.02,
    shared_domain=0.06,
    tax_slip=0.01,
    tax_placeholder=0.03,
    parent=0.55,
    missing={
        "tax_id": 0.78,
        "website": 0.12,
        "email": 0.55,
        "phone": 0.30,
        "billing_street": 0.12,
        "billing_city": 0.05,
        "billing_subdivision": 0.30,
        "billing_postcode": 0.15,
        "billing_country": 0.06,
    },
)
"""Salespeople: trade names, mixed case, few tax numbers."""

ERP = Habits(
    no_form=0.10,
    other_form=0.40,
    upper=0.40,
    lower=0.0,
    slip=0.02,
    trade_name=0.10,
    latin=0.20,
    note=0.008,
    city_in_name=0.01,
    moved=0.06,
    old_phone=0.04,
    extension=0.10,
    other_domain=0.02,
    shared_domain=0.04,
    tax_slip=0.01,
    tax_placeholder=0.02,
    parent=0.35,
    missing={
        "tax_id": 0.10,
        "website": 0.42,
        "email": 0.35,
        "phone": 0.40,
        "billing_street": 0.03,
        "billing_city": 0.01,
        "billing_subdivision": 0.20,
        "billing_postcode": 0.03,
        "billing_country": 0.01,
    },
)
"""Accountants: registered names, many in capitals of at most 35 letters, and a tax number."""
