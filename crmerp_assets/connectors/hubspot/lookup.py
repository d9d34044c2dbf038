"""Reading the records one already knows of, by their id or by our key: from the primary store, which never lags."""

from __future__ import annotations

from collections.abc import Sequence

from crmerp_assets.connectors.hubspot.api import BATCH, LINKS_READ, HubSpotApi, Record
from crmerp_assets.connectors.hubspot.keys import Keys
from crmerp_assets.connectors.hubspot.objects import CHILDREN, LINKS
from crmerp_assets.connectors.hubspot.related import Related
from crmerp_assets.connectors.hubspot.schema import Schema
from crmerp_assets.connectors.hubspot.selection import Selection, absent, select
from crmerp_assets.connectors.protocol import Row

_LINES = 4
"""Line items of a deal, for estimates."""


class Lookup:
    def __init__(self, api: HubSpotApi, schema: Schema, keys: Keys, related: Related) -> None:
        self._api, self._schema, self._keys, self._related = api, schema, keys, related

    def fetch(self, object: str, fields: Sequence[str], ids: Sequence[str]) -> list[Row]:
        """The records that still exist under these very ids: HubSpot answers a merged one with its survivor."""
        selection, asked = select(object, fields), list(dict.fromkeys(ids))
        records = self._api.batch_read(object, asked, selection.asked)
        alive = [record for record in records if str(record["id"]) in set(asked)]
        return self._rows(selection, alive)

    def find_by_key(self, object: str, key_field: str, keys: Sequence[str], fields: Sequence[str]) -> dict[str, Row]:
        selection = select(object, [key_field, *fields])
        asked = {key.lower(): key for key in keys}
        records = self._keys.read(object, key_field, list(asked.values()), selection.asked)
        rows = self._rows(selection, records)
        return {_asked(row[key_field], asked): row for row in rows}

    def _rows(self, selection: Selection, records: Sequence[Record]) -> list[Row]:
        lacking = absent(records, selection.named)
        if lacking:
            self._schema.require(selection.object, sorted(lacking))
        return self._related.rows(selection, records)


def fetch_calls(object: str, fields: Sequence[str], count: int) -> int:
    """Records, their associations, and about four line items of each deal."""
    lists = {path.partition(".")[0] for path in fields} & set(CHILDREN.get(object, ()))
    links = len(lists) + len(set(fields) & set(LINKS.get(object, ())))
    return -(-count // BATCH) + links * -(-count // LINKS_READ) + len(lists) * -(-count * _LINES // BATCH)


def _asked(found: str | None, asked: dict[str, str]) -> str:
    """HubSpot compares keys without case; the caller gets its own spelling."""
    return asked.get((found or "").lower(), found or "")
