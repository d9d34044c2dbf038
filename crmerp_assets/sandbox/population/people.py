"""Contacts in both systems, with the truth about who is the same person.

Hard on purpose: nicknames, particles and titles in the wrong field, names swapped, shared mailboxes, people who changed
their job between the two systems, and two people of one name at one company.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from crmerp_assets.sandbox.population.draw import Draw, Rows
from crmerp_assets.sandbox.population.model import Population
from crmerp_assets.sandbox.population.persons import Persons, offices, persons
from crmerp_assets.sandbox.population.typed_people import CRM, ERP, Habits, typed_people


@dataclass(frozen=True, slots=True)
class People:
    """Contacts of both systems: native_id, first_name, last_name, email, phone, title and customer, a native id of the
    population.

    `truth`: native_id, system, person, and company, the one that the person works for in that system.
    """

    crm: pl.DataFrame
    erp: pl.DataFrame
    truth: pl.DataFrame


def people(of: Population, count: int, seed: int, *, overlap: float = 0.5, duplicates: float = 0.04) -> People:
    """As many contacts in each system, of companies of the population.

    `overlap` is the share of a system's people that the other knows, too; `duplicates` the share of second records.
    """
    draw = Draw(seed, "/people")
    at = offices(of)
    distinct = max(1, round(count * (1 - duplicates)))
    both = round(distinct * overlap)
    found = persons(draw.of("person"), at, distinct, both)
    apart = np.arange(distinct, 2 * distinct - both, dtype=np.int64)
    known = {"crm": np.arange(distinct, dtype=np.int64), "erp": np.concatenate([np.arange(both), apart])}
    crm, crm_truth = _side("crm", found, at, known["crm"], count, CRM, draw.of("crm"))
    erp, erp_truth = _side("erp", found, at, known["erp"], count, ERP, draw.of("erp"))
    return People(crm, erp, pl.concat([crm_truth, erp_truth]))


def _side(
    system: str, of: Persons, at: pl.DataFrame, known: Rows, size: int, habits: Habits, draw: Draw
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One system's contacts and the truth about them."""
    again = known[draw.below("again", np.arange(size - len(known)), len(known))]
    person = np.concatenate([known, again])
    person = person[np.argsort(draw.bits("order", np.arange(size)), kind="stable")]
    office = of.office[system][person]
    ids = pl.format("003P{}AAA" if system == "crm" else "C{}", pl.int_range(size).cast(pl.String).str.zfill(11))
    records = typed_people(of, person, at, office, habits, draw).insert_column(
        0, pl.select(ids).to_series().alias("native_id")
    )
    truth = pl.DataFrame(
        {
            "native_id": records["native_id"],
            "system": pl.repeat(system, size, dtype=pl.String, eager=True),
            "person": pl.Series(person),
            "company": at["company"].gather(office),
        }
    )
    return records.with_columns(at[system].gather(office).alias("customer")), truth
