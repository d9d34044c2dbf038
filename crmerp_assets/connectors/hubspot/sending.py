"""Rows on their way to HubSpot in batches of 100, and what became of each.

A batch is answered out of order and its errors name no position, so every row carries a trace id, and an answer is
matched by it, or else by the row's key or id. One invalid row can make HubSpot refuse the batch as a whole; nothing was
applied then, and the batch is sent again in halves until the invalid row stands alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from crmerp_assets.connectors.errors import (
    AuthFailed,
    ConfigError,
    ConnectorError,
    Duplicate,
    Gone,
    QuotaSpent,
    Rejected,
    Throttled,
    Transient,
    Unknown,
)
from crmerp_assets.connectors.hubspot.api import BATCH, HubSpotApi, Record, in_chunks
from crmerp_assets.connectors.hubspot.auth import SYSTEM
from crmerp_assets.connectors.hubspot.failures import classify, row_failure

Operation: TypeAlias = Literal["create", "update", "upsert"]
Answer: TypeAlias = "Record | ConnectorError"
STOPPING = (AuthFailed, QuotaSpent, Throttled, Transient)
"""After one of these the next call would fail the same way, so what was not sent stays unsent."""
_ROWS_FAULT = (Rejected, Duplicate, Gone)


@dataclass(frozen=True, slots=True)
class Line:
    """One row: `trace` is its own, `id` the native id or the value of `by`."""

    trace: str
    id: str
    properties: Mapping[str, str]
    by: str | None = None
    associations: Sequence[Mapping[str, Any]] = ()

    def body(self, operation: Operation) -> dict[str, Any]:
        body: dict[str, Any] = {"properties": dict(self.properties), "objectWriteTraceId": self.trace}
        if operation == "create":
            return body | ({"associations": list(self.associations)} if self.associations else {})
        return body | {"id": self.id} | ({"idProperty": self.by} if self.by else {})


class Sending:
    def __init__(self, api: HubSpotApi) -> None:
        self._api = api

    def send(self, object: str, operation: Operation, lines: Sequence[Line]) -> dict[str, Answer]:
        """What became of each row, by its trace id; errors are among the answers. No key may be there twice."""
        answers: dict[str, Answer] = {}
        stop: ConnectorError | None = None
        for chunk in in_chunks(lines, BATCH):
            answers |= (
                dict.fromkeys((line.trace for line in chunk), stop) if stop else self._batch(object, operation, chunk)
            )
            stop = stop or stopping(answers.values())
        return answers

    def _batch(self, object: str, operation: Operation, lines: Sequence[Line]) -> dict[str, Answer]:
        path = self._api.paths.objects(object, f"/batch/{operation}")
        try:
            answer = self._api.write(path, {"inputs": [line.body(operation) for line in lines]})
        except ConnectorError as error:
            if len(lines) > 1 and _may_be_one_row(error, lines):
                return self._halves(object, operation, lines)
            return dict.fromkeys((line.trace for line in lines), error)
        return dict(_matched(answer, object, lines))

    def _halves(self, object: str, operation: Operation, lines: Sequence[Line]) -> dict[str, Answer]:
        middle = len(lines) // 2
        answers = self._batch(object, operation, lines[:middle])
        stop = stopping(answers.values())
        rest = lines[middle:]
        return answers | (
            dict.fromkeys((line.trace for line in rest), stop) if stop else self._batch(object, operation, rest)
        )


def stopping(answers: Iterable[Answer]) -> ConnectorError | None:
    return next((answer for answer in answers if isinstance(answer, STOPPING)), None)


def _may_be_one_row(error: ConnectorError, lines: Sequence[Line]) -> bool:
    """A property that is missing concerns every row that has it, so that halving shows nothing where all have."""
    if isinstance(error, ConfigError):
        return len({frozenset(line.properties) for line in lines}) > 1
    return isinstance(error, _ROWS_FAULT)


def _matched(answer: Any, object: str, lines: Sequence[Line]) -> Iterator[tuple[str, Answer]]:
    """Row by row, never by order. What neither a result nor an error speaks of is unknown."""
    body = answer if isinstance(answer, Mapping) else {}
    results = {name: result for result in body.get("results") or () for name in _names(result, lines)}
    errors = {name: error for error in body.get("errors") or () for name in _named(error)}
    for line in lines:
        found = results.get(("trace", line.trace)) or results.get(("id", line.id.lower()))
        error = errors.get(("trace", line.trace)) or errors.get(("id", line.id.lower()))
        if found is not None:
            yield line.trace, found
        elif error is not None:
            yield line.trace, classify(row_failure(error), object, line.id)
        else:
            message = f"HubSpot's answer does not say what became of {object} {line.id}; settle it by its key."
            yield line.trace, Unknown(message, system=SYSTEM, object=object, record=line.id)


def _names(result: Mapping[str, Any], lines: Sequence[Line]) -> Iterator[tuple[str, str]]:
    if result.get("objectWriteTraceId"):
        yield "trace", str(result["objectWriteTraceId"])
        return
    by = lines[0].by
    value = result.get("properties", {}).get(by) if by else result.get("id")
    if value:
        yield "id", str(value).lower()


def _named(error: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    context = error.get("context") or {}
    for name, kind in (("objectWriteTraceId", "trace"), ("ids", "id"), ("id", "id")):
        for value in context.get(name) or ():
            yield kind, str(value).lower() if kind == "id" else str(value)
