"""The companies themselves, before anyone has typed them: who owns whom, what each is called, where it is.

Hard cases are made here: members of international groups carry their head's name in another country, franchises share
name, country and domain with others of their brand, generic names belong to many firms that have nothing in common, and
tenants have the address of a building, most of them its switchboard, and nothing else in common with its other firms.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from crmerp_assets.sandbox.population.columns import Chars, blanked, joined, put
from crmerp_assets.sandbox.population.draw import Draw, Rows
from crmerp_assets.sandbox.population.names import Names, coined, core_names, own_script
from crmerp_assets.sandbox.population.places import Place, cities, phones, places, some_city
from crmerp_assets.sandbox.population.taxes import tax_numbers
from crmerp_assets.sandbox.population.vocabulary import COUNTRIES, country, pool, spelled

KINDS = ("plain", "member", "franchise", "generic", "tenant")
_PLAIN, _MEMBER, _FRANCHISE, _GENERIC, _TENANT = range(5)
_SHARES = (0.865, 0.06, 0.015, 0.03, 0.03)
_FRANCHISES_A_BRAND = 8
_TENANTS_A_BUILDING = 3
_FOLD = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "æ": "ae", "å": "a", "ł": "l", "ñ": "n", "ç": "c"} | {
    letter: base
    for base, letters in {"a": "áàâãă", "e": "éèêë", "i": "íìîï", "o": "óòôõ", "u": "úùû"}.items()
    for letter in letters
}


@dataclass(frozen=True, slots=True)
class Companies:
    """One row a company: `head` is the company it has its name from (itself, mostly); `domain` may be null."""

    country: Rows
    kind: Rows
    head: Rows
    names: Names
    trade_name: pl.Series
    domain: pl.Series
    form: Rows
    latin_form: Rows
    tax: Chars
    place: Place
    before: Place
    area: pl.Series
    local: pl.Series

    @property
    def group(self) -> Rows:
        """The head of the corporate group, -1 without one."""
        found = np.full(len(self.head), -1, dtype=np.int64)
        members = self.kind == _MEMBER
        found[members] = self.head[members]
        found[self.head[members]] = self.head[members]
        return found


def companies(draw: Draw, count: int) -> Companies:
    """That many of them, numbered from 0."""
    rows = np.arange(count, dtype=np.int64)
    kind = draw.weighted("kind", rows, _SHARES)
    kind[:1] = _PLAIN  # somebody has to be the head of the others
    home = draw.weighted("country", rows, [float(country(code)["weight"]) for code in COUNTRIES])
    host = _hosts(draw, rows, kind)
    home = home[host]
    head = _heads(draw, rows, kind)
    of = _countries(draw, rows, kind, home, head)
    city = _city(draw.of("now"), rows, kind, of, head)[host]
    own = core_names(draw.of("name"), rows, home, kind == _GENERIC)
    names = _named(draw, rows, kind, of, head, own)
    area, local = phones(draw.of("phone"), rows, city)
    desk = np.where(draw.chance("switchboard", rows, 0.6), host, rows)
    share = draw.share("form", rows)
    return Companies(
        of,
        kind,
        head,
        names,
        _trade_names(draw.of("trade name"), rows),
        _domains(draw.of("domain"), rows, kind, of, head, own, city),
        spelled("forms").native.at(of, share),
        spelled("latin_forms").native.at(of, share),
        tax_numbers(draw.of("tax"), rows, of),
        places(draw.of("now"), rows, of, city).take(host),
        places(draw.of("before"), rows, of, _earlier(draw.of("before"), rows, of, city)),
        area.gather(desk),
        local.gather(desk),
    )


def _hosts(draw: Draw, rows: Rows, kind: Rows) -> Rows:
    """Tenants share a few buildings with a plain company each."""
    return _few(draw, "host", rows, kind, _TENANT, _TENANTS_A_BUILDING)


def _few(draw: Draw, what: str, rows: Rows, kind: Rows, those: int, each: int) -> Rows:
    """For companies of the kind `those`, `each` of them on average, one plain company; for others themselves."""
    plain = np.flatnonzero(kind == _PLAIN)
    some = 1 + int((kind == those).sum()) // each
    chosen = plain[draw.below(f"{what} head", draw.below(what, rows, some), len(plain))]
    return np.where(kind == those, chosen, rows)


def _heads(draw: Draw, rows: Rows, kind: Rows) -> Rows:
    """A member's head is any plain company; franchises share a few brands."""
    plain = np.flatnonzero(kind == _PLAIN)
    brand = _few(draw, "brand", rows, kind, _FRANCHISE, _FRANCHISES_A_BRAND)
    return np.where(kind == _MEMBER, plain[draw.below("head", rows, len(plain))], brand)


def _countries(draw: Draw, rows: Rows, kind: Rows, home: Rows, head: Rows) -> Rows:
    """A member is never in its head's country, a franchise always."""
    abroad = np.where(
        home == home[head], (home + 1 + draw.below("abroad", rows, len(COUNTRIES) - 1)) % len(COUNTRIES), home
    )
    return np.where(kind == _MEMBER, abroad, np.where(kind == _FRANCHISE, home[head], home))


def _city(draw: Draw, rows: Rows, kind: Rows, of: Rows, head: Rows) -> Rows:
    """A franchise is in another city than the company whose brand it has."""
    city = some_city(draw, rows, of)
    start, size = cities().start[of], cities().size[of]
    elsewhere = start + (city[head] - start + 1 + draw.below("elsewhere", rows, size - 1)) % size
    return np.where((kind == _FRANCHISE), elsewhere, city)


def _earlier(draw: Draw, rows: Rows, of: Rows, city: Rows) -> Rows:
    """Most who move stay in town."""
    return np.where(draw.chance("stayed", rows, 0.6), city, some_city(draw, rows, of))


def _named(draw: Draw, rows: Rows, kind: Rows, of: Rows, head: Rows, own: Names) -> Names:
    """The head's name; a member may have its country's name after it."""
    local = (kind == _MEMBER) & draw.chance("branch", rows, 0.35)
    branch = spelled("branch")
    # abroad, a name in another script is written in Latin letters
    foreign = own_script(of[head]) & (of != of[head])
    native = put(own.native.gather(head), foreign, own.latin.gather(head))
    latin = own.latin.gather(head)
    return Names(
        put(native, local, joined(native, " ", branch.native.words.gather(of))),
        put(latin, local, joined(latin, " ", branch.latin.words.gather(of))),
        own.coined[head],
    )


def _trade_names(draw: Draw, rows: Rows) -> pl.Series:
    """One company in twelve trades under a name of its own; null for the others."""
    return blanked(coined(draw, rows), ~draw.chance("has one", rows, 0.08))


def folded(words: pl.Series) -> pl.Series:
    """Without umlauts and accents, as in `Mueller`."""
    return words.str.replace_many(list(_FOLD), list(_FOLD.values()))


def slug(latin: pl.Series, separator: str = "") -> pl.Series:
    """A name as it stands in domains and e-mail addresses: lower-case ASCII letters and digits."""
    bare = folded(latin.str.to_lowercase()).str.replace_all(r"[^a-z0-9]+", separator)
    return bare.str.strip_chars("-").str.slice(0, 40)


def _domains(draw: Draw, rows: Rows, kind: Rows, of: Rows, head: Rows, own: Names, city: Rows) -> pl.Series:
    """No two companies share one, but for members (half use their head's) and franchises (all do)."""
    label = _labels(draw, rows, own, city)
    ending = pool("domains").pick(of, draw.share("ending", rows))
    domain = joined(label, ".", ending)
    same = (kind == _FRANCHISE) | ((kind == _MEMBER) & draw.chance("head's", rows, 0.55))
    domain = put(domain, same, domain.gather(head))
    cousin = (kind == _MEMBER) & ~same & draw.chance("cousin", rows, 0.6)
    domain = put(domain, cousin, joined(label.gather(head), ".", ending))
    return blanked(domain, draw.chance("none", rows, 0.04) & ~same)


def _labels(draw: Draw, rows: Rows, own: Names, city: Rows) -> pl.Series:
    """The first word or the whole name; whoever comes late takes the city, too, or a number."""
    first = slug(own.latin.str.split_exact(" ", 1).struct.field("field_0"))
    whole = slug(own.latin)
    style = draw.share("style", rows)
    short = (style < 0.5) & own.coined & (first.str.len_chars() >= 5).to_numpy()
    label = put(whole, short, first)
    label = put(label, style > 0.88, slug(own.latin, "-"))
    label = put(label, (whole == "").to_numpy(), pl.repeat("firm", len(rows), eager=True))
    label = put(label, _late(label) > 0, joined(whole, "-", slug(cities().names.latin.words.gather(city))))
    nth = _late(label)
    return put(label, nth > 0, joined(label, pl.Series(nth).cast(pl.String)))


def _late(label: pl.Series) -> Rows:
    """How many earlier companies have the label."""
    late: Rows = pl.DataFrame({"label": label}).select(pl.int_range(pl.len()).over("label")).to_series().to_numpy()
    return late
