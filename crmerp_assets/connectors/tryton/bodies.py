"""Values of writes as Tryton takes them: fields, ids for names and keys, and commands for a party's parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from crmerp_assets.connectors.errors import ConnectorError, Dependent, Rejected
from crmerp_assets.connectors.protocol import Ref, Value, Write
from crmerp_assets.connectors.tryton.fields import SYSTEM, Column, NativeObject
from crmerp_assets.connectors.tryton.metadata import Metadata
from crmerp_assets.connectors.tryton.reading import Reader
from crmerp_assets.connectors.tryton.rpc import Rpc
from crmerp_assets.connectors.tryton.values import truth, wire

Lookup = tuple[str, str]
"""Model and field, or object and key field."""


@dataclass(slots=True)
class Draft:
    """A write in Tryton's words: `values` of the record, `parts` of its addresses and other lists, `lines` of a sale.

    `party` is the one that a sale has, whether it is written or not.
    """

    write: Write
    values: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: list[dict[str, Any]] | None = None
    party: int | None = None


class Bodies:
    """Turns the writes of one push into drafts. Names and keys are looked up for all of them at once, and anew for
    every push: what a name leads to may be put out of use or replaced."""

    def __init__(self, rpc: Rpc, metadata: Metadata, reader: Reader) -> None:
        self._rpc = rpc
        self._metadata = metadata
        self._reader = reader
        self._known: dict[tuple[str, str, str], int] = {}

    def drafts(self, native: NativeObject, writes: Sequence[Write]) -> list[Draft | ConnectorError]:
        """One for each write; a value that cannot be sent is an error for its record alone."""
        self._look_up(native, writes)
        return [self._draft(native, write) for write in writes]

    def _draft(self, native: NativeObject, write: Write) -> Draft | ConnectorError:
        draft = Draft(write)
        try:
            for path, value in write.values.items():
                if path in native.children:
                    draft.lines = [self._line(native, write, path, row) for row in value or []]  # type: ignore[union-attr]
                elif value is not None or write.operation == "update":
                    self._put(draft, native, path, value)
        except (Rejected, Dependent) as refused:
            return refused
        if write.operation == "create":
            draft.values[self._metadata.column(native, write.key_field).target] = write.key
        return draft

    def _put(self, draft: Draft, native: NativeObject, path: str, value: Value) -> None:
        column = self._metadata.column(native, path)
        sent = self._sent(draft.write, path, column, value)
        if column.part == "address":
            draft.parts.setdefault(path.partition(".")[0], {})[column.target] = sent
        elif column.part in ("mechanism", "identifier", "key"):
            draft.parts.setdefault(column.part, {})[column.target] = sent
        else:
            draft.values[column.target] = sent

    def _line(self, native: NativeObject, write: Write, name: str, row: Any) -> dict[str, Any]:
        columns = native.children[name].columns
        found = {part: (columns.get(f"{name}.{part}"), value) for part, value in row.items()}
        unknown = [part for part, (column, _) in found.items() if column is None]
        if unknown:
            raise _rejected(self._rpc.name, write, f"{name}.{unknown[0]}", "is not a field of a line", "READ_ONLY")
        return {
            column.target: self._sent(write, f"{name}.{part}", column, value)
            for part, (column, value) in found.items()
            if column is not None and value is not None
        }

    def _sent(self, write: Write, path: str, column: Column, value: Any) -> Any:
        if column.part is None:
            raise _rejected(self._rpc.name, write, path, "is computed by Tryton and cannot be written", "READ_ONLY")
        if isinstance(value, Ref):
            return self._id_of(write, path, value)
        if value is not None and column.lookup:
            found = self._known.get((*column.lookup, str(value)))
            if found is None:
                model, by = column.lookup
                raise _rejected(
                    self._rpc.name, write, path, f"is not the {by} of any {model} in Tryton", "UNKNOWN_NAME"
                )
            return found
        try:
            return wire(value, column.kind)
        except (ValueError, KeyError) as failure:
            raise _rejected(self._rpc.name, write, path, f"is no {column.kind}", "BAD_VALUE") from failure

    def _id_of(self, write: Write, path: str, ref: Ref) -> int:
        if ref.native_id is not None:
            return int(ref.native_id)
        found = self._known.get((ref.object, ref.key_field or "", ref.key or ""))
        if found is None:
            message = f"{self._rpc.name}: {write.object} {write.key} waits for {path} {ref.key}; it is tried again."
            raise Dependent(message, system=SYSTEM, object=write.object, record=write.key)
        return found

    def _look_up(self, native: NativeObject, writes: Sequence[Write]) -> None:
        """One call a model and field for all names and keys."""
        wanted: dict[Lookup, set[str]] = defaultdict(set)
        refs: dict[Lookup, set[str]] = defaultdict(set)
        for path, value in _values(native, writes):
            if isinstance(value, Ref) and value.native_id is None and value.key and value.key_field:
                refs[(value.object, value.key_field)].add(value.key)
            elif not isinstance(value, Ref) and value is not None and (lookup := _lookup(native, path)):
                wanted[lookup].add(str(value))
        for (model, by), names in wanted.items():
            self._ask(model, by, sorted(names))
        for (object, by), keys in refs.items():
            found = self._reader.find_by_key(object, by, sorted(keys), ())
            self._known |= {(object, by, key): int(row["_id"] or 0) for key, row in found.items()}

    def _ask(self, model: str, by: str, names: Sequence[str]) -> None:
        """Of several records with a name the oldest that is in use."""
        rows = self._rpc.search_read(model, [[by, "in", list(names)]], ["id", by, "active"])
        for row in sorted(rows, key=lambda row: not truth(row["active"])):
            self._known.setdefault((model, by, str(row[by])), int(row["id"]))


def _values(native: NativeObject, writes: Sequence[Write]) -> Iterable[tuple[str, Any]]:
    for write in writes:
        for path, value in write.values.items():
            if path in native.children and isinstance(value, list):
                yield from ((f"{path}.{part}", item) for row in value for part, item in row.items())
            else:
                yield path, value


def _lookup(native: NativeObject, path: str) -> Lookup | None:
    column = native.columns.get(path)
    return column.lookup if column else None


def _rejected(name: str, write: Write, path: str, reason: str, code: str) -> Rejected:
    message = f"{name}: {path} of {write.object} {write.key} {reason}; correct the value or the mapping."
    return Rejected(message, system=SYSTEM, reason=reason, code=code, field=path, object=write.object, record=write.key)
