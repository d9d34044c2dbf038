"""A CRM and an ERP full of companies, and who is who in them."""

import numpy as np
import polars as pl

from crmerp_assets.sandbox.population.companies import KINDS, Companies
from crmerp_assets.sandbox.population.companies import companies as _companies
from crmerp_assets.sandbox.population.draw import Draw
from crmerp_assets.sandbox.population.model import CRM, ERP, Habits, Population
from crmerp_assets.sandbox.population.systems import System, system
from crmerp_assets.sandbox.population.vocabulary import COUNTRIES

_CRM_IDS = pl.format("001P{}AAA", pl.col("row").cast(pl.String).str.zfill(11))
_ERP_IDS = (pl.col("row") + 1000).cast(pl.String)


def population(
    companies: int,
    seed: int,
    *,
    overlap: float = 0.6,
    duplicates: float = 0.06,
    crm: Habits = CRM,
    erp: Habits = ERP,
) -> Population:
    """As many records in each system, typed by people of 14 countries.

    `overlap` is the share of a system's companies that the other has, too; `duplicates` the share of its records that
    are a company's second one. The same arguments give the same data on every machine.
    """
    if companies < 1 or not 0 <= overlap <= 1 or not 0 <= duplicates < 1:
        raise ValueError("a population needs a record or more, an overlap of 0 to 1 and duplicates of 0 to below 1")
    distinct = max(1, round(companies * (1 - duplicates)))
    both = round(distinct * overlap)
    draw = Draw(seed)
    of = _companies(draw.of("company"), 2 * distinct - both)
    known = {
        "crm": np.arange(distinct, dtype=np.int64),
        "erp": np.concatenate([np.arange(both), np.arange(distinct, 2 * distinct - both)]).astype(np.int64),
    }
    crm_side = system(of, known["crm"], companies, crm, draw.of("crm"), _CRM_IDS)
    erp_side = system(of, known["erp"], companies, erp, draw.of("erp"), _ERP_IDS)
    truth = pl.concat([_truth("crm", crm_side, of), _truth("erp", erp_side, of)])
    return Population(crm_side.records, erp_side.records, truth)


def _truth(name: str, side: System, of: Companies) -> pl.DataFrame:
    group = pl.Series("group", of.group[side.company])
    return pl.DataFrame(
        {
            "native_id": side.records["native_id"],
            "system": pl.repeat(name, len(group), dtype=pl.String, eager=True),
            "company": pl.Series(side.company),
            "group": group.replace(-1, None),
            "kind": pl.Series(KINDS).gather(of.kind[side.company]),
            "country": pl.Series(COUNTRIES).gather(of.country[side.company]),
        }
    )
