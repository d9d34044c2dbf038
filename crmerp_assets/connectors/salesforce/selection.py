"""From field paths to a SELECT list, and from Salesforce records back to rows under those same paths."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from crmerp_assets.connectors.exactjson import dumps, scalar
from crmerp_assets.connectors.protocol import Row
from crmerp_assets.connectors.salesforce.api import Record, SalesforceApi
from crmerp_assets.connectors.salesforce.schema import Schema

STANDARD_LISTS = {
    "Account": frozenset({"Contacts", "Opportunities"}),
    "Opportunity": frozenset({"OpportunityLineItems"}),
    "Order": frozenset({"OrderItems"}),
    "Product2": frozenset({"PricebookEntries"}),
}
"""Child lists that every organisation has under these names, so that reading them takes no call for a describe."""
SYSTEM_FIELDS = ("Id", "SystemModstamp", "LastModifiedById")
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d{3}(?:\+0000|Z)")


@dataclass(frozen=True, slots=True)
class Selection:
    """The paths on the record itself, and those of each child list without its name."""

    paths: tuple[str, ...]
    children: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def plain(self) -> bool:
        """Only fields of the record itself, so that it can be read by id without a query."""
        return not self.children and not any("." in path for path in self.paths)

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys((*SYSTEM_FIELDS, *self.paths)))

    def soql(self, object: str) -> str:
        lists = [
            f"(SELECT {', '.join(dict.fromkeys(('Id', *paths)))} FROM {name})" for name, paths in self.children.items()
        ]
        return f"SELECT {', '.join([*self.columns, *lists])} FROM {object}"

    def row(self, record: Record, api: SalesforceApi) -> Row:
        row: Row = {path: text(_at(record, path)) for path in self.paths}
        for name, paths in self.children.items():
            row[name] = dumps(_child_rows(record.get(name), paths, api))
        row["_id"] = record["Id"]
        row["_modified"] = text(record["SystemModstamp"])
        row["_modified_by"] = record["LastModifiedById"]
        return row


def select(fields: Sequence[str], object: str, schema: Schema) -> Selection:
    """Sort dotted paths into relationship paths and child lists; plain fields and standard lists need no describe."""
    lists: Collection[str] = STANDARD_LISTS.get(object, frozenset())
    if any(path.partition(".")[0] not in lists for path in fields if "." in path):
        lists = schema.children(object)
    children: dict[str, list[str]] = {}
    paths: list[str] = []
    for path in dict.fromkeys(fields):
        first, _, rest = path.partition(".")
        if rest and first in lists:
            children.setdefault(first, []).append(rest)
        else:
            paths.append(path)
    return Selection(tuple(paths), {name: tuple(rest) for name, rest in children.items()})


def text(value: object) -> str | None:
    """The text of a native value; a timestamp of Salesforce's becomes `YYYY-MM-DDTHH:MM:SSZ`."""
    plain = scalar(value)
    stamp = _TIMESTAMP.fullmatch(plain) if plain else None
    return f"{stamp[1]}Z" if stamp else plain


def _at(record: Record, path: str) -> object:
    value: object = record
    for step in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def _child_rows(answer: Record | None, paths: Sequence[str], api: SalesforceApi) -> list[Row]:
    """All rows of a child list, in the order of their ids so that the same list reads the same twice."""
    records: list[Record] = []
    if answer:
        records = list(answer["records"])
        next_url = answer.get("nextRecordsUrl")
        while next_url and (page := api.more(next_url)):
            records.extend(page.records)
            next_url = page.next_url
    columns = dict.fromkeys(("Id", *paths))
    rows = [{path: text(_at(record, path)) for path in columns} for record in records]
    return sorted(rows, key=lambda row: row["Id"] or "")
