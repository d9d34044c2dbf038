"""Writes as the content of import files.

CSV says nothing about what a column means that is not filled: so one file holds only writes that set the same fields,
and an empty cell clears its field. JSON Lines tells a missing field from a cleared one by itself. Child lists take one
row each in CSV, with the record's own values repeated: `lines.product`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from crmerp_assets.connectors import exactjson
from crmerp_assets.connectors.files.journal import Sent
from crmerp_assets.connectors.files.layout import ObjectLayout
from crmerp_assets.connectors.protocol import Ref, Value, Write

OWN = ("_write_id", "_operation", "_id")


def noted(write: Write) -> dict[str, Any]:
    """What the journal keeps of a write: texts, and child lists as lists of texts."""
    return {
        "write_id": write.id,
        "operation": write.operation,
        "native_id": write.native_id,
        "key_field": write.key_field,
        "key": write.key,
        "values": {name: _plain(value) for name, value in write.values.items()},
    }


def alike(layout: ObjectLayout, writes: Sequence[Write]) -> list[list[Write]]:
    """The writes by what may stand in one file, in their order."""
    groups: dict[tuple[object, ...], list[Write]] = {}
    for write in writes:
        shape = (write.operation, *sorted(write.values)) if layout.writes == "csv" else ()
        groups.setdefault(shape, []).append(write)
    return list(groups.values())


def content(layout: ObjectLayout, sent: Sequence[Sent]) -> bytes:
    """The import file for writes that may stand in one file."""
    if layout.writes == "jsonl":
        return "".join(f"{exactjson.dumps(_whole(one))}\n" for one in sent).encode(layout.encoding)
    rows = [row for one in sent for row in _rows(one)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    frame = pl.DataFrame(
        {name: [row.get(name) for row in rows] for name in names}, schema=dict.fromkeys(names, pl.String)
    )
    return frame.write_csv(separator=layout.delimiter).encode(layout.encoding)


def unwritable(layout: ObjectLayout, write: Write) -> str | None:
    """The field with a character that the file's encoding lacks; None where all can be written."""
    for name, value in write.values.items():
        try:
            exactjson.dumps(_plain(value)).encode(layout.encoding)
        except UnicodeEncodeError:
            return name
    return None


def _own(one: Sent) -> dict[str, str | None]:
    own = dict(zip(OWN, (one.write_id, one.operation, one.native_id), strict=True))
    return own | ({one.key_field: one.key} if one.operation == "create" and one.key_field else {})


def _whole(one: Sent) -> dict[str, Any]:
    return _own(one) | {name: _list(value) if name in one.lists else value for name, value in one.values.items()}


def _rows(one: Sent) -> list[dict[str, str | None]]:
    lists = {name: _list(value) for name, value in one.values.items() if name in one.lists}
    flat = _own(one) | {name: value for name, value in one.values.items() if name not in lists}
    lines = [
        {f"{name}.{key}": exactjson.scalar(value) for key, value in line.items()}
        for name, found in lists.items()
        for line in found
    ]
    return [flat | line for line in lines] or [flat]


def _list(value: str | None) -> list[Mapping[str, Any]]:
    """The rows in the text of a child list."""
    found: list[Mapping[str, Any]] = exactjson.loads(value or "[]")
    return found


def _plain(value: Value) -> Any:
    if isinstance(value, Ref):
        return value.native_id or value.key
    if isinstance(value, list):
        return [{name: _plain(item) for name, item in row.items()} for row in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else value
