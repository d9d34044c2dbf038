"""Writing many records in few calls, each with its own result.

Creates are upserts on our unique key, so that sending one twice makes one record. An upsert cannot associate, and a
deal that is found by its key though its company and its lines are missing would pass for done. So a record with
references or lines is made in one step with them: its line items first, each by a key of its own, then the record with
all its associations; where it is there already, it is brought up to date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from typing import Any

from crmerp_assets.connectors.errors import (
    AuthFailed,
    ConfigError,
    ConnectorError,
    Duplicate,
    Gone,
    QuotaSpent,
    Rejected,
)
from crmerp_assets.connectors.hubspot.api import BATCH
from crmerp_assets.connectors.hubspot.auth import SYSTEM
from crmerp_assets.connectors.hubspot.days import Days
from crmerp_assets.connectors.hubspot.keys import Keys
from crmerp_assets.connectors.hubspot.linking import Linking, Wanted, spec
from crmerp_assets.connectors.hubspot.objects import LINE_KEY, LINKS
from crmerp_assets.connectors.hubspot.payload import Payload, payload, references
from crmerp_assets.connectors.hubspot.schema import Schema
from crmerp_assets.connectors.hubspot.sending import Answer, Line, Sending
from crmerp_assets.connectors.protocol import Ref, Result, Write

_RAISED = (AuthFailed, QuotaSpent, ConfigError)


class Pushing:
    def __init__(self, schema: Schema, keys: Keys, days: Days, sending: Sending, linking: Linking) -> None:
        self._schema, self._keys, self._days, self._sending, self._linking = schema, keys, days, sending, linking

    def push(self, object: str, writes: Sequence[Write]) -> list[Result]:
        results: dict[str, Result] = {}
        for turn in _turns(writes):
            found = {result.write_id: result for result in self._turn(object, turn)}
            if not results:
                _raise_if_all(found.values())
            results |= found
        return [results[write.id] for write in writes]

    def _turn(self, object: str, writes: Sequence[Write]) -> Iterator[Result]:
        """Writes of records that are all different."""
        try:
            payloads, refused = self._payloads(writes)
        except ConnectorError as error:
            yield from (_failed(write, error) for write in writes)
            return
        yield from refused
        for key_field in dict.fromkeys(made.write.key_field for made in payloads):
            creates = [p for p in payloads if p.write.operation == "create" and p.write.key_field == key_field]
            yield from self._creates(object, key_field, [made for made in creates if made.plain])
            yield from self._whole(object, key_field, [made for made in creates if not made.plain])
        yield from self._updates(object, [made for made in payloads if made.write.operation == "update"])

    def _payloads(self, writes: Sequence[Write]) -> tuple[list[Payload], list[Result]]:
        payloads: list[Payload] = []
        refused: list[Result] = []
        resolved = self._resolved(writes)
        for write in writes:
            try:
                payloads.append(payload(write, self._schema, self._days, resolved))
            except Rejected as error:
                refused.append(Result(write.id, write.native_id, error))
        return payloads, refused

    def _creates(self, object: str, key_field: str, payloads: Sequence[Payload]) -> Iterator[Result]:
        answers = self._upsert(object, key_field, payloads)
        yield from (_result(made.write, answers[made.write.id]) for made in payloads)

    def _upsert(self, object: str, key_field: str, payloads: Sequence[Payload]) -> dict[str, Answer]:
        lines = [Line(made.write.id, made.write.key, made.properties, by=key_field) for made in payloads]
        answers = self._sending.send(object, "upsert", lines)
        clashed = [line for line in lines if isinstance(answers[line.trace], Duplicate)]
        try:
            if answers and all(isinstance(answer, Rejected) for answer in answers.values()):
                self._keys.check(object, key_field)
            return answers | self._once_more(object, key_field, clashed)
        except ConfigError as error:
            return dict.fromkeys(answers, error)
        except ConnectorError as error:
            return answers | dict.fromkeys((line.trace for line in clashed), error)

    def _once_more(self, object: str, key_field: str, clashed: Sequence[Line]) -> dict[str, Answer]:
        """Two writers of a new key can meet; the second finds the record there and changes it instead."""
        there = self._keys.there(object, key_field, [line.id for line in clashed])
        return self._sending.send(object, "upsert", [line for line in clashed if line.id.lower() in there])

    def _whole(self, object: str, key_field: str, payloads: Sequence[Payload]) -> Iterator[Result]:
        """Records with references or lines: new ones in one step with them, others by what they lack."""
        if not payloads:
            return
        try:
            there = self._keys.there(object, key_field, [made.write.key for made in payloads])
            items = self._line_items(payloads)
        except ConnectorError as error:
            yield from (_failed(made.write, error) for made in payloads)
            return
        sound = [made for made in payloads if made.write.id not in items.refused]
        yield from (_failed(p.write, items.refused[p.write.id]) for p in payloads if p.write.id in items.refused)
        new = [made for made in sound if made.write.key.lower() not in there]
        lines = [
            Line(
                made.write.id, made.write.key, made.properties, by=key_field, associations=_inline(made, items.of(made))
            )
            for made in new
        ]
        answers = self._sending.send(object, "create", lines)
        met = [made.write for made in new if _taken(answers[made.write.id], key_field)]
        try:
            there |= self._keys.there(object, key_field, [write.key for write in met])
        except ConnectorError as error:
            answers |= dict.fromkeys((write.id for write in met), error)
        yield from (_result(p.write, answers[p.write.id]) for p in new if p.write.key.lower() not in there)
        known = [made for made in sound if made.write.key.lower() in there]
        yield from self._known(object, key_field, known, items)

    def _known(self, object: str, key_field: str, payloads: Sequence[Payload], items: Items) -> Iterator[Result]:
        answers = self._upsert(object, key_field, payloads) if payloads else {}
        results = [_result(made.write, answers[made.write.id]) for made in payloads]
        whole = [self._with_lines(object, p, result, items) for p, result in zip(payloads, results, strict=True)]
        yield from self._linked(object, payloads, whole)

    def _with_lines(self, object: str, made: Payload, result: Result, items: Items) -> Result:
        """The result, once a record that was there has its line items as well."""
        if result.error is not None or result.native_id is None:
            return result
        try:
            for child, ids in items.of(made):
                pairs = [(result.native_id, id_) for id_ in ids]
                self._linking.add(object, child, items.type_id(made, child), pairs)
        except ConnectorError as error:
            return _failed(made.write, error)
        return result

    def _updates(self, object: str, payloads: Sequence[Payload]) -> Iterator[Result]:
        lines = [
            Line(made.write.id, str(made.write.native_id), made.properties) for made in payloads if made.properties
        ]
        answers: dict[str, Answer] = {made.write.id: {"id": made.write.native_id} for made in payloads}
        answers |= self._sending.send(object, "update", lines)
        results = [_result(made.write, answers[made.write.id]) for made in payloads]
        yield from self._linked(object, payloads, results)

    def _linked(self, object: str, payloads: Sequence[Payload], results: Sequence[Result]) -> Iterator[Result]:
        """The results, after the references of those that were applied have been set."""
        wanted = [
            Wanted(result.write_id, result.native_id, link, to)
            for made, result in zip(payloads, results, strict=True)
            for link, to in made.links
            if result.error is None and result.native_id
        ]
        errors = self._linking.set(object, wanted) if wanted else {}
        for made, result in zip(payloads, results, strict=True):
            error = errors.get(result.write_id)
            yield _failed(made.write, error) if error else result

    def _line_items(self, payloads: Sequence[Payload]) -> Items:
        """Line items by keys of their own, so that sending them twice makes each once."""
        items = Items()
        for child in dict.fromkeys(child for made in payloads for child, _ in made.lines):
            lines = {
                made.write.id: [
                    Line(f"{made.write.id}/{n}", key, row | {LINE_KEY: key}, by=LINE_KEY)
                    for found, rows in made.lines
                    if found == child
                    for n, row in enumerate(rows, 1)
                    for key in [f"{made.write.key}:{n}"]
                ]
                for made in payloads
            }
            every = [line for rows in lines.values() for line in rows]
            items.add(child.object, lines, self._sending.send(child.object, "upsert", every))
        return items

    def _resolved(self, writes: Sequence[Write]) -> dict[Ref, str]:
        found: dict[Ref, str] = {}
        asked = references(writes)
        for object, key_field in dict.fromkeys((ref.object, ref.key_field or "") for ref in asked):
            these = [ref for ref in asked if (ref.object, ref.key_field) == (object, key_field)]
            there = self._keys.there(object, key_field, list(dict.fromkeys(ref.key or "" for ref in these)))
            found |= {ref: there[key] for ref in these if (key := (ref.key or "").lower()) in there}
        return found


class Items:
    """The line items that were made for each write, and the writes of which one was refused."""

    def __init__(self) -> None:
        self.refused: dict[str, ConnectorError] = {}
        self._ids: dict[tuple[str, str], list[str]] = {}

    def add(self, child: str, lines: Mapping[str, Sequence[Line]], answers: Mapping[str, Answer]) -> None:
        for write_id, rows in lines.items():
            found = [answers[line.trace] for line in rows]
            failed = next((answer for answer in found if isinstance(answer, ConnectorError)), None)
            if failed is not None:
                self.refused[write_id] = failed
            else:
                self._ids[write_id, child] = [str(answer["id"]) for answer in found if isinstance(answer, dict)]

    def of(self, made: Payload) -> list[tuple[str, list[str]]]:
        """(object, ids) of each list."""
        return [(child.object, self._ids.get((made.write.id, child.object), [])) for child, _ in made.lines]

    def type_id(self, made: Payload, object: str) -> int:
        return next(child.type_id for child, _ in made.lines if child.object == object)


def push_calls(object: str, creates: int, updates: int) -> int:
    """Calls at best. Where an object has references, it is asked first which records are there."""
    looks = 2 if object in LINKS and object != "companies" else 1
    return looks * -(-creates // BATCH) + -(-updates // BATCH)


def _inline(made: Payload, items: Sequence[tuple[str, Sequence[str]]]) -> list[dict[str, Any]]:
    types = {child.object: child.type_id for child, _ in made.lines}
    pairs = [(link.type_id, to) for link, to in made.links if to is not None]
    pairs += [(types[child], id_) for child, ids in items for id_ in ids]
    return [{"to": {"id": to}, "types": [spec(type_id)]} for type_id, to in pairs]


def _turns(writes: Sequence[Write]) -> list[list[Write]]:
    """Each write behind the earlier ones on the same record, and behind those it refers to by key."""
    turn_of: dict[str, int] = {}
    turns: list[list[Write]] = []
    for write in writes:
        mine = _identities(write)
        keys = [f"key:{ref.key.lower()}" for ref in references([write]) if ref.object == write.object and ref.key]
        turn = max((turn_of[name] + 1 for name in [*mine, *keys] if name in turn_of), default=0)
        turn_of.update(dict.fromkeys(mine, turn))
        turns.extend([] for _ in range(turn + 1 - len(turns)))
        turns[turn].append(write)
    return turns


def _identities(write: Write) -> list[str]:
    ids = [f"id:{write.native_id}"] if write.native_id else []
    return [*ids, f"key:{write.key.lower()}"] if write.key else ids


def _raise_if_all(results: Iterable[Result]) -> None:
    errors = [result.error for result in results]
    first = next(iter(errors), None)
    if first is not None and all(isinstance(error, _RAISED) for error in errors):
        raise first


def _taken(answer: Answer, key_field: str) -> bool:
    """Whether a record may have been made by its key in the meantime, under whatever code HubSpot says so."""
    return isinstance(answer, Duplicate) or (isinstance(answer, Rejected) and answer.field == key_field)


def _result(write: Write, answer: Answer) -> Result:
    if isinstance(answer, ConnectorError):
        return _failed(write, answer)
    native_id = str(answer["id"])
    # Only the answer tells: HubSpot has no write that applies to a version. By then the survivor has the values.
    if write.operation == "update" and native_id != write.native_id:
        message = f"{write.object} {write.native_id} was merged into {native_id}; link it there and plan it again."
        gone = Gone(message, merged_into=native_id, system=SYSTEM, object=write.object, record=write.native_id)
        return Result(write.id, write.native_id, gone)
    return Result(write.id, native_id, None)


def _failed(write: Write, error: ConnectorError) -> Result:
    """The error of a whole call, told of one of its rows."""
    told = copy(error)
    told.object, told.record = write.object, write.native_id or write.key
    if str(told.record) not in str(error):
        told.args = (f"{told.object} {told.record}: {error}",)
    return Result(write.id, write.native_id, told)
