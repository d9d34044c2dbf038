"""What the columns of a folder of CSV files mean for Salesforce, read from a YAML file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

CRM_SALES_OPPORTUNITIES = Path(__file__).with_name("crm_sales_opportunities.yaml")


class MappingError(Exception):
    """The mapping file or a CSV file does not say what the loader needs; the text says what to correct."""


@dataclass(frozen=True, slots=True)
class Table:
    """One file of records. `fields` maps a Salesforce field to a column, `values` translates a field's values."""

    file: str
    key: str
    fields: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    modified: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Accounts(Table):
    """`parent` is the column with the key of the account that owns this one."""

    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Products(Table):
    """`price` is the column with the list price."""

    price: str = "price"


@dataclass(frozen=True, slots=True)
class Close:
    """The close date of a deal that has none: `days` after the date in column `after`, else `otherwise`."""

    after: str
    days: int
    otherwise: date


@dataclass(frozen=True, slots=True)
class Opportunities(Table):
    """`name` is a pattern over columns, `account` the column with the account's key."""

    name: str = "{name}"
    account: str = "account"
    close: Close | None = None


@dataclass(frozen=True, slots=True)
class Lines:
    """What was sold: in the opportunities' own file, or in one with a row per line.

    A product no catalogue row matches is written to the field `text` of the opportunity.
    """

    product: str
    price: str
    text: str
    quantity: str | None = None
    file: str | None = None
    opportunity: str | None = None


@dataclass(frozen=True, slots=True)
class FolderMapping:
    """How to load a folder. `exported` is the day that records without a date of their own were last changed."""

    currency: str
    exported: date
    accounts: Accounts
    products: Products
    opportunities: Opportunities
    lines: Lines


def load_mapping(path: Path) -> FolderMapping:
    """Read a mapping file. Raises MappingError for a section or key that is missing or unknown."""
    data: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    try:
        return _mapping(data)
    except (TypeError, KeyError) as error:
        raise MappingError(f"{path}: {error}") from error


def _mapping(data: Mapping[str, Any]) -> FolderMapping:
    deals = dict(data["opportunities"])
    close = deals.pop("close", None)
    return FolderMapping(
        data["currency"],
        data["exported"],
        Accounts(**data["accounts"]),
        Products(**data["products"]),
        Opportunities(**deals, close=Close(**close) if close else None),
        Lines(**data["lines"]),
    )
