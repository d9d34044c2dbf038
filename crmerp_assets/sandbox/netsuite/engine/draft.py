"""A record on its way into the database, and how a request body becomes one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.values import convert
from crmerp_assets.sandbox.netsuite.errors import invalid_content, nonexistent_field
from crmerp_assets.sandbox.netsuite.schema import Field, RecordType

_ALWAYS_THERE = frozenset({"id", "links", "refName"})
PropertyNames = Literal["error", "warning", "ignore"]


@dataclass(slots=True)
class Draft:
    """`columns` are what the body sets, `before` the stored row of an update, `lists` the sublists it mentions.

    `origin` is the transaction this one is made from; its lines then name the line they bill in `orderLine`. An invoice
    of several orders has `origins` instead: the order of each of its lines.
    """

    type: RecordType
    columns: dict[str, Any]
    lists: dict[str, list[dict[str, Any]] | None]
    id: int = 0
    before: dict[str, Any] | None = None
    replace: frozenset[str] = frozenset()
    strict: PropertyNames = "warning"
    warnings: list[str] = field(default_factory=list)
    seeding: bool = False
    modified: str | None = None
    origin: int | None = None
    origins: tuple[int, ...] = ()

    def value(self, column: str) -> Any:
        """What the record will hold after this write."""
        if column in self.columns:
            return self.columns[column]
        return None if self.before is None else self.before.get(column)

    @property
    def new(self) -> bool:
        return self.before is None


def read_body(
    account: Account, record: RecordType, body: Mapping[str, Any], strict: PropertyNames, seeding: bool = False
) -> Draft:
    """Raises NetSuiteError at the first value the vendor would refuse."""
    draft = Draft(record, {}, {}, strict=strict, seeding=seeding)
    fields, sublists = record.fields, record.sublists
    for name, value in body.items():
        field_ = fields.get(name)
        if field_ is not None:
            if not field_.readonly:
                draft.columns[field_.column] = convert(account, field_, value, "")
        elif name in sublists:
            draft.lists[name] = sublist_items(name, value)
        elif name not in _ALWAYS_THERE:
            unknown(draft, name)
    return draft


def sublist_items(name: str, value: Any) -> list[dict[str, Any]] | None:
    """The items of `{"items": [...]}`; null empties a list."""
    if value is None:
        return None
    items = value.get("items", []) if isinstance(value, dict) else value
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise invalid_content(name, f"Error while accessing a resource. Invalid value for the sublist '{name}'.")
    return items


def read_line(
    account: Account, fields: Mapping[str, Field], body: Mapping[str, Any], prefix: str, draft: Draft, extra: str = ""
) -> dict[str, Any]:
    """The columns one line sets; `extra` names a subrecord of the line that is read elsewhere."""
    columns = {}
    for name, value in body.items():
        field_ = fields.get(name)
        if field_ is not None:
            if not field_.readonly:
                columns[field_.column] = convert(account, field_, value, prefix)
        elif name not in _ALWAYS_THERE and name != extra:
            unknown(draft, prefix + name)
    return columns


def unknown(draft: Draft, path: str) -> None:
    if draft.strict == "error":
        raise nonexistent_field(path)
    if draft.strict == "warning":
        draft.warnings.append(path)
