"""Deletions and merges. Odoo keeps no list of either: what was there at the last look and is not now is gone.

The cursor holds the ids that were there, and of partners a short hash of each one's key. A merge deletes the losing
partner and gives its external ids to the winner: where the key of one that is gone leads tells whom it became.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.odoo.answers import SYSTEM
from crmerp_assets.connectors.odoo.api import OdooApi
from crmerp_assets.connectors.odoo.keys import Keys
from crmerp_assets.connectors.odoo.views import View
from crmerp_assets.connectors.protocol import Deletion

NO_KEY = ""


class Deletions:
    """Compares the records of now with those of the last look."""

    def __init__(self, api: OdooApi, keys: Keys, ids: Callable[[str], list[str]]) -> None:
        self._api, self._keys, self._ids = api, keys, ids

    def since(self, view: View, cursor: str | None) -> tuple[list[Deletion], str]:
        """Keys are read before ids, so that a record that is merged away in between goes down with its key or is
        gone already; where its key leads is read after."""
        keys = self._keys.all(view.model) if view.merges else {}
        ids = [id_.removeprefix(view.prefix) for id_ in self._ids(view.name)]
        hashes = {id_: _hash(key) for key, id_ in keys.items()}
        now = packed(ids, [hashes.get(id_, NO_KEY) for id_ in ids] if view.merges else [])
        if cursor is None:
            return [], now
        before = unpacked(cursor)
        here = set(ids)
        gone = self._gone(view, [id_ for id_ in before if id_ not in here])
        moved = self._keys.all(view.model) if gone and view.merges else {}
        winners = {_hash(key): id_ for key, id_ in moved.items()}
        at = self._api.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        return [
            Deletion(f"{view.prefix}{id_}", at, winners.get(before[id_]) if before[id_] else None) for id_ in gone
        ], now

    def _gone(self, view: View, ids: Sequence[str]) -> list[str]:
        """Those that do not exist; a company that was made a person only left this view of the model."""
        there = {str(row["id"]) for row in self._api.some(view.model, ids, ["id"])} if ids else set()
        return [id_ for id_ in ids if id_ not in there]


def packed(ids: Sequence[str], hashes: Sequence[str]) -> str:
    """Ids as differences and their keys' hashes, compressed."""
    numbers = [int(id_) for id_ in ids]
    steps = [b - a for a, b in pairwise([0, *numbers])]
    text = json.dumps({"steps": steps, "keys": list(hashes)}, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def unpacked(cursor: str) -> dict[str, str]:
    """Hash of its key by id; ConfigError for a text that is no such cursor."""
    try:
        held = json.loads(zlib.decompress(base64.b64decode(cursor)))
        ids = [str(id_) for id_ in accumulate(held["steps"])]
        return dict(zip(ids, held["keys"] or [NO_KEY] * len(ids), strict=True))
    except (ValueError, KeyError, TypeError, zlib.error) as failure:
        message = "The cursor of deletions is not one of Odoo's; forget it, so that the next look starts anew."
        raise ConfigError(message, system=SYSTEM) from failure


def _hash(key: str) -> str:
    """64 bits: with 32, two of 100,000 keys would share one, and a deletion would look like a merge."""
    return hashlib.blake2b(key.encode(), digest_size=8).hexdigest()
