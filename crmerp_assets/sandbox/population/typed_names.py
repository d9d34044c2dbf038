"""How people type a company's name: legal form, capitals, slips, trade names, notes to colleagues."""

from functools import cache

import numpy as np
import polars as pl

from crmerp_assets.sandbox.population.columns import Pool, joined, overlaid, put
from crmerp_assets.sandbox.population.companies import Companies
from crmerp_assets.sandbox.population.draw import Draw, Mask, Rows
from crmerp_assets.sandbox.population.model import Habits
from crmerp_assets.sandbox.population.places import cities
from crmerp_assets.sandbox.population.typos import mistyped
from crmerp_assets.sandbox.population.vocabulary import COUNTRIES, shared, spelled, variants

CAPITALS_LENGTH = 35
"""What an old ERP has room for in a name."""
_JOINED = np.array([code in ("JP", "CN") for code in COUNTRIES])
_BEFORE = np.array([code == "JP" for code in COUNTRIES])
_QUOTED = np.array([code == "UA" for code in COUNTRIES])


def typed_names(of: Companies, company: Rows, latin: Mask, habits: Habits, draw: Draw, rows: Rows) -> pl.Series:
    """The names of the companies in `company` as the people of one system type them."""
    core = put(of.names.native.gather(company), latin, of.names.latin.gather(company))
    core = mistyped(core, draw.of("slip"), rows, habits.slip)
    core = overlaid(core, draw.chance("and", rows, 0.3), lambda some: some.str.replace(" & ", " and ", literal=True))
    name = _with_form(core, _form(of, company, latin, habits, draw, rows), of.country[company], latin, company, draw)
    name = put(name, draw.chance("no form", rows, habits.no_form), core)
    name = _traded(name, core, of.trade_name.gather(company), habits, draw, rows)
    name = _noted(name, of.place.city[company], habits, draw, rows)
    name = overlaid(name, draw.chance("upper", rows, habits.upper), _capitals)
    name = overlaid(name, draw.chance("lower", rows, habits.lower), lambda some: some.str.to_lowercase())
    return overlaid(name, draw.chance("gap", rows, 0.01), lambda some: some.str.replace(" ", "  ", literal=True))


def _capitals(names: pl.Series) -> pl.Series:
    return names.str.to_uppercase().str.slice(0, CAPITALS_LENGTH).str.strip_chars_end()


@cache
def _forms(field: str, script: str) -> Pool:
    return variants(spelled(field).script(script).words.to_list())


def _form(of: Companies, company: Rows, latin: Mask, habits: Habits, draw: Draw, rows: Rows) -> pl.Series:
    share = draw.share("form", rows)
    share = np.where(draw.chance("other form", rows, habits.other_form), share, 0.0)
    native = _forms("forms", "native").pick(of.form[company], share)
    return put(native, latin & _own(of, company), _forms("latin_forms", "native").pick(of.latin_form[company], share))


def _own(of: Companies, company: Rows) -> Mask:
    """Whether the country has other forms for names in Latin letters."""
    found: Mask = (spelled("latin_forms").native.words.gather(of.latin_form[company]) != "").to_numpy()
    return found


def _with_form(core: pl.Series, form: pl.Series, country: Rows, latin: Mask, company: Rows, draw: Draw) -> pl.Series:
    """The form before or after the name, as the country and the company have it."""
    before = _BEFORE[country] & draw.chance("form first", company, 0.5) & ~latin
    name = put(
        joined(core, " ", form), draw.chance("comma", company, 0.1) & ~_JOINED[country], joined(core, ", ", form)
    )
    name = put(name, _JOINED[country] & ~latin, joined(core, form))
    name = put(name, before, joined(form, core))
    return put(name, _QUOTED[country] & ~latin, joined(form, ' "', core, '"'))


def _traded(name: pl.Series, core: pl.Series, trade: pl.Series, habits: Habits, draw: Draw, rows: Rows) -> pl.Series:
    used = draw.chance("trade name", rows, habits.trade_name) & trade.is_not_null().to_numpy()
    how = draw.weighted("trade style", rows, (0.4, 0.4, 0.2))
    name = put(name, used & (how == 0), joined(name, " dba ", trade))
    name = put(name, used & (how == 1), trade)
    return put(name, used & (how == 2), joined(trade, " (", core, ")"))


def _noted(name: pl.Series, city: Rows, habits: Habits, draw: Draw, rows: Rows) -> pl.Series:
    notes = shared()["notes"]
    note = pl.Series(notes).gather(draw.below("note", rows, len(notes)))
    name = put(name, draw.chance("noted", rows, habits.note), joined(name, note))
    place = cities().names.latin.words.gather(city)
    return put(name, draw.chance("city in name", rows, habits.city_in_name), joined(name, " (", place, ")"))
