"""What matching looks at, as data: the columns of a record, the keys under which records meet, and what is compared.

One `Spec` an entity. All expressions are DuckDB SQL. Feature levels are ordered whole numbers: below 0 the records
disagree, 0 is no evidence (a value is missing), above 0 they agree, more so the higher. One fact is one feature: the
same event coded twice makes the fit of weights collapse without a sign of it (see docs/matching.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

CAP = 3600
"""The most pairs that a key may make: those of 85 records."""
WEAK = 300
"""The same for what says little by itself, such as one word or the beginning of a name: those of 25 records."""
Kind = Literal["text", "host", "country", "raw"]
"""How an input is prepared: `text` in lower-case ASCII whatever its script, `host` as its registrable domain (null
for mail providers and platforms), `country` as ISO 3166-1 alpha-2, `raw` as it is. All are cut at 200 characters."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One compared fact: `sql` gives the level of records `a` and `b`, `labels` says in words what each level means."""

    name: str
    sql: str
    labels: Mapping[int, str]

    @property
    def levels(self) -> list[int]:
        """Its levels in order, 0 among them."""
        return sorted({0, *self.labels})


@dataclass(frozen=True, slots=True)
class Key:
    """Records meet where `sql` is equal; null is no key. Two keys of one `kind` may meet each other.

    `most`: how many pairs one key may make. A weak kind, which makes many pairs for few that are one thing, says
    nothing sooner.
    """

    kind: str
    sql: str
    most: int = CAP


@dataclass(frozen=True, slots=True)
class Spec:
    """How records of an entity are matched.

    `inputs`: name -> (canonical column, how it is prepared). `columns`: normalised column -> SQL over the prepared
    inputs (`in_<name>`) and earlier columns; those that start with an underscore are helpers. `counted`: column ->
    SQL for what is counted of the records that share its value, which tells rare values from common ones
    (`<column>_n`); of the first, features see the `similarity` (Jaro-Winkler from 0.75 up, else 0). `words`: SQL
    for the list of words whose rare ones are keys, `place`: the column within which they are rare; where a column
    `words` has their hashes, features see how many are `shared`. `identity`: columns that are equal where one row
    was typed twice. `guards`: features held out to check a fit, best first. `settles`: features whose contradiction
    keeps a pair from being linked without a person. `related`: how two things belong together -> SQL over levels
    (`g_<feature>`) that says so. `neighbours`: the same for things that have something in common and do not belong
    together.
    """

    entity: str
    inputs: Mapping[str, tuple[str, Kind]]
    columns: Mapping[str, str]
    keys: tuple[Key, ...]
    features: tuple[Feature, ...]
    identity: tuple[str, ...]
    counted: Mapping[str, str]
    guards: tuple[str, ...] = ()
    settles: tuple[str, ...] = ()
    related: Mapping[str, str] = field(default_factory=dict)
    neighbours: Mapping[str, str] = field(default_factory=dict)
    words: str | None = None
    place: str = "''"

    @property
    def kept(self) -> list[str]:
        """The normalised columns without the helpers."""
        return [name for name in self.columns if not name.startswith("_")]

    @property
    def confused(self) -> Mapping[str, str]:
        """What is easily taken for one thing and is not: kind -> SQL over levels."""
        return {**self.related, **self.neighbours}

    @property
    def names(self) -> list[str]:
        """The features' names."""
        return [feature.name for feature in self.features]

    def feature(self, name: str) -> Feature:
        """The feature of that name; KeyError where there is none."""
        return {feature.name: feature for feature in self.features}[name]
