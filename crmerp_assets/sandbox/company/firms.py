"""The firms themselves, before anyone has typed them into a system: no two share a name, a domain or a tax number."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from crmerp_assets.sandbox.company import words
from crmerp_assets.sandbox.company.places import PLACES, TOP_LEVEL, Place
from crmerp_assets.sandbox.company.taxids import tax_number

_COUNTRIES = ("US", "CA", "GB", "DE", "FR")
_WEIGHTS = (50, 10, 15, 15, 10)
_SUBSIDIARY_SHARE = 0.08


@dataclass(slots=True)
class Firm:
    """One firm. `parent` is the index of the firm that owns it; `forms` the ways to write its legal form."""

    index: int
    core: str
    form: str
    forms: tuple[str, ...]
    place: Place
    street: str
    postcode: str
    phone: str
    domain: str
    tax_number: str
    parent: int | None = None

    @property
    def country(self) -> str:
        """ISO 3166 alpha-2."""
        return self.place.country

    @property
    def name(self) -> str:
        """Core name and legal form as its own letterhead has it."""
        return f"{self.core} {self.form}"


def firms(rng: Random, count: int) -> list[Firm]:
    """That many firms; some are branches of an earlier one, in whose name theirs begins."""
    made: list[Firm] = []
    taken: set[str] = set()
    tax_numbers: set[str] = set()
    names = _names(rng)
    while len(made) < count:
        country = rng.choices(_COUNTRIES, _WEIGHTS)[0]
        owner = rng.choice(made) if len(made) > 20 and rng.random() < _SUBSIDIARY_SHARE else None
        core = _branch(owner, country) if owner else _named(next(names), country)
        key = core.lower().replace(" ", "")
        number = tax_number(country, rng)
        if core and key not in taken and number not in tax_numbers:
            taken.add(key)
            tax_numbers.add(number)
            made.append(_firm(rng, len(made), core, country, number, owner))
    return made


def _names(rng: Random) -> Iterator[tuple[str, int, int]]:
    """A stem, its first noun, and how often the stem has come before: every stem comes once before any comes again."""
    stems = [(head + tail, rng.randrange(9)) for head in words.STEM_HEADS for tail in words.STEM_TAILS]
    rng.shuffle(stems)
    for repetition in itertools.count():
        yield from ((stem, noun, repetition) for stem, noun in stems)


def _named(name: tuple[str, int, int], country: str) -> str:
    """Nouns are few: a stem that has had them all gets two of them."""
    stem, noun, repetition = name
    nouns = words.NOUNS[country]
    second = (repetition // len(nouns)) % (len(nouns) + 1)
    tail = f" {nouns[second - 1]}" if second else ""
    return f"{stem} {nouns[(noun + repetition) % len(nouns)]}{tail}"


def _branch(owner: Firm, country: str) -> str:
    """Branches of branches keep the top firm's name; a branch at home would be the firm itself."""
    if owner.parent is not None or owner.country == country:
        return ""
    return f"{owner.core} {words.BRANCHES[country]}"


def _firm(rng: Random, index: int, core: str, country: str, number: str, owner: Firm | None) -> Firm:
    place = rng.choice(PLACES[country])
    street = rng.choice(words.STREETS[country])
    house = rng.randrange(1, 400)
    form, others = rng.choice(words.LEGAL_FORMS[country])
    return Firm(
        index,
        core,
        form,
        others,
        place,
        f"{street} {house}" if country == "DE" else f"{house} {street}",
        place.random_postcode(rng),
        place.random_phone(rng),
        f"{core.lower().replace(' ', '-' if owner else '')}.{TOP_LEVEL[country]}",
        number,
        None if owner is None else owner.index,
    )
