"""Batches of up to 100 rows: answered out of order, failing as a whole or row by row depending on trace ids."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crmerp_assets.sandbox.hubspot.errors import HubSpotError, bad_request
from crmerp_assets.sandbox.hubspot.moments import iso
from crmerp_assets.sandbox.hubspot.portal import Body, Portal, Record
from crmerp_assets.sandbox.hubspot.records import Records
from crmerp_assets.sandbox.hubspot.schema import ObjectType

MOST = 100
_MULTI_STATUS = ("v3", "v4", "2025-09", "2026-03")
"""These answer 207 where rows failed; 2026-09 answers 200 and says so in the body only."""

Act = Callable[[Mapping[str, Any]], tuple[Record, Body]]


class Batches:
    def __init__(self, portal: Portal, records: Records) -> None:
        self._portal, self._records = portal, records

    def run(
        self, kind: ObjectType, operation: str, body: Body, author: str, version: str, part: bool = False
    ) -> tuple[int, Body | None]:
        """(HTTP status, answer). Raises HubSpotError where the batch fails as a whole.

        With `part` the first half is written and the answer says nothing of the other rows; one row is none.
        """
        inputs = _inputs(body, operation)
        if operation == "archive":
            return self._archive(kind, inputs, author)
        if operation == "read":
            results, errors = self._read(kind, body, inputs)
        elif part:
            first = inputs[: len(inputs) // 2]
            results, errors = self._write(kind, operation, first, author, version) if first else ([], [])
        else:
            results, errors = self._write(kind, operation, inputs, author, version)
        status = 207 if errors and version in _MULTI_STATUS else 201 if operation == "create" else 200
        return status, self._answer(results, errors)

    def _answer(self, results: Sequence[Body], errors: Sequence[Body]) -> Body:
        stamp = iso(self._portal.now())
        times = {"requestedAt": stamp, "startedAt": stamp, "completedAt": stamp}
        told = {"numErrors": len(errors), "errors": list(errors)} if errors else {}
        return {"status": "COMPLETE", "results": list(results)[::-1], **times, **told}

    def _write(
        self, kind: ObjectType, operation: str, inputs: list[Body], author: str, version: str
    ) -> tuple[list[Body], list[Body]]:
        act = self._action(kind, operation, author, version, inputs)
        traces = [row.get("objectWriteTraceId") for row in inputs]
        one_by_one = operation in self._portal.settings.multi_status and None not in traces
        if one_by_one and len(set(traces)) != len(traces):
            raise bad_request("objectWriteTraceId must be unique within a request")
        results: list[Body] = []
        errors: list[Body] = []
        with self._portal.store.writing():
            for row, trace in zip(inputs, traces, strict=True):
                try:
                    record, more = act(row)
                except HubSpotError as error:
                    if not one_by_one and error.category != "OBJECT_NOT_FOUND":
                        raise
                    errors.append(error.row(trace) | ({"context": {}} if self._portal.settings.nameless else {}))
                else:
                    shown = self._portal.shown(kind, record, [*kind.shown, *row.get("properties", {})])
                    results.append({**shown, **more, **({"objectWriteTraceId": trace} if trace else {})})
        return results, errors

    def _action(self, kind: ObjectType, operation: str, author: str, version: str, inputs: list[Body]) -> Act:
        if operation == "create":
            return lambda row: (
                self._records.create(kind, row.get("properties", {}), author, version, row.get("associations") or ()),
                {},
            )
        by = self._id_property(kind, operation, inputs)
        return lambda row: self._changed(kind, operation, row, by, author, version)

    def _id_property(self, kind: ObjectType, operation: str, inputs: list[Body]) -> str | None:
        named = {row.get("idProperty") for row in inputs}
        if len(named) > 1:
            raise bad_request("All inputs must have the same idProperty")
        by: str | None = next(iter(named), None)
        if operation == "upsert" and by is None:
            raise bad_request("idProperty is required for upsert")
        if by is not None:
            self._portal.owner(kind, by, "")
        ids = [str(row.get("id")).lower() for row in inputs]
        if len(set(ids)) != len(ids):
            raise bad_request("Duplicate IDs found in batch input")
        return by

    def _changed(
        self, kind: ObjectType, operation: str, row: Mapping[str, Any], by: str | None, author: str, version: str
    ) -> tuple[Record, Body]:
        key, values = str(row.get("id")), row.get("properties", {})
        record = self._portal.live(kind, key, by)
        if record is None and operation == "update":
            raise self._portal.missing(kind, [key])
        if record is None:
            made = self._records.create(kind, {**values, str(by): key}, author, version)
            return made, {"new": True}
        more = {"new": False} if operation == "upsert" else {}
        return self._records.update(kind, record, values, author), more

    def _read(self, kind: ObjectType, body: Body, inputs: list[Body]) -> tuple[list[Body], list[Body]]:
        by, names = body.get("idProperty"), body.get("properties") or None
        found: dict[int, Record] = {}
        missing: list[str] = []
        for row in inputs:
            record = self._portal.live(kind, str(row["id"]), by)
            if record is None:
                missing.append(str(row["id"]))
            else:
                found[record.id] = record
        results = [self._portal.shown(kind, record, names) for record in found.values()]
        return results, [self._portal.missing(kind, missing).row(None)] if missing else []

    def _archive(self, kind: ObjectType, inputs: list[Body], author: str) -> tuple[int, None]:
        for row in inputs:
            record = self._portal.live(kind, str(row["id"]))
            if record is not None:
                self._records.archive(kind, record, author)
        return 204, None


def _inputs(body: Body, operation: str) -> list[Body]:
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not inputs:
        raise bad_request("inputs may not be empty")
    if len(inputs) > MOST:
        raise bad_request(f"The maximum number of inputs to {operation} is {MOST}")
    return inputs
