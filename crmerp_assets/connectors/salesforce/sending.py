"""Rows on their way to Salesforce: a collection of up to 200 by itself, or up to five of them in one composite call.

A composite call counts once against the daily limit. Its collections run in the order given and each answers for its
own rows. What they share is the call, so what can go wrong with it befalls them all: a lost connection leaves all
their outcomes unknown, and an organisation's automation has one allowance of queries and processor time for them.
Hence the first rows of a kind go alone and show how long they take, a composite call never carries more than fits
into twenty seconds, and rows that met a limit they shared are sent again alone at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any, TypeAlias

from crmerp_assets.connectors.errors import ConnectorError, Transient, Unknown
from crmerp_assets.connectors.exactjson import dumps
from crmerp_assets.connectors.protocol import Write
from crmerp_assets.connectors.salesforce.api import SalesforceApi
from crmerp_assets.connectors.salesforce.auth import SYSTEM
from crmerp_assets.connectors.salesforce.failures import over_shared_limit, refusal

Answer: TypeAlias = "Mapping[str, Any] | ConnectorError"
"""What became of one row: what Salesforce said of it, or the error of the call that it was in."""
Batch: TypeAlias = Sequence[Write]
Kind: TypeAlias = tuple[str, str]
"""The object and the operation."""
ROWS = 200
COLLECTIONS = 5
_LONGEST = 20.0
"""Seconds; a request that runs longer counts against the organisation's allowance of concurrent ones."""


class Sending:
    def __init__(self, api: SalesforceApi, clock: Callable[[], datetime]) -> None:
        self._api = api
        self._clock = clock
        self._together: dict[Kind, int] = {}
        self._apart: set[Kind] = set()

    def calls(self, object: str, group: Sequence[Batch], bodies: Mapping[str, Any]) -> Iterator[Sequence[Batch]]:
        """Batches of one kind and turn, call by call; how many go together depends on how the last call went."""
        rest = group
        while rest:
            kind = (object, rest[0][0].operation)
            count = 1 if kind in self._apart else self._together.get(kind, 1)
            call = list(takewhile(lambda batch: _plain(batch, bodies), rest[:count])) or rest[:1]
            yield call
            rest = rest[len(call) :]

    def send(self, object: str, call: Sequence[Batch], bodies: Mapping[str, Any]) -> list[Answer]:
        """What became of each row, in the order given; errors are among the answers."""
        started = self._clock()
        answers = self._alone(object, call[0], bodies) if len(call) == 1 else self._composite(object, call, bodies)
        self._learn((object, call[0][0].operation), answers, (self._clock() - started).total_seconds())
        return answers

    def _learn(self, kind: Kind, answers: Sequence[Answer], seconds: float) -> None:
        """The more time a row takes, the fewer go together; a lost answer is reason enough for going alone."""
        if any(isinstance(answer, Unknown) for answer in answers):
            self._apart.add(kind)
        elif not any(isinstance(answer, ConnectorError) for answer in answers):
            collection = max(seconds, 0.001) / len(answers) * ROWS
            self._together[kind] = max(1, min(COLLECTIONS, int(_LONGEST / collection)))

    def _alone(self, object: str, batch: Batch, bodies: Mapping[str, Any]) -> list[Answer]:
        try:
            answer = self._api.write("PATCH", _path(object, batch), _body(batch, bodies))
        except ConnectorError as error:
            return [error] * len(batch)
        return _matched(answer, object, batch)

    def _composite(self, object: str, call: Sequence[Batch], bodies: Mapping[str, Any]) -> list[Answer]:
        requests = [
            {
                "method": "PATCH",
                "url": self._api.base + _path(object, batch),
                "referenceId": f"batch{number}",
                "body": _body(batch, bodies),
            }
            for number, batch in enumerate(call)
        ]
        body = {"allOrNone": False, "collateSubrequests": False, "compositeRequest": requests}
        try:
            answer = self._api.write("POST", "/composite", body)
        except ConnectorError as error:
            return [error] * sum(len(batch) for batch in call)
        parts = _parts(answer)
        return [
            row
            for number, batch in enumerate(call)
            for row in self._uncrowded(object, batch, _answered(parts.get(f"batch{number}"), object, batch), bodies)
        ]

    def _uncrowded(
        self, object: str, batch: Batch, answers: list[Answer], bodies: Mapping[str, Any]
    ) -> Iterator[Answer]:
        """Rows refused for want of room, and so not applied, sent again alone; the other answers as they are."""
        crowded = [write for write, answer in zip(batch, answers, strict=True) if _for_want_of_room(answer)]
        if crowded:
            self._apart.add((object, batch[0].operation))
        again = iter(self._alone(object, crowded, bodies) if crowded else ())
        return (next(again) if _for_want_of_room(answer) else answer for answer in answers)


def _plain(batch: Batch, bodies: Mapping[str, Any]) -> bool:
    """Within a composite call, `@{` in a value would be taken for a reference to another part's answer."""
    return "@{" not in dumps(_body(batch, bodies))


def _path(object: str, batch: Batch) -> str:
    path = "/composite/sobjects"
    return f"{path}/{object}/{batch[0].key_field}" if batch[0].operation == "create" else path


def _body(batch: Batch, bodies: Mapping[str, Any]) -> dict[str, Any]:
    return {"allOrNone": False, "records": [bodies[write.id] for write in batch]}


def _parts(answer: Any) -> dict[str, Mapping[str, Any]]:
    """The answers of the collections by the names they were given."""
    parts = answer.get("compositeResponse") if isinstance(answer, Mapping) else None
    return {str(part.get("referenceId")): part for part in parts or () if isinstance(part, Mapping)}


def _answered(part: Mapping[str, Any] | None, object: str, batch: Batch) -> list[Answer]:
    if part is None:
        return _matched(None, object, batch)
    error = refusal(int(part.get("httpStatusCode") or 0), part.get("body"))
    return [error] * len(batch) if error else _matched(part.get("body"), object, batch)


def _for_want_of_room(answer: Answer) -> bool:
    return isinstance(answer, Transient) or over_shared_limit(answer)


def _matched(answer: Any, object: str, batch: Batch) -> list[Answer]:
    """Row by row; an answer of another length belongs to nobody."""
    found = len(answer) if isinstance(answer, list) else 0
    if found != len(batch):
        message = f"Salesforce answered {found} of {len(batch)} rows; settle them by their keys."
        return [Unknown(message, system=SYSTEM, object=object)] * len(batch)
    return list(answer)
