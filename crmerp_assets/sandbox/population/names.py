"""What companies are called: coined names, families, places, letters, and names that many companies share."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from crmerp_assets.sandbox.population.columns import computed, filled, joined, put
from crmerp_assets.sandbox.population.draw import Draw, Mask, Rows
from crmerp_assets.sandbox.population.vocabulary import COUNTRIES, NO_LATIN, Spelled, shared, spelled

_SHAPES = (0.55, 0.10, 0.17, 0.08, 0.10)
_COINED, _ALONE, _FAMILY, _PLACE, _LETTERS, _GENERIC = range(6)
_TIGHT = np.array([code in ("JP", "CN") for code in COUNTRIES])
_OWN_SCRIPT = np.array([code in NO_LATIN for code in COUNTRIES])


@dataclass(frozen=True, slots=True)
class Names:
    """Core names without legal form, in their country's script and in Latin letters (the same where it is Latin).

    `coined` ones begin with a word that nobody else has.
    """

    native: pl.Series
    latin: pl.Series
    coined: Mask


def own_script(country: Rows) -> Mask:
    """Whether the country writes in another script than the Latin one."""
    found: Mask = _OWN_SCRIPT[country]
    return found


def core_names(draw: Draw, rows: Rows, country: Rows, generic: Mask) -> Names:
    """A core name for each row; `generic` rows get one that many have."""
    shape = np.where(generic, _GENERIC, draw.weighted("shape", rows, _SHAPES))
    parts = _Parts(draw, rows, country)
    native, latin = (_assembled(parts, shape, script) for script in ("native", "latin"))
    return Names(native, latin, shape <= _ALONE)


def coined(draw: Draw, rows: Rows) -> pl.Series:
    """Invented words, such as `Corvexa`: some 300,000 of them."""
    words = shared()

    def part(name: str) -> pl.Series:
        return pl.Series(words[name]).gather(draw.below(name, rows, len(words[name])))

    middle = put(part("mids"), draw.chance("short", rows, 0.2), pl.repeat("", len(rows), eager=True))
    return joined(part("starts"), middle, part("ends"))


class _Parts:
    """The words that a row's name may consist of, each in both scripts."""

    def __init__(self, draw: Draw, rows: Rows, country: Rows) -> None:
        self.draw, self.rows, self.country = draw, rows, country
        self.tight = pl.Series(_TIGHT[country])
        self.coined = coined(draw.of("coined"), rows)
        self.letters = filled(("@@", "@@@", "@@@"), draw.below("letters", rows, 3), draw.of("letter"), rows)

    def word(self, field: str, script: str, nth: int = 0) -> pl.Series:
        pool: Spelled = spelled(field)
        share = self.draw.share(f"{field} {nth}", self.rows)
        return pool.script(script).pick(self.country, share * share if field == "sectors" else share)

    def city(self, script: str) -> pl.Series:
        return self.word("cities", script).str.split_exact(";", 1).struct.field("field_0").str.strip_suffix("市")

    def stem(self, script: str) -> pl.Series:
        """A coined word, or two syllables of the country's own script."""
        own = joined(self.word("stems", script), self.word("tails", script))
        return put(self.coined, own_script(self.country), own)

    def some(self, name: str, probability: float) -> Mask:
        return self.draw.chance(name, self.rows, probability)


def _assembled(parts: _Parts, shape: Rows, script: str) -> pl.Series:
    stem, sector, second = parts.stem(script), parts.word("sectors", script), parts.word("sectors", script, 1)
    generic, city = parts.word("generic", script), parts.city(script)
    gap = pl.Series(np.where(_TIGHT[parts.country], "", " ")) if script == "native" else " "
    wide = put(
        joined(stem, gap, sector),
        parts.some("placed", 0.5) & own_script(parts.country),
        joined(city, gap, stem, gap, sector),
    )
    place = joined(city, gap, generic, gap, sector)
    names = {
        _COINED: wide,
        _ALONE: stem,
        _FAMILY: _family(parts, sector, script, gap),
        _PLACE: put(place, parts.some("two sectors", 0.6), joined(place, gap, second)),
        _LETTERS: joined(parts.letters, gap, sector),
    }
    found = joined(generic, gap, sector)
    for which, name in names.items():
        found = put(found, shape == which, name)
    return found


def _family(parts: _Parts, sector: pl.Series, script: str, gap: pl.Series | str) -> pl.Series:
    """Two families, one with a given name, or a family with what families call their firms."""
    name, other = parts.word("surnames", script), parts.word("surnames", script, 1)
    given = parts.word("given", script).str.split_exact("~", 1).struct.field("field_0")
    pattern = parts.word("family", script)
    firm = computed(pl.col("pattern").str.replace("{}", pl.col("name"), literal=True), pattern=pattern, name=name)
    kind = parts.draw.weighted("family kind", parts.rows, (0.45, 0.3, 0.25))
    both = put(joined(name, " & ", other), kind == 1, joined(given, gap, name))
    return joined(put(both, kind == 2, firm), gap, sector)
