"""Deletions, of which Tryton keeps no list: by comparing the ids that were there with those that are.

Ids are never used again, so counting those that are known tells whether any is missing; only then all are read. Where
records join late (a sale that was unfinished, a line that pays an invoice since), all ids are read every time. The
cursor holds the known ids as ranges. A party that was replaced by another is out of use and names it: to us it was
merged away.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC
from itertools import pairwise
from typing import Any

from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.protocol import Deletion
from crmerp_assets.connectors.tryton.fields import SYSTEM, Domain, NativeObject
from crmerp_assets.connectors.tryton.objects import native_object
from crmerp_assets.connectors.tryton.reading import Reader
from crmerp_assets.connectors.tryton.rpc import Rpc, ids_in
from crmerp_assets.connectors.tryton.values import INSTANT

Ranges = list[list[int]]
MANY = 200
"""Ranges; where there are more, it is as quick to read all ids."""


class Deletions:
    def __init__(self, rpc: Rpc, reader: Reader) -> None:
        self._rpc = rpc
        self._reader = reader

    def since(self, object: str, since: str | None) -> tuple[list[Deletion], str]:
        """What of the cursor's ids is gone, and the cursor of those that are there; nothing the first time."""
        known = _parsed(since)
        if known and not native_object(object).joined_late and self._whole(native_object(object), known):
            fresh = self._reader.ids(object, [_outside(known)])
            return [], json.dumps(ranges([*numbers(known), *map(int, fresh)]))
        present = sorted(map(int, self._reader.ids(object)))
        gone = sorted(set(numbers(known)) - set(present))
        return self._told(native_object(object), gone), json.dumps(ranges(present))

    def survivors(self, native: NativeObject, ids: Sequence[str]) -> dict[str, str]:
        """Which of these were replaced, and by which record."""
        if not native.merges or not ids:
            return {}
        found = self._rpc.search_read(native.model, [["id", "in", ids_in(ids)]], ["id", "replaced_by"])
        return {str(row["id"]): str(row["replaced_by"]) for row in found if row["replaced_by"] is not None}

    def _whole(self, native: NativeObject, known: Ranges) -> bool:
        """Whether all of them are there. One that was made before and shows only now, after a long transaction, must
        not make up for one that is gone: so nothing between the ranges is counted."""
        if len(known) > MANY:
            return False
        domain = [*native.only(self._rpc.company()), ["OR", *([_from(first), _to(last)] for first, last in known)]]
        return int(self._rpc.read(f"model.{native.model}.search_count", domain)) == len(list(numbers(known)))

    def _told(self, native: NativeObject, gone: Sequence[int]) -> list[Deletion]:
        at, names = self._rpc.now().astimezone(UTC).strftime(INSTANT), [str(one) for one in gone]
        into = self.survivors(native, names)
        return [Deletion(one, at, into.get(one)) for one in names]


def ranges(ids: Iterable[int]) -> Ranges:
    """Ascending ids as ranges [first, last]."""
    found: Ranges = []
    for one in sorted(ids):
        if found and one == found[-1][1] + 1:
            found[-1][1] = one
        else:
            found.append([one, one])
    return found


def _outside(known: Ranges) -> Domain:
    """Before the ranges, between two of them, or behind them."""
    gaps = [[_from(before[1] + 1), _to(after[0] - 1)] for before, after in pairwise(known)]
    return ["OR", [_to(known[0][0] - 1)], *gaps, [_from(known[-1][1] + 1)]]


def _from(first: int) -> Domain:
    return ["id", ">=", first]


def _to(last: int) -> Domain:
    return ["id", "<=", last]


def numbers(known: Ranges) -> Iterable[int]:
    return (one for first, last in known for one in range(first, last + 1))


def _parsed(since: str | None) -> Ranges:
    try:
        found: Any = json.loads(since) if since else []
        return [[int(first), int(last)] for first, last in found]
    except (ValueError, TypeError) as failure:
        message = "The cursor of deletions is not one of Tryton's; forget it, so that ids are compared anew."
        raise ConfigError(message, system=SYSTEM) from failure
