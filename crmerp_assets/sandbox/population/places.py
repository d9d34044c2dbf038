"""Where companies are: a city with its postcodes and area code, a street, a house; and how people type that."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from crmerp_assets.sandbox.population.columns import Pool, blanked, chosen, computed, filled, joined, put
from crmerp_assets.sandbox.population.draw import Draw, Mask, Rows
from crmerp_assets.sandbox.population.vocabulary import COUNTRIES, Spelled, country, pool, spelled, variants

_NORTH_AMERICA = np.array([country_code in ("US", "CA") for country_code in COUNTRIES])
_AREA, _LOCAL = pl.col("area"), pl.col("local")


@dataclass(frozen=True, slots=True)
class Cities:
    """Every city of every country, one after the other; `size` of them in each country, from `start` on."""

    names: Spelled
    regions: Pool
    postcodes: tuple[str, ...]
    areas: pl.Series
    digits: Rows

    @property
    def start(self) -> Rows:
        """The first city of each country."""
        return self.names.native.start

    @property
    def size(self) -> Rows:
        """How many cities each country has."""
        return self.names.native.size


@cache
def cities() -> Cities:
    """Read from the country files: name; ways to write the region; postcode pattern; area code; local digits."""
    lines = [[line.split(";") for line in country(code)["cities"]] for code in COUNTRIES]
    flat = [line for lines_of_country in lines for line in lines_of_country]
    return Cities(
        Spelled.of([[line[0] for line in lines_of_country] for lines_of_country in lines]),
        Pool.of([line[1].split(",") for line in flat]),
        tuple(line[2] for line in flat),
        pl.Series([line[3] for line in flat]),
        np.array([int(line[4]) for line in flat], dtype=np.int64),
    )


@dataclass(frozen=True, slots=True)
class Place:
    """One address a row, not yet typed: `city`, `street` and `way` are places in the lists of all countries."""

    city: Rows
    street: Rows
    way: Rows
    house: Rows
    postcode: pl.Series

    def where(self, mask: Mask, other: "Place") -> "Place":
        """`other` in the rows of `mask`, this one elsewhere."""
        return Place(
            np.where(mask, other.city, self.city),
            np.where(mask, other.street, self.street),
            np.where(mask, other.way, self.way),
            np.where(mask, other.house, self.house),
            put(self.postcode, mask, other.postcode),
        )

    def take(self, rows: Rows) -> "Place":
        """Those rows, in that order."""
        return Place(self.city[rows], self.street[rows], self.way[rows], self.house[rows], self.postcode.gather(rows))


def some_city(draw: Draw, rows: Rows, of: Rows) -> Rows:
    """A city of each row's country, the first ones of the list more often."""
    share = draw.share("city", rows)
    return cities().names.native.at(of, share * share)


def places(draw: Draw, rows: Rows, of: Rows, city: Rows) -> Place:
    """Street, house and postcode in a city, for companies of the countries `of`."""
    streets, ways = spelled("streets").native, spelled("ways").native
    share = draw.share("way", rows)
    return Place(
        city,
        streets.at(of, draw.share("street", rows)),
        ways.at(of, share * share),
        1 + draw.below("house", rows, 400),
        filled(cities().postcodes, city, draw.of("postcode"), rows),
    )


def typed_place(place: Place, of: Rows, latin: Mask, draw: Draw, rows: Rows) -> dict[str, pl.Series]:
    """billing_street, billing_city, billing_subdivision, billing_postcode as typed, without gaps but for regions."""
    exonym = latin | draw.chance("exonym", rows, 0.08)
    city = put(cities().names.native.words.gather(place.city), exonym, cities().names.latin.words.gather(place.city))
    share = draw.share("region", rows)
    region = cities().regions.pick(place.city, share * share)
    case = draw.share("case", rows)
    return {
        "billing_street": _street(place, of, latin, draw, rows),
        "billing_city": put(city, case < 0.12, city.str.to_uppercase()),
        "billing_subdivision": blanked(region, (region == "").to_numpy()),
        "billing_postcode": put(
            place.postcode, draw.chance("tight", rows, 0.15), place.postcode.str.replace_all(" ", "")
        ),
    }


@cache
def _ways(script: str) -> Pool:
    return variants(spelled("ways").script(script).words.to_list())


def _street(place: Place, of: Rows, latin: Mask, draw: Draw, rows: Rows) -> pl.Series:
    share = draw.share("way", rows)
    found = {
        script: computed(
            pl.col("pattern")
            .str.replace("{house}", pl.col("house"), literal=True)
            .str.replace("{street}", pl.col("street"), literal=True)
            .str.replace("{way}", pl.col("way"), literal=True),
            pattern=spelled("line").script(script).words.gather(of),
            house=put(
                pl.Series(place.house).cast(pl.String),
                draw.chance("part", rows, 0.03),
                joined(pl.Series(place.house).cast(pl.String), "a"),
            ),
            street=spelled("streets").script(script).words.gather(place.street),
            way=_ways(script).pick(place.way, share * share),
        )
        for script in ("native", "latin")
    }
    line = put(found["native"], latin, found["latin"])
    suite = joined(line, "\n", "Suite ", pl.Series(1 + draw.below("suite", rows, 90)).cast(pl.String))
    return put(line, draw.chance("suite?", rows, 0.05), suite)


def typed_country(of: Rows, draw: Draw, rows: Rows) -> pl.Series:
    """The country's name or a code for it."""
    share = draw.share("spelling", rows)
    return pool("spellings").pick(of, share * share)


def phones(draw: Draw, rows: Rows, city: Rows) -> tuple[pl.Series, pl.Series]:
    """Area code and local number of a line in that city."""
    digits = filled(("2#######",), np.zeros(len(rows), dtype=np.int64), draw, rows)
    local = computed(
        pl.col("number").str.slice(0, pl.col("length")), number=digits, length=pl.Series(cities().digits[city])
    )
    return cities().areas.gather(city), local


def typed_phone(area: pl.Series, local: pl.Series, of: Rows, draw: Draw, rows: Rows) -> pl.Series:
    """National and international forms, with the separators that people use."""
    style = draw.weighted("style", rows, (3, 3, 2, 2, 1, 1))
    dial, trunk = pl.col("dial"), pl.col("trunk")
    abroad = (
        pl.format("+{} {} {}", dial, _AREA, _LOCAL),
        pl.format("{}{} {}", trunk, _AREA, _LOCAL),
        pl.format("+{}{}{}", dial, _AREA, _LOCAL),
        pl.format("{}{}-{}", trunk, _AREA, _LOCAL),
        pl.format("00{}{}{}", dial, _AREA, _LOCAL),
        pl.format("({}{}) {} {}", trunk, _AREA, _LOCAL.str.slice(0, 3), _LOCAL.str.slice(3)),
    )
    first, last = _LOCAL.str.slice(0, 3), _LOCAL.str.slice(3)
    home = (
        pl.format("({}) {}-{}", _AREA, first, last),
        pl.format("{}-{}-{}", _AREA, first, last),
        pl.format("+1 {} {} {}", _AREA, first, last),
        pl.format("{}.{}.{}", _AREA, first, last),
        pl.format("1-{}-{}-{}", _AREA, first, last),
        pl.format("{}{}", _AREA, _LOCAL),
    )
    return computed(
        pl.when("american").then(chosen("style", home)).otherwise(chosen("style", abroad)),
        area=area,
        local=local,
        dial=pool("dial").words.gather(of),
        trunk=pool("trunk").words.gather(of),
        style=pl.Series(style),
        american=pl.Series(_NORTH_AMERICA[of]),
    )
