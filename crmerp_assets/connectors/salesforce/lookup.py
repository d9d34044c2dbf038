"""Reading the records one already knows of, by their id or by our key."""

from __future__ import annotations

from collections.abc import Sequence

from crmerp_assets.connectors.protocol import Row
from crmerp_assets.connectors.salesforce.api import PAGE_SIZE, QUERIES, Record, SalesforceApi, in_chunks
from crmerp_assets.connectors.salesforce.reading import MERGEABLE
from crmerp_assets.connectors.salesforce.schema import Schema
from crmerp_assets.connectors.salesforce.selection import Selection, select
from crmerp_assets.connectors.salesforce.soql import chunks_for_url, one_of


class Lookup:
    def __init__(self, api: SalesforceApi, schema: Schema) -> None:
        self._api = api
        self._schema = schema

    def fetch(self, object: str, fields: Sequence[str], ids: Sequence[str]) -> list[Row]:
        """The records that still exist, in no particular order."""
        selection = select(fields, object, self._schema)
        distinct = list(dict.fromkeys(ids))
        if selection.plain:
            records = self._by_id(object, selection.columns, distinct)
        else:
            records = self._where(selection, object, "Id", distinct)
        return [selection.row(record, self._api) for record in records]

    def find_by_key(self, object: str, key_field: str, keys: Sequence[str], fields: Sequence[str]) -> dict[str, Row]:
        selection = select([key_field, *fields], object, self._schema)
        asked = {key.lower(): key for key in keys}
        rows = [selection.row(record, self._api) for record in self._where(selection, object, key_field, keys)]
        return {_asked(row[key_field], asked): row for row in rows}

    def survivors(self, object: str, ids: Sequence[str]) -> dict[str, str]:
        """Deleted record -> the record it was merged into."""
        if object not in MERGEABLE:
            return {}
        asked = f"SELECT Id, MasterRecordId FROM {object}"
        found = self._api.rows_of(_asking(asked, "Id", ids), deleted_too=True)
        return {record["Id"]: record["MasterRecordId"] for record in found if record.get("MasterRecordId")}

    def _by_id(self, object: str, columns: Sequence[str], ids: Sequence[str]) -> list[Record]:
        records: list[Record] = []
        for chunk in in_chunks(ids, PAGE_SIZE):
            body = {"ids": chunk, "fields": list(columns)}
            answer = self._api.read_by_post(f"/composite/sobjects/{object}", body)
            records.extend(record for record in answer if record)
        return records

    def _where(self, selection: Selection, object: str, field: str, values: Sequence[str]) -> list[Record]:
        return self._api.rows_of(_asking(selection.soql(object), field, values))


def fetch_calls(fields: Sequence[str], count: int) -> int:
    """Plain fields are read by id, 2,000 a call; relationships by queries whose ids fit an address, five a call."""
    if not any("." in path for path in fields):
        return -(-count // PAGE_SIZE)
    return -(-len(list(chunks_for_url([f"{number:018}" for number in range(count)]))) // QUERIES)


def _asking(select_from: str, field: str, values: Sequence[str]) -> list[str]:
    """The queries for rows that have one of these values."""
    return [f"{select_from} WHERE {one_of(field, chunk)}" for chunk in chunks_for_url(values)]


def _asked(found: str | None, asked: dict[str, str]) -> str:
    """Salesforce compares text without case; the caller gets its own spelling of the key."""
    return asked.get((found or "").lower(), found or "")
