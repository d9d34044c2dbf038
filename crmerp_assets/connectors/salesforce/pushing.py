"""Writing many records in few calls, each with its own result.

Creates are upserts on our unique key, so that sending one twice makes one record. Salesforce refuses two rows with
the same key in one call, and a row that refers by key to a record made in the same call; such rows go in a later one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

from crmerp_assets.connectors.errors import (
    AuthFailed,
    ConfigError,
    ConnectorError,
    Gone,
    QuotaSpent,
    Rejected,
    Throttled,
    Transient,
)
from crmerp_assets.connectors.protocol import Ref, Result, Write
from crmerp_assets.connectors.salesforce.api import in_chunks
from crmerp_assets.connectors.salesforce.auth import SYSTEM
from crmerp_assets.connectors.salesforce.failures import classify_all, no_key
from crmerp_assets.connectors.salesforce.lookup import Lookup
from crmerp_assets.connectors.salesforce.payload import payload
from crmerp_assets.connectors.salesforce.schema import Schema
from crmerp_assets.connectors.salesforce.sending import COLLECTIONS, ROWS, Answer, Sending

_RAISED = (AuthFailed, QuotaSpent, ConfigError)
_STOPPING = (AuthFailed, QuotaSpent, Throttled, Transient)
"""After one of these the next call would fail the same way, so what was not sent stays unsent."""


class Pushing:
    def __init__(self, sending: Sending, schema: Schema, lookup: Lookup) -> None:
        self._sending = sending
        self._schema = schema
        self._lookup = lookup

    def push(self, object: str, writes: Sequence[Write]) -> list[Result]:
        try:
            for key_field in _keys_written(writes):
                self._schema.require_key(object, key_field)
            bodies, results = self._prepare(writes)
        except (Transient, Throttled) as error:
            return [Result(write.id, write.native_id, _about(error, write)) for write in writes]
        sendable = [write for write in writes if write.id in bodies]
        results.update((result.write_id, result) for result in self._results(object, sendable, bodies))
        return self._with_survivors(object, [results[write.id] for write in writes])

    def _results(self, object: str, writes: Sequence[Write], bodies: Mapping[str, Any]) -> Iterator[Result]:
        """The result of every write; raises what concerns all of them while none was sent."""
        stop: ConnectorError | None = None
        for number, call in enumerate(self._calls(object, writes, bodies)):
            rows = [write for batch in call for write in batch]
            answers: list[Answer] = [stop] * len(rows) if stop else self._sending.send(object, call, bodies)
            if number == 0:
                _raise_if_all(answers)
                _raise_if_no_key(answers, object)
            stop = stop or next((answer for answer in answers if isinstance(answer, _STOPPING)), None)
            yield from (_result(write, answer) for write, answer in zip(rows, answers, strict=True))

    def _calls(
        self, object: str, writes: Sequence[Write], bodies: Mapping[str, Any]
    ) -> Iterator[Sequence[Sequence[Write]]]:
        for group in groups_of(writes):
            yield from self._sending.calls(object, group, bodies)

    def _prepare(self, writes: Sequence[Write]) -> tuple[dict[str, Any], dict[str, Result]]:
        bodies: dict[str, Any] = {}
        results: dict[str, Result] = {}
        for write in writes:
            try:
                bodies[write.id] = payload(write, self._schema)
            except Rejected as error:
                results[write.id] = Result(write.id, write.native_id, error)
        return bodies, results

    def _with_survivors(self, object: str, results: list[Result]) -> list[Result]:
        """A record that was merged away names its survivor, so that the caller can follow."""
        gone = [result.native_id for result in results if isinstance(result.error, Gone) and result.native_id]
        try:
            survivors = self._lookup.survivors(object, gone)
        except ConnectorError:
            return results
        return [_merged(result, survivors) for result in results]


def push_calls(creates: int, updates: int) -> int:
    """Calls at best: creates and updates never share one, and the first 200 rows of a kind go alone."""
    return _calls(creates) + _calls(updates)


def _calls(rows: int) -> int:
    batches = -(-rows // ROWS)
    return batches if batches < 2 else 1 - (-(batches - 1) // COLLECTIONS)


def groups_of(writes: Sequence[Write]) -> Iterator[list[list[Write]]]:
    """Batches of at most 200 rows; those of a group are of one kind and independent, so one call may hold several.

    Groups go one after the other; creates come first within a turn.
    """
    for turn in _turns(writes):
        kinds: dict[tuple[str, str], list[Write]] = {}
        for write in turn:
            kind = (write.operation, write.key_field if write.operation == "create" else "")
            kinds.setdefault(kind, []).append(write)
        for _, group in sorted(kinds.items(), key=lambda item: item[0]):
            yield in_chunks(group, ROWS)


def _turns(writes: Sequence[Write]) -> list[list[Write]]:
    """Each write behind the earlier ones on the same record, and behind those it refers to by key."""
    turn_of: dict[str, int] = {}
    turns: list[list[Write]] = []
    for write in writes:
        needed = [*_identities(write), *_keys_referred_to(write)]
        turn = max((turn_of[name] + 1 for name in needed if name in turn_of), default=0)
        turn_of.update(dict.fromkeys(_identities(write), turn))
        turns.extend([] for _ in range(turn + 1 - len(turns)))
        turns[turn].append(write)
    return turns


def _identities(write: Write) -> list[str]:
    ids = [f"id:{write.native_id[:15]}"] if write.native_id else []
    return [*ids, f"key:{write.key.lower()}"] if write.key else ids


def _keys_referred_to(write: Write) -> list[str]:
    refs = [value for value in write.values.values() if isinstance(value, Ref)]
    return [
        f"key:{ref.key.lower()}" for ref in refs if ref.object == write.object and ref.native_id is None and ref.key
    ]


def _keys_written(writes: Sequence[Write]) -> set[str]:
    """The fields by which records are made, or that an update gives our key."""
    return {write.key_field for write in writes if write.operation == "create" or write.key_field in write.values}


def _raise_if_no_key(answers: Sequence[Answer], object: str) -> None:
    """Salesforce tells every row of a collection what is wrong with the field that it goes by, and applies none."""
    if all(no_key(answer) for answer in answers):
        errors = next(answer["errors"] for answer in answers if isinstance(answer, Mapping))
        raise classify_all(errors, object, None)


def _raise_if_all(answers: Sequence[Answer]) -> None:
    if all(isinstance(answer, _RAISED) for answer in answers):
        raise next(answer for answer in answers if isinstance(answer, ConnectorError))


def _result(write: Write, answer: Answer) -> Result:
    if isinstance(answer, ConnectorError):
        return Result(write.id, write.native_id, _about(answer, write))
    if answer.get("success"):
        return Result(write.id, answer.get("id") or write.native_id, None)
    error = classify_all(answer.get("errors") or [], write.object, write.native_id or write.key)
    if write.operation == "update" and isinstance(error, Rejected) and _id_unknown(error):
        error = Gone(
            f"Salesforce no longer has {write.object} {write.native_id}; plan it again.",
            system=SYSTEM,
            object=write.object,
            record=write.native_id,
        )
    return Result(write.id, write.native_id, error)


def _id_unknown(error: Rejected) -> bool:
    """A record that was purged is not deleted but unknown; then no field is to blame."""
    return error.code == "INVALID_CROSS_REFERENCE_KEY" and error.field in (None, "Id")


def _merged(result: Result, survivors: Mapping[str, str]) -> Result:
    error, survivor = result.error, survivors.get(result.native_id or "")
    if survivor is None or not isinstance(error, Gone):
        return result
    message = f"{error.object} {error.record} was merged into {survivor}; link it there and plan it again."
    gone = Gone(message, merged_into=survivor, system=SYSTEM, object=error.object, record=error.record)
    return replace(result, error=gone)


def _about(error: ConnectorError, write: Write) -> ConnectorError:
    """The error of a whole call, told of one of its rows."""
    told = copy(error)
    told.object, told.record = write.object, write.native_id or write.key
    told.args = (f"{told.object} {told.record}: {error}",)
    return told
