"""What single models add to the general ways of saving: defaults, refusals, computed values."""

from typing import Any

from crmerp_assets.sandbox.odoo.engine.env import Env

Vals = dict[str, Any]
Row = dict[str, Any]


class Rules:
    """Nothing added."""

    def prepare(self, env: Env, vals: Vals) -> Vals:
        """The values of a new record with what follows from them."""
        return vals

    def changing(self, env: Env, rows: list[Row], vals: Vals) -> Vals:
        """Refuse, or complete, what is about to be written."""
        return vals

    def saved(self, env: Env, ids: list[int], names: set[str], created: bool) -> None:
        """Compute what is stored and depends on the changed fields."""

    def removing(self, env: Env, rows: list[Row]) -> None:
        """Refuse a deletion."""

    def removed(self, env: Env, rows: list[Row]) -> None:
        """Compute again what depended on the deleted rows."""


_NONE = Rules()
_RULES: dict[str, Rules] = {}


def register(model: str, rules: Rules) -> None:
    """Let a model have rules of its own."""
    _RULES[model] = rules


def rules_of(model: str) -> Rules:
    """The rules of a model."""
    return _RULES.get(model, _NONE)
