"""All lanes side by side: which lane has which record, what no lane takes and what two take, and the money of all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from crmerp_assets.canonical.money import MONEY
from crmerp_assets.reports import totals

ROUTED: dict[str, pl.DataType] = {
    "entity": pl.String(),
    "connection": pl.String(),
    "native_id": pl.String(),
    "name": pl.String(),
    "currency": pl.String(),
    "amount": MONEY,
    "carried": pl.Boolean(),
}
_RECORD = ["entity", "connection", "native_id"]
_SHOWN = ["name", "currency", "amount"]


@dataclass(frozen=True, slots=True)
class Ends:
    """The connections of a lane, and whether what it carries is known by now."""

    crm: str
    erp: str
    known: bool


@dataclass(frozen=True)
class Routing:
    """`carried`: records of each system by lane, and how many no lane has. `nobody`: records that no lane takes.

    `twice`: records that lanes with different ERPs take. `money`: deals a lane, and of all, in the company's currency.
    """

    carried: pl.DataFrame
    nobody: pl.DataFrame
    twice: pl.DataFrame
    money: pl.DataFrame


def routing(rows: pl.DataFrame, deals: pl.DataFrame, lanes: Mapping[str, Ends]) -> Routing:
    """`rows`: ROUTED and `lane`, what each lane sees; `deals`: those of every lane's reconciliation, and `lane`.

    A system of which some lane has not told yet has no unclaimed records: that lane may take them.
    """
    silent = [name for ends in lanes.values() if not ends.known for name in (ends.crm, ends.erp)]
    erp = pl.col("lane").replace_strict({name: ends.erp for name, ends in lanes.items()}, return_dtype=pl.String)
    taken = pl.col("lane").filter(pl.col("carried")).unique().sort()
    by = rows.group_by(_RECORD).agg(
        *(pl.col(name).first() for name in _SHOWN),
        taken.str.join(", ").alias("lanes"),
        erp.filter(pl.col("carried")).n_unique().alias("erps"),
    )
    told = by.filter(~pl.col("connection").is_in(silent))
    order = ["entity", "connection", "name", "native_id"]
    return Routing(
        carried=_carried(by),
        nobody=told.filter(pl.col("lanes") == "").drop("lanes", "erps").sort(order, nulls_last=True),
        twice=by.filter(pl.col("erps") > 1).drop("erps").sort(order, nulls_last=True),
        money=_money(deals),
    )


def _carried(by: pl.DataFrame) -> pl.DataFrame:
    """entity, connection, lanes, records: how many records of a system which lanes have."""
    named = pl.when(pl.col("lanes") == "").then(pl.lit("no lane")).otherwise("lanes").alias("lanes")
    keys = ["entity", "connection", "lanes"]
    return by.with_columns(named).group_by(keys).agg(pl.len().alias("records")).sort(keys)


def _money(deals: pl.DataFrame) -> pl.DataFrame:
    """Won deals per lane and company currency, and a line for all lanes of one currency."""
    each = totals.company(deals, ["lane"])
    whole = totals.company(deals, []).with_columns(pl.lit("all").alias("lane"))
    several = each.group_by("company_currency").len().filter(pl.col("len") > 1)
    total = whole.join(several, on="company_currency", how="semi", nulls_equal=True)
    rows = pl.concat([each, total.select(each.columns)])
    first: Sequence[str] = ("lane", "company_currency", "won_deals")
    amounts = ["company_amount", "company_ordered", "company_invoiced", "company_paid", "company_open_balance"]
    return rows.select(*first, *amounts, "without_rate")
