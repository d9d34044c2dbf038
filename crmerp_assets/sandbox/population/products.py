"""Products of both systems: families of variants that differ by one word only, with the truth about which is which.

Hard on purpose: `GTX Basic` beside `GTX Plus Basic`, sizes and colours, names and SKUs that are used again, `GTXPro`.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from crmerp_assets.sandbox.population.columns import blanked, joined, overlaid, put
from crmerp_assets.sandbox.population.draw import Draw, Rows
from crmerp_assets.sandbox.population.names import coined
from crmerp_assets.sandbox.population.typos import mistyped
from crmerp_assets.sandbox.population.vocabulary import shared, variants

_VARIANTS = 8
_TIER, _SIZE, _COLOUR = range(3)


@dataclass(frozen=True, slots=True)
class Products:
    """Catalogues of both systems: native_id, sku, name, unit, price (decimal text) and currency. `truth`: native_id,
    system, product, and family, within which products are easily taken for one another."""

    crm: pl.DataFrame
    erp: pl.DataFrame
    truth: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Habits:
    """How a catalogue is kept: shares of its rows."""

    tight: float
    no_kind: float
    turned: float
    upper: float
    slip: float
    other_sku: float
    sku_slip: float
    other_price: float
    missing: dict[str, float]


_CRM = _Habits(
    tight=0.10,
    no_kind=0.15,
    turned=0.05,
    upper=0.02,
    slip=0.015,
    other_sku=0.15,
    sku_slip=0.005,
    other_price=0.10,
    missing={"sku": 0.35, "unit": 0.50, "price": 0.10},
)
_ERP = _Habits(
    tight=0.03,
    no_kind=0.05,
    turned=0.10,
    upper=0.30,
    slip=0.01,
    other_sku=0.10,
    sku_slip=0.005,
    other_price=0.0,
    missing={"sku": 0.02, "unit": 0.05, "price": 0.15},
)


@dataclass(frozen=True, slots=True)
class _Items:
    """One row a product."""

    line: pl.Series
    tier: pl.Series
    kind: pl.Series
    detail: pl.Series
    sku: pl.Series
    unit: Rows
    cents: Rows
    family: Rows


def products(count: int, seed: int, *, overlap: float = 0.8, duplicates: float = 0.03) -> Products:
    """As many products in each catalogue; `overlap` and `duplicates` as for companies."""
    draw = Draw(seed, "/products")
    distinct = max(1, round(count * (1 - duplicates)))
    both = round(distinct * overlap)
    of = _items(draw.of("item"), 2 * distinct - both)
    apart = np.arange(distinct, 2 * distinct - both, dtype=np.int64)
    crm, crm_truth = _side("crm", of, np.arange(distinct, dtype=np.int64), count, _CRM, draw.of("crm"))
    erp, erp_truth = _side("erp", of, np.concatenate([np.arange(both), apart]), count, _ERP, draw.of("erp"))
    return Products(crm, erp, pl.concat([crm_truth, erp_truth]))


def _items(draw: Draw, count: int) -> _Items:
    """Families of eight: their members differ in tier, in size or in colour, and in nothing else."""
    words = shared()
    order = np.argsort(draw.bits("order", np.arange(count)), kind="stable")  # relatives end up in both systems or one
    family, nth = order // _VARIANTS, order % _VARIANTS
    axis = draw.weighted("axis", family, (4, 4, 2))
    tier, size, colour = (
        (draw.below(field, family, len(words[field])) + np.where(axis == which, nth, 0)) % len(words[field])
        for which, field in enumerate(("product_tiers", "product_sizes", "product_colours"))
    )
    line = _lines(draw, family)
    kind = pl.Series(words["product_kinds"]).gather(draw.below("kind", family, len(words["product_kinds"])))
    detail = put(pl.repeat("", count, eager=True), axis != _TIER, pl.Series(words["product_sizes"]).gather(size))
    tint = pl.Series(words["product_colours"]).gather(colour)
    detail = put(detail, axis == _COLOUR, joined(detail, " ", tint).str.strip_chars())
    code = pl.Series(1000 + draw.below("code", family, 9000)).cast(pl.String)
    sku = joined(
        line.str.slice(0, 3).str.to_uppercase(),
        "-",
        code,
        "-",
        pl.Series(family * _VARIANTS + nth + 10).cast(pl.String),
    )
    again = draw.chance("name again", np.arange(count), 0.004)
    like = np.where(again, np.maximum(np.arange(count) - 1, 0), np.arange(count))
    return _Items(
        line.gather(like),
        pl.Series(words["product_tiers"]).gather(tier).gather(like),
        kind.gather(like),
        detail.gather(like),
        put(sku, draw.chance("sku again", np.arange(count), 0.004), sku.shift(1).fill_null("OLD-1000-10")),
        draw.below("unit", family, len(words["units"])),
        100 + draw.below("price", order, 100_000),
        family,
    )


def _lines(draw: Draw, family: Rows) -> pl.Series:
    """A well-known line for one family in ten, with a number when they run out; a coined one for the others."""
    words = shared()["product_lines"]
    known = joined(
        pl.Series(words).gather(draw.below("line", family, len(words))),
        " ",
        pl.Series(100 + family % 900).cast(pl.String),
    )
    return put(coined(draw.of("line"), family), draw.chance("known", family, 0.3), known)


def _side(
    system: str, of: _Items, known: Rows, size: int, habits: _Habits, draw: Draw
) -> tuple[pl.DataFrame, pl.DataFrame]:
    item = np.concatenate([known, known[draw.below("again", np.arange(size - len(known)), len(known))]])
    item = item[np.argsort(draw.bits("order", np.arange(size)), kind="stable")]
    rows = np.arange(size, dtype=np.int64)
    ids = joined("01tP" if system == "crm" else "I", pl.Series(rows).cast(pl.String).str.zfill(11))
    units = variants(shared()["units"])
    share = draw.share("unit", rows)
    columns = {
        "native_id": ids,
        "sku": _sku(of.sku.gather(item), habits, draw.of("sku"), rows),
        "name": _name(of, item, habits, draw.of("name"), rows),
        "unit": units.pick(of.unit[item], share * share),
        "price": _price(of.cents[item], habits, draw.of("price"), rows),
        "currency": pl.repeat("USD", size, dtype=pl.String, eager=True),
    }
    for name, missing in habits.missing.items():
        columns[name] = blanked(columns[name], draw.chance(f"no {name}", rows, missing))
    truth = pl.DataFrame(
        {
            "native_id": ids,
            "system": pl.repeat(system, size, dtype=pl.String, eager=True),
            "product": pl.Series(item),
            "family": pl.Series(of.family[item]),
        }
    )
    return pl.DataFrame(columns), truth


def _sku(sku: pl.Series, habits: _Habits, draw: Draw, rows: Rows) -> pl.Series:
    """With and without hyphens, in small letters, and a few wrong."""
    sku = mistyped(sku, draw, rows, habits.sku_slip)
    sku = overlaid(sku, draw.chance("tight", rows, habits.other_sku), lambda some: some.str.replace_all("-", ""))
    return overlaid(sku, draw.chance("small", rows, habits.other_sku / 2), lambda some: some.str.to_lowercase())


def _name(of: _Items, item: Rows, habits: _Habits, draw: Draw, rows: Rows) -> pl.Series:
    """Line, tier, kind and detail; the tier close to the line, the kind first or left out, cut at forty letters."""
    line, tier, kind, detail = (part.gather(item) for part in (of.line, of.tier, of.kind, of.detail))
    gap = pl.Series(np.where(draw.chance("tight", rows, habits.tight), "", " "))
    core = joined(line, gap, tier)
    turned = draw.chance("turned", rows, habits.turned)
    whole = put(joined(core, " ", kind, " ", detail), turned, joined(kind, " ", core, " ", detail))
    whole = put(whole, draw.chance("no kind", rows, habits.no_kind), joined(core, " ", detail))
    whole = mistyped(whole.str.replace_all(r" {2,}", " ").str.strip_chars(), draw.of("slip"), rows, habits.slip)
    small = draw.chance("unit apart", rows, 0.3)
    whole = overlaid(whole, small, lambda some: some.str.replace(r"(\d) (mm|m|l|V)\b", "${1}${2}"))
    return overlaid(
        whole, draw.chance("upper", rows, habits.upper), lambda some: some.str.to_uppercase().str.slice(0, 40)
    )


def _price(cents: Rows, habits: _Habits, draw: Draw, rows: Rows) -> pl.Series:
    """The list price, or one of another year."""
    cents = np.where(draw.chance("other", rows, habits.other_price), cents + cents // 20, cents)
    return joined(pl.Series(cents // 100).cast(pl.String), ".", pl.Series(cents % 100).cast(pl.String).str.zfill(2))
