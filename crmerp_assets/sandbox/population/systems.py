"""One system's records: companies, some of them twice, each typed anew by somebody with that system's habits."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from crmerp_assets.sandbox.population.columns import blanked, computed, joined, put
from crmerp_assets.sandbox.population.companies import Companies, slug
from crmerp_assets.sandbox.population.draw import Draw, Mask, Rows
from crmerp_assets.sandbox.population.model import COLUMNS, Habits
from crmerp_assets.sandbox.population.names import own_script
from crmerp_assets.sandbox.population.places import phones, typed_country, typed_phone, typed_place
from crmerp_assets.sandbox.population.taxes import typed_tax
from crmerp_assets.sandbox.population.typed_names import typed_names
from crmerp_assets.sandbox.population.typos import mistyped
from crmerp_assets.sandbox.population.vocabulary import pool, shared


@dataclass(frozen=True, slots=True)
class System:
    """`company` is what each record of `records` really is."""

    records: pl.DataFrame
    company: Rows


def system(of: Companies, present: Rows, size: int, habits: Habits, draw: Draw, native_ids: pl.Expr) -> System:
    """`size` records of the companies `present`: each has one, and what is left over are second ones.

    `native_ids` makes an id out of the column `row`.
    """
    again = present[draw.below("again", np.arange(size - len(present)), len(present))]
    company = np.concatenate([present, again])
    company = company[np.argsort(draw.bits("order", np.arange(size)), kind="stable")]
    rows = np.arange(size, dtype=np.int64)
    ids = computed(native_ids, row=pl.Series(rows))
    columns = {"native_id": ids, **_typed(of, company, habits, draw, rows)}
    columns["parent"] = _parents(of, company, ids, habits, draw, rows)
    for name, share in habits.missing.items():
        columns[name] = blanked(columns[name], draw.chance(f"no {name}", rows, share))
    return System(pl.DataFrame({name: columns[name] for name in COLUMNS}), company)


def _typed(of: Companies, company: Rows, habits: Habits, draw: Draw, rows: Rows) -> dict[str, pl.Series]:
    country = of.country[company]
    latin = ~own_script(country) | draw.chance("latin", rows, habits.latin)
    place = of.place.take(company).where(draw.chance("moved", rows, habits.moved), of.before.take(company))
    return {
        "name": typed_names(of, company, latin, habits, draw.of("name"), rows),
        **_online(of, company, habits, draw.of("online"), rows),
        "phone": _phone(of, company, habits, draw.of("phone"), rows),
        "tax_id": typed_tax(of.tax[company], country, draw.of("tax"), rows, habits.tax_slip, habits.tax_placeholder),
        **_place(typed_place(place, country, latin, draw.of("place"), rows), habits, draw.of("place slip"), rows),
        "billing_country": typed_country(country, draw.of("country"), rows),
    }


def _place(typed: dict[str, pl.Series], habits: Habits, draw: Draw, rows: Rows) -> dict[str, pl.Series]:
    for name in ("billing_street", "billing_city"):
        typed[name] = mistyped(typed[name], draw.of(name), rows, habits.slip / 2)
    return typed


def _phone(of: Companies, company: Rows, habits: Habits, draw: Draw, rows: Rows) -> pl.Series:
    """The switchboard, somebody's line behind it (the last two digits differ), or a number of long ago."""
    area, local = of.area.gather(company), of.local.gather(company)
    old_area, old = phones(draw.of("old"), rows, of.before.city[company])
    trunk = computed(pl.col("local").str.head(-2), local=local)
    line = joined(trunk, pl.Series(10 + draw.below("line", rows, 90)).cast(pl.String))
    local = put(local, draw.chance("extension", rows, habits.extension), line)
    was = draw.chance("was", rows, habits.old_phone)
    return typed_phone(put(area, was, old_area), put(local, was, old), of.country[company], draw, rows)


def _online(of: Companies, company: Rows, habits: Habits, draw: Draw, rows: Rows) -> dict[str, pl.Series]:
    words, name = shared(), slug(of.names.latin.gather(company))
    domain = _domain(of, company, habits, draw, rows)

    def some(field: str) -> pl.Series:
        return pl.Series(words[field]).gather(draw.below(field, rows, len(words[field])))

    website = _website(domain, draw, rows)
    page = draw.chance("platform", rows, habits.shared_domain / 2)
    free = draw.chance("freemail", rows, habits.shared_domain)
    free |= domain.is_null().to_numpy() & draw.chance("no domain", rows, 0.4)
    return {
        "website": put(website, page, joined(some("platforms"), name)),
        "email": put(
            joined(some("mailboxes"), "@", domain), free, joined(name.str.slice(0, 20), "@", some("freemail"))
        ),
    }


def _domain(of: Companies, company: Rows, habits: Habits, draw: Draw, rows: Rows) -> pl.Series:
    """The company's, or the same name under another ending, from before or for another market."""
    domain = of.domain.gather(company)
    ending = pool("domains").pick(of.country[company], draw.share("ending", rows))
    label = domain.str.split_exact(".", 1).struct.field("field_0")
    return put(domain, draw.chance("other", rows, habits.other_domain), joined(label, ".", ending))


def _website(domain: pl.Series, draw: Draw, rows: Rows) -> pl.Series:
    form = draw.weighted("form", rows, (4, 3, 3, 1, 1, 1))
    ways = (("https://www.", ""), ("www.", ""), ("", ""), ("http://", "/"), ("https://", "/en"), ("HTTP://WWW.", ""))
    before = pl.Series([way[0] for way in ways]).gather(form)
    return joined(before, domain, pl.Series([way[1] for way in ways]).gather(form))


def _parents(of: Companies, company: Rows, ids: pl.Series, habits: Habits, draw: Draw, rows: Rows) -> pl.Series:
    """The record of a member's head in the same system, where somebody has noted it."""
    record = np.full(len(of.head), -1, dtype=np.int64)
    record[company[::-1]] = rows[::-1]
    parent = record[of.head[company]]
    known: Mask = (of.group[company] >= 0) & (of.head[company] != company) & (parent >= 0)
    return blanked(ids.gather(np.maximum(parent, 0)), ~(known & draw.chance("parent", rows, habits.parent)))
