"""A model: what each level of each feature weighs, and how it came to that.

A weight is log2 of how much more often a level is seen among pairs that are one thing than among candidate pairs
that are not. Weights of a pair add up with the prior to log2 of its odds.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.resources import files

from crmerp_assets.matching.spec import Spec

Weights = dict[str, dict[int, float]]


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of an entity. `made` says how they were found: data, figures of the fit, what checked it."""

    entity: str
    prior: float
    weights: Weights
    made: Mapping[str, object] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """A name for exactly these weights."""
        content = json.dumps([self.entity, self.prior, _texts(self.weights)], sort_keys=True)
        return f"{self.entity}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"

    def text(self) -> str:
        """As JSON, which `from_text` reads back."""
        return json.dumps({**asdict(self), "weights": _texts(self.weights)}, indent=1, sort_keys=True)


def from_text(text: str) -> Model:
    """The model that `Model.text` wrote."""
    found = json.loads(text)
    weights = {name: {int(level): float(w) for level, w in levels.items()} for name, levels in found["weights"].items()}
    return Model(found["entity"], float(found["prior"]), weights, found["made"])


@cache
def shipped(entity: str) -> Model:
    """The weights that come with the package."""
    return from_text((files("crmerp_assets.matching") / "models" / f"{entity}.json").read_text("utf-8"))


def fits(model: Model, spec: Spec) -> bool:
    """Whether the model knows exactly the features and levels of the spec; one made for others is of no use."""
    return {f.name: set(f.labels) for f in spec.features} == {
        name: {level for level in levels if level} for name, levels in model.weights.items()
    }


def _texts(weights: Weights) -> dict[str, dict[str, float]]:
    return {name: {str(level): w for level, w in sorted(levels.items())} for name, levels in weights.items()}
