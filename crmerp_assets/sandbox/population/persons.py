"""The people themselves, before anyone has typed them: what they are called and where they work."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from crmerp_assets.sandbox.population.columns import joined, put
from crmerp_assets.sandbox.population.companies import slug
from crmerp_assets.sandbox.population.draw import Draw, Mask, Rows
from crmerp_assets.sandbox.population.model import Population
from crmerp_assets.sandbox.population.names import own_script
from crmerp_assets.sandbox.population.places import phones, some_city
from crmerp_assets.sandbox.population.vocabulary import COUNTRIES, shared, spelled

_CHANGED_JOB = 0.03
_NAMESAKE = 0.006
_PLATFORM = r"^(?:facebook|linkedin|instagram|sites\.google|wixsite)\.com$"
_LISTED_ONLY = np.array([code in ("CN", "GR") for code in COUNTRIES])


@dataclass(frozen=True, slots=True)
class Persons:
    """One row a person: names in both scripts, the part of their e-mail address before the `@`, a private address.

    `office` is where they work as each system knows it, a row of `offices`; `given` one of all countries' given names.
    """

    country: Rows
    given: Rows
    last: dict[str, pl.Series]
    particle: pl.Series
    mailbox: pl.Series
    private: pl.Series
    office: dict[str, Rows]
    area: pl.Series
    local: pl.Series
    job: pl.Series


def offices(of: Population) -> pl.DataFrame:
    """A row a company: company, country (its number), domain, and its first record in each system, null without one."""
    site = pl.col("website").str.to_lowercase().str.replace(r"^(?:https?://)?(?:www\.)?", "").str.replace(r"/.*$", "")
    domain = pl.when(~site.str.contains(_PLATFORM)).then(site).alias("domain")
    typed = pl.concat([frame.select("native_id", domain) for frame in (of.crm, of.erp)])
    country = pl.col("country").replace_strict(list(COUNTRIES), range(len(COUNTRIES)), return_dtype=pl.Int64)
    records = of.truth.with_columns(country).hstack(typed.select("domain"))
    return (
        records.group_by("company", maintain_order=True)
        .agg(
            pl.col("country").first(),
            pl.col("domain").drop_nulls().first(),
            *(
                pl.col("native_id").filter(pl.col("system") == system).first().alias(system)
                for system in ("crm", "erp")
            ),
        )
        .sort("company")
    )


def persons(draw: Draw, at: pl.DataFrame, distinct: int, both: int) -> Persons:
    """The people of both systems: the first `both` are in both, up to `distinct` are the CRM's, the rest the ERP's."""
    rows = np.arange(2 * distinct - both, dtype=np.int64)
    namesake = (rows > 0) & (rows < both) & draw.chance("namesake", rows, _NAMESAKE)
    like = rows - namesake
    office = {system: found[like] for system, found in _employers(draw, rows, at, distinct, both).items()}
    country = at["country"].to_numpy()[np.where(rows < distinct, office["crm"], office["erp"])]
    given = spelled("given").native.at(country, draw.share("given", like))
    last = {script: _surnames(draw.of("surname"), like, country, script) for script in ("native", "latin")}
    jobs = shared()["jobs"]
    return Persons(
        country,
        given,
        last,
        spelled("particles").native.pick(country, draw.share("particle", like)),
        *_addresses(draw.of("address"), rows, given, last["latin"], office["crm"], namesake),
        office,
        *phones(draw.of("phone"), rows, some_city(draw.of("city"), rows, country)),
        pl.Series(jobs).gather(draw.below("job", rows, len(jobs))),
    )


def _addresses(
    draw: Draw, rows: Rows, given: Rows, last: pl.Series, office: Rows, namesake: Mask
) -> tuple[pl.Series, pl.Series]:
    """The local part as the person's company makes them (a namesake gets a number), and a private address."""
    names = spelled("given").latin.words.str.split_exact("~", 1).struct.field("field_0")
    first, family = slug(names).gather(given), slug(last)
    number = pl.Series(np.where(namesake, "2", ""))
    way = draw.weighted("way", office, (5, 2, 1, 1))
    local = joined(first, ".", family, number)
    others = (joined(first.str.head(1), family, number), joined(first, number), joined(family, number))
    for which, other in enumerate(others, start=1):
        local = put(local, way == which, other)
    free = shared()["freemail"]
    provider = pl.Series(free).gather(draw.below("provider", rows, len(free)))
    return local, joined(first, ".", family, pl.Series(rows % 97).cast(pl.String), "@", provider)


def _employers(draw: Draw, rows: Rows, at: pl.DataFrame, distinct: int, both: int) -> dict[str, Rows]:
    """The office each person works at, by system: the same one but for those who changed their job in between."""
    in_crm, in_erp = (np.flatnonzero(at[system].is_not_null().to_numpy()) for system in ("crm", "erp"))
    common = np.intersect1d(in_crm, in_erp)

    def some(name: str, among: Rows) -> Rows:
        return np.asarray(among[draw.below(name, rows, len(among))], dtype=np.int64)

    if not len(common):
        raise ValueError("no company is in both systems: give the population an overlap, or more companies")
    known = rows < both
    crm = np.where(known, some("both", common), some("crm", in_crm))
    erp = np.where(known, crm, some("erp", in_erp))
    changed = known & draw.chance("changed job", rows, _CHANGED_JOB)
    return {"crm": crm, "erp": np.where(changed, some("new job", common), erp)}


def _surnames(draw: Draw, rows: Rows, country: Rows, script: str) -> pl.Series:
    """From the country's list, or made of parts as its surnames are."""
    starts = shared()["starts"]
    listed = spelled("surnames").script(script).pick(country, draw.share("listed", rows))
    tail = spelled("surname_tails").script(script).pick(country, draw.share("tail", rows))
    made = joined(pl.Series(starts).gather(draw.below("start", rows, len(starts))), tail)
    own = joined(
        spelled("stems").script(script).pick(country, draw.share("stem", rows)),
        spelled("tails").script(script).pick(country, draw.share("end", rows)),
    )
    made = put(made, own_script(country), own)
    double = joined(listed, "-", made)
    found = put(listed, draw.chance("made", rows, 0.6) & ~_LISTED_ONLY[country], made)
    return put(found, draw.chance("double", rows, 0.04) & ~own_script(country), double)
