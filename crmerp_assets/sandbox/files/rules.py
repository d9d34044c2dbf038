"""What the ERP's administrator demands of a column beyond what came with the program."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Refused(Exception):
    """A row that the ERP does not take."""

    def __init__(self, reason: str, code: str, field: str | None = None) -> None:
        super().__init__(reason)
        self.reason, self.code, self.field = reason, code, field


class Rule(NamedTuple):
    """`values`: the only ones that are taken, any where there are none."""

    required: bool
    values: tuple[str, ...]
    removed: bool


class Rules:
    """One rule for a column."""

    def __init__(self) -> None:
        self._rules: dict[tuple[str, str], Rule] = {}

    def put(self, object: str, column: str, rule: Rule) -> None:
        self._rules[object, column] = rule

    def removed(self, object: str) -> set[str]:
        """The columns that are not there any more."""
        return {column for (kind, column), rule in self._rules.items() if kind == object and rule.removed}

    def judge(self, object: str, body: Mapping[str, Any]) -> None:
        """Raises Refused for a record that breaks a rule."""
        for (kind, column), rule in self._rules.items():
            value = body.get(column)
            if kind == object and rule.required and not value:
                raise Refused(f"{column} must be filled", "REQUIRED", column)
            if kind == object and rule.values and value and value not in rule.values:
                raise Refused(f"{column} takes one of a list", "NOT_IN_LIST", column)
