"""Writes made ready to send: body, record type and the sublists that are replaced, with what must be read for it.

Reading comes first and in bulk, so that once sending starts nothing but the writes themselves can fail.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from crmerp_assets.connectors.errors import ConnectorError, Gone, Rejected
from crmerp_assets.connectors.netsuite.addresses import Entry, changed_book, new_book, read_books
from crmerp_assets.connectors.netsuite.bodies import Bodies, Body, Draft
from crmerp_assets.connectors.netsuite.fields import SYSTEM, NativeObject
from crmerp_assets.connectors.netsuite.suiteql import SuiteQL, chunks, number_list
from crmerp_assets.connectors.protocol import Write

ADDRESS_BOOK = "addressBook"
_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A write as it goes over the wire."""

    write: Write
    record_type: str
    body: Body
    replace: tuple[str, ...]

    @property
    def method(self) -> Literal["PUT", "PATCH"]:
        return "PUT" if self.write.operation == "create" else "PATCH"

    @property
    def path(self) -> str:
        target = f"eid:{self.write.key}" if self.method == "PUT" else self.write.native_id
        return f"/services/rest/record/v1/{self.record_type}/{target}"


class Preparer:
    """Prepares the writes of one push; what cannot be sent comes back as an error for its write."""

    def __init__(self, connection: str, suiteql: SuiteQL, bodies: Bodies) -> None:
        self._connection = connection
        self._suiteql = suiteql
        self._bodies = bodies

    def prepare(self, native: NativeObject, writes: Sequence[Write]) -> list[Prepared | ConnectorError]:
        types = self._record_types(native, writes)
        drafts = [self._draft(native, write) for write in writes]
        books = self._books(writes, drafts)
        return [
            draft if isinstance(draft, ConnectorError) else self._ready(native, write, draft, types, books)
            for write, draft in zip(writes, drafts, strict=True)
        ]

    def _draft(self, native: NativeObject, write: Write) -> Draft | ConnectorError:
        if write.operation == "create" and not _KEY.fullmatch(write.key):
            return self._refused(write, "an external id in NetSuite may hold letters, digits, _ and - only", "BAD_KEY")
        if write.operation == "update" and not (write.native_id or "").isdigit():
            return self._refused(write, "an update needs the internal id of its record", "NO_ID")
        try:
            return self._bodies.draft(native, write)
        except Rejected as rejected:
            return rejected

    def _ready(
        self,
        native: NativeObject,
        write: Write,
        draft: Draft,
        types: Mapping[str, str | None],
        books: Mapping[str, list[Entry]],
    ) -> Prepared | ConnectorError:
        record_type = types.get(write.native_id or "", native.record_type)
        if record_type is None:
            return self._refused(write, "items of its kind are no products here and are not written", "NOT_WRITTEN")
        if write.operation == "update" and native.record_types and write.native_id not in types:
            message = f"{native.name} {write.key} in {self._connection} does not exist any more; its link must follow."
            return Gone(message, system=SYSTEM, object=native.name, record=write.key)
        if not draft.address:
            return Prepared(write, record_type, draft.body, draft.replace)
        if write.operation == "create":
            body = {**draft.body, ADDRESS_BOOK: {"items": new_book(draft.address)}}
            return Prepared(write, record_type, body, (*draft.replace, ADDRESS_BOOK))
        items = changed_book(books.get(write.native_id or "", []), draft.address)
        body = {**draft.body, ADDRESS_BOOK: {"items": items}} if items else draft.body
        return Prepared(write, record_type, body, draft.replace)

    def _books(self, writes: Sequence[Write], drafts: Sequence[Draft | ConnectorError]) -> dict[str, list[Entry]]:
        customers = [
            write.native_id
            for write, draft in zip(writes, drafts, strict=True)
            if write.operation == "update" and write.native_id and isinstance(draft, Draft) and draft.address
        ]
        return read_books(self._suiteql, customers) if customers else {}

    def _record_types(self, native: NativeObject, writes: Sequence[Write]) -> dict[str, str | None]:
        """Items have a record type by kind and use; an update must name the right one. None: it has none here."""
        ids = [write.native_id for write in writes if write.operation == "update" and write.native_id]
        types: dict[str, str | None] = {}
        if not native.record_types:
            return types
        for chunk in chunks(ids):
            query = (
                "SELECT t.id AS id, t.itemtype AS kind, t.subtype AS subtype FROM item t "
                f"WHERE t.id IN ({number_list(chunk)}) ORDER BY t.id"
            )
            for raw in self._suiteql.rows(query):
                types[raw["id"] or ""] = native.record_type_of(raw.get("kind") or "", raw.get("subtype"))
        return types

    def _refused(self, write: Write, reason: str, code: str) -> Rejected:
        message = f"{self._connection}: {write.object} {write.key} was not sent: {reason}."
        return Rejected(message, system=SYSTEM, reason=reason, code=code, object=write.object, record=write.key)
