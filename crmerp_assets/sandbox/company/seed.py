"""Filling a CRM and an ERP with a generated company: a few large calls, and only where there is nothing yet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from crmerp_assets.sandbox.company.model import Company
from crmerp_assets.sandbox.company.roles import Accountant, Seller
from crmerp_assets.sandbox.company.systems import Ids, System


class AlreadySeeded(Exception):
    """The systems hold accounts or customers already; say `again=True` to add a company to them."""


@dataclass(frozen=True, slots=True)
class Place:
    """A pair of systems and their addresses."""

    crm: System[Seller]
    crm_url: str
    erp: System[Accountant]
    erp_url: str


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was made. `crm` and `erp` map the company's local keys to native ids."""

    counts: dict[str, int]
    crm: Ids
    erp: Ids
    pairs: list[tuple[str, str]]
    ambiguous: list[tuple[str, str]]


def seed(company: Company, place: Place, today: date, *, again: bool = False) -> Seeded:
    """Fill both systems as of `today`. Raises AlreadySeeded, and Refused when a system does not take the data."""
    if not again and not (place.crm.is_empty(place.crm_url) and place.erp.is_empty(place.erp_url)):
        where = f"{place.crm_url} and {place.erp_url}"
        raise AlreadySeeded(f"{where} are not empty: seed once, or remove their folders first")
    crm = place.crm.fill(place.crm_url, company, today)
    erp = place.erp.fill(place.erp_url, company, today)
    return Seeded(
        _counts(company) | crm.counts | erp.counts,
        crm.ids,
        erp.ids,
        [(crm.ids[match.account], erp.ids[match.customer]) for match in company.matches],
        [(crm.ids[match.account], erp.ids[match.customer]) for match in company.ambiguous],
    )


def _counts(company: Company) -> dict[str, int]:
    named: Iterable[tuple[str, Sequence[Any]]] = (
        ("accounts", company.accounts),
        ("contacts", company.contacts),
        ("products", company.products),
        ("deals", company.deals),
        ("line items", company.lines),
        ("customers", company.customers),
        ("items", company.items),
        ("orders", company.orders),
    )
    return {name: len(records) for name, records in named}
