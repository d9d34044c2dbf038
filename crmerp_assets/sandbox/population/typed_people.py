"""How people type the names, mailboxes and numbers of people."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from crmerp_assets.sandbox.population.columns import Pool, blanked, computed, joined, overlaid, put
from crmerp_assets.sandbox.population.companies import folded, slug
from crmerp_assets.sandbox.population.draw import Draw, Rows
from crmerp_assets.sandbox.population.names import own_script
from crmerp_assets.sandbox.population.persons import Persons
from crmerp_assets.sandbox.population.places import typed_phone
from crmerp_assets.sandbox.population.typos import mistyped
from crmerp_assets.sandbox.population.vocabulary import shared, spelled, variants


@dataclass(frozen=True, slots=True)
class Habits:
    """How contacts of one system are kept: shares of its rows."""

    nickname: float
    degree: float
    swapped: float
    initial: float
    particle: float
    upper: float
    ascii: float
    latin: float
    slip: float
    mailbox: float
    alias: float
    private: float
    other_phone: float
    missing: dict[str, float]


CRM = Habits(
    nickname=0.10,
    degree=0.03,
    swapped=0.015,
    initial=0.02,
    particle=0.10,
    upper=0.02,
    ascii=0.05,
    latin=0.5,
    slip=0.025,
    mailbox=0.04,
    alias=0.04,
    private=0.06,
    other_phone=0.08,
    missing={"first_name": 0.03, "email": 0.12, "phone": 0.40, "title": 0.25},
)
ERP = Habits(
    nickname=0.03,
    degree=0.05,
    swapped=0.02,
    initial=0.06,
    particle=0.15,
    upper=0.25,
    ascii=0.30,
    latin=0.3,
    slip=0.015,
    mailbox=0.12,
    alias=0.03,
    private=0.03,
    other_phone=0.10,
    missing={"first_name": 0.06, "email": 0.30, "phone": 0.50, "title": 0.75},
)


def typed_people(of: Persons, person: Rows, at: pl.DataFrame, office: Rows, habits: Habits, draw: Draw) -> pl.DataFrame:
    """first_name, last_name, email, phone and title of the people in `person`, who work at the offices in `office`."""
    rows = np.arange(len(person), dtype=np.int64)
    first, last = _names(of, person, habits, draw.of("name"), rows)
    columns = {
        "first_name": first,
        "last_name": last,
        "email": _email(of, person, at["domain"].gather(office), habits, draw.of("email"), rows),
        "phone": _phone(of, person, habits, draw.of("phone"), rows),
        "title": of.job.gather(person),
    }
    for name, share in habits.missing.items():
        columns[name] = blanked(columns[name], draw.chance(f"no {name}", rows, share))
    return pl.DataFrame(columns)


@cache
def _given(script: str) -> Pool:
    return variants(spelled("given").script(script).words.to_list())


def _names(of: Persons, person: Rows, habits: Habits, draw: Draw, rows: Rows) -> tuple[pl.Series, pl.Series]:
    latin = ~own_script(of.country[person]) | draw.chance("latin", rows, habits.latin)
    share = np.where(draw.chance("nickname", rows, habits.nickname), 0.99, 0.0)
    given = of.given[person]
    first = put(_given("native").pick(given, share), latin, _given("latin").pick(given, share))
    last = put(of.last["native"].gather(person), latin, of.last["latin"].gather(person))
    first, last = (
        mistyped(first, draw.of("first"), rows, habits.slip),
        mistyped(last, draw.of("last"), rows, habits.slip),
    )
    first = put(first, draw.chance("initial", rows, habits.initial), joined(first.str.head(1), "."))
    first, last = _particles(first, last, of.particle.gather(person), habits, draw, rows)
    degrees = shared()["degrees"]
    degree = pl.Series(degrees).gather(draw.below("degree", rows, len(degrees)))
    first = put(first, draw.chance("has degree", rows, habits.degree), joined(degree, " ", first))
    first, last = _swapped(first, last, habits, draw, rows)
    return _cased(first, habits, draw, rows), _cased(last, habits, draw, rows)


def _particles(
    first: pl.Series, last: pl.Series, particle: pl.Series, habits: Habits, draw: Draw, rows: Rows
) -> tuple[pl.Series, pl.Series]:
    """`van der` belongs to the family name; some type it after the given one, in capitals, or leave it out."""
    share = draw.share("where", rows) / habits.particle
    some = (particle != "").to_numpy()
    capital = put(particle, share > 0.9 / habits.particle, particle.str.to_titlecase())
    behind = some & (share < 0.5)
    return (
        put(first, behind, joined(first, " ", particle)),
        put(last, some & (share >= 1), joined(capital, " ", last)),
    )


def _swapped(first: pl.Series, last: pl.Series, habits: Habits, draw: Draw, rows: Rows) -> tuple[pl.Series, pl.Series]:
    """Given and family name in each other's field, or both in one."""
    swap = draw.chance("swapped", rows, habits.swapped)
    whole = draw.chance("whole", rows, habits.swapped / 2)
    one, other = put(first, swap, last), put(last, swap, first)
    return blanked(one, whole), put(other, whole, joined(first, " ", last))


def _cased(name: pl.Series, habits: Habits, draw: Draw, rows: Rows) -> pl.Series:
    name = overlaid(name, draw.chance("ascii", rows, habits.ascii), folded)
    return overlaid(name, draw.chance("upper", rows, habits.upper), lambda some: some.str.to_uppercase())


def _email(of: Persons, person: Rows, domain: pl.Series, habits: Habits, draw: Draw, rows: Rows) -> pl.Series:
    """The address at work, another one there that leads to the same person, a private or a shared one."""
    words = shared()
    local = of.mailbox.gather(person)
    alias = joined(
        slug(_given("latin").pick(of.given[person], np.zeros(len(rows)))), "-", slug(of.last["latin"].gather(person))
    )
    local = put(local, draw.chance("alias", rows, habits.alias), alias)
    mailboxes = pl.Series(words["mailboxes"]).gather(draw.below("mailbox", rows, len(words["mailboxes"])))
    local = put(local, draw.chance("shared", rows, habits.mailbox), mailboxes)
    private = draw.chance("private", rows, habits.private) | domain.is_null().to_numpy()
    return put(joined(local, "@", domain), private, of.private.gather(person))


def _phone(of: Persons, person: Rows, habits: Habits, draw: Draw, rows: Rows) -> pl.Series:
    """The person's line, or another one that only that record has."""
    local = of.local.gather(person)
    other = joined(
        computed(pl.col("local").str.head(-4), local=local),
        pl.Series(1000 + draw.below("line", rows, 9000)).cast(pl.String),
    )
    local = put(local, draw.chance("other", rows, habits.other_phone), other)
    return typed_phone(of.area.gather(person), local, of.country[person], draw, rows)
