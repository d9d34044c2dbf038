"""Rows on their way to HubSpot in batches of 100, and what became of each.

A batch is answered out of order and its errors name no position, so every row carries a trace id, and an answer is
matched by it, or else by the row's key or id. One invalid row can make HubSpot refuse the batch as a whole; nothing was
applied then, and the batch is sent again in halves until the invalid row stands alone. An error that names no row may
be that of any row without an answer: each of those is sent once more by itself, which its key or id makes safe.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from crmerp_assets.connectors.errors import (
    AuthFailed,
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
from crmerp_assets.connectors.hubspot.failures import PropertyFault, classify, row_failure

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
        answers, stray = _matched(answer, object, lines)
        left = [line for line in lines if line.trace not in answers]
        if stray and left and len(lines) == 1:
            return {left[0].trace: classify(row_failure(stray[0]), object, left[0].id)}
        return answers | (self._singly(object, operation, left) if stray else _unknown(object, left))

    def _singly(self, object: str, operation: Operation, lines: Sequence[Line]) -> dict[str, Answer]:
        answers: dict[str, Answer] = {}
        for line in lines:
            stop = stopping(answers.values())
            answers |= {line.trace: stop} if stop else self._batch(object, operation, [line])
        return answers

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
    if isinstance(error, PropertyFault):
        return len({frozenset(line.properties) for line in lines}) > 1
    return isinstance(error, _ROWS_FAULT)


def _matched(answer: Any, object: str, lines: Sequence[Line]) -> tuple[dict[str, Answer], list[Record]]:
    """Answers row by row, never by order, and the errors that name none of these rows."""
    body = answer if isinstance(answer, Mapping) else {}
    told = body.get("errors") or ([{}] if int(body.get("numErrors") or 0) else [])
    results = {name: result for result in body.get("results") or () for name in _names(result, lines)}
    errors = {name: error for error in told for name in _named(error)}
    names = {line.trace: (("trace", line.trace), ("id", line.id.lower())) for line in lines}
    failed = {trace: next((errors[name] for name in own if name in errors), None) for trace, own in names.items()}
    answers: dict[str, Answer] = {
        line.trace: classify(row_failure(error), object, line.id) for line in lines if (error := failed[line.trace])
    }
    answers |= {trace: results[name] for trace, own in names.items() for name in own[::-1] if name in results}
    known = {name for own in names.values() for name in own}
    return answers, [error for error in told if known.isdisjoint(_named(error))]


def _unknown(object: str, lines: Sequence[Line]) -> dict[str, Answer]:
    """Of these neither a result nor an error speaks."""
    message = "HubSpot's answer does not say what became of {} {}; settle it by its key."
    return {
        line.trace: Unknown(message.format(object, line.id), system=SYSTEM, object=object, record=line.id)
        for line in lines
    }


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
