"""The words of fourteen countries, one YAML file each, as lists that whole columns are picked from.

A word may have two spellings, `native|latin`, and what people write has other ways, `canonical~other~other`. No
combination is meant to be an existing firm or person.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

from crmerp_assets.sandbox.population.columns import Pool

COUNTRIES = ("US", "GB", "DE", "FR", "CA", "NL", "IT", "ES", "AU", "JP", "BR", "CN", "GR", "UA")
NO_LATIN = ("JP", "CN", "GR", "UA")
"""Countries whose own script is not the Latin one."""


@dataclass(frozen=True, slots=True)
class Spelled:
    """Two pools of the same shape: the words in their own script and in Latin letters."""

    native: Pool
    latin: Pool

    @classmethod
    def of(cls, lists: list[list[str]]) -> "Spelled":
        """From words written `native|latin`; a word of one spelling has it in both."""
        pairs = [[word.partition("|") for word in words] for words in lists]
        return cls(
            Pool.of([[native.strip() for native, _, _ in row] for row in pairs]),
            Pool.of([[latin.strip() or native for native, _, latin in row] for row in pairs]),
        )

    def script(self, name: str) -> Pool:
        """`native` or `latin`."""
        return self.latin if name == "latin" else self.native


@cache
def shared() -> dict[str, Any]:
    """The words that every country shares; lists of syllables are split."""
    found = _read("words.yaml")
    return {name: value.split() if isinstance(value, str) else value for name, value in found.items()}


@cache
def country(code: str) -> dict[str, Any]:
    """One country's file."""
    return _read("countries", f"{code.lower()}.yaml")


@cache
def spelled(field: str) -> Spelled:
    """A field of every country, in the order of COUNTRIES; a country without it has one empty word."""
    return Spelled.of([[str(word) for word in _listed(country(code).get(field, ""))] for code in COUNTRIES])


@cache
def pool(field: str) -> Pool:
    """A field of every country, whole."""
    return Pool.of([[str(word) for word in _listed(country(code)[field])] for code in COUNTRIES])


def variants(words: list[str]) -> Pool:
    """One owner a word: the ways to write it, the canonical one first."""
    return Pool.of([word.split("~") for word in words])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _read(*path: str) -> dict[str, Any]:
    text = files("crmerp_assets.sandbox.population").joinpath(*path).read_text(encoding="utf-8")
    return dict(YAML(typ="safe").load(text))
