"""Pushing writes: prepared in bulk, creates before updates, few one by one and many in batches."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import partial

from crmerp_assets.connectors.errors import AuthFailed, ConnectorError, Duplicate, Rejected, Throttled, Transient
from crmerp_assets.connectors.http import HttpClient
from crmerp_assets.connectors.netsuite.batches import Batches
from crmerp_assets.connectors.netsuite.bodies import referenced_keys
from crmerp_assets.connectors.netsuite.fields import NativeObject
from crmerp_assets.connectors.netsuite.jobs import Jobs
from crmerp_assets.connectors.netsuite.objects import native_object
from crmerp_assets.connectors.netsuite.preparing import Prepared, Preparer
from crmerp_assets.connectors.netsuite.readback import existing, read_back
from crmerp_assets.connectors.netsuite.sending import about, held, is_duplicate, send, unknown
from crmerp_assets.connectors.netsuite.suiteql import SuiteQL
from crmerp_assets.connectors.netsuite.times import ServerClock, WallClock
from crmerp_assets.connectors.protocol import Accepted, Result, Write

FEW = 3


class Pusher:
    """Sends the writes of one object. Creates go first, so that no update leans on a record still to come."""

    def __init__(
        self,
        http: HttpClient,
        connection: str,
        suiteql: SuiteQL,
        wall: WallClock,
        server: ServerClock,
        preparer: Preparer,
        jobs: Jobs,
        lanes: int,
    ) -> None:
        self._http = http
        self._connection = connection
        self._suiteql = suiteql
        self._wall = wall
        self._server = server
        self._preparer = preparer
        self._jobs = jobs
        self._lanes = lanes

    def push(self, object: str, writes: Sequence[Write], accepted: Accepted) -> list[Result]:
        if not writes:
            return []
        native = native_object(object)
        try:
            prepared = self._preparer.prepare(native, writes)
        except (Transient, Throttled) as failure:
            return [Result(write.id, write.native_id, about(copy(failure), write)) for write in writes]
        results = {
            write.id: Result(write.id, write.native_id, one)
            for write, one in zip(writes, prepared, strict=True)
            if isinstance(one, ConnectorError)
        }
        ready = sorted(
            (one for one in prepared if isinstance(one, Prepared)),
            key=lambda one: (one.method == "PATCH", one.record_type),
        )
        results |= self._few(ready) if len(ready) <= FEW else self._many(native, ready, accepted)
        self._excuse(writes, results)
        return self._with_ids(native, writes, results)

    def _few(self, ready: Sequence[Prepared]) -> dict[str, Result]:
        results: dict[str, Result] = {}
        unsettled: set[str] = set()
        for one in ready:
            waits = unsettled & referenced_keys(one.write)
            result = held(self._connection, one.write) if waits else send(self._http, self._connection, one)
            if isinstance(result.error, AuthFailed) and not results:
                raise result.error
            if result.error is not None:
                unsettled.add(one.write.key.lower())
            results[one.write.id] = result
        return results

    def _many(self, native: NativeObject, ready: Sequence[Prepared], accepted: Accepted) -> dict[str, Result]:
        saved = partial(read_back, self._suiteql, self._wall, native)
        batches = Batches(self._jobs, self._connection, saved, accepted, self._lanes)
        try:
            started = self._server.fresh()
        except (Transient, Throttled) as failure:
            return {
                one.write.id: Result(one.write.id, one.write.native_id, about(copy(failure), one.write))
                for one in ready
            }
        return batches.send(ready, started)

    def _excuse(self, writes: Sequence[Write], results: dict[str, Result]) -> None:
        """A record refused because the one it refers to failed in this very push is not at fault."""
        failed = {write.key.lower() for write in writes if results[write.id].error is not None}
        for write in writes:
            if isinstance(results[write.id].error, Rejected) and failed & referenced_keys(write):
                results[write.id] = held(self._connection, write)

    def _with_ids(self, native: NativeObject, writes: Sequence[Write], results: dict[str, Result]) -> list[Result]:
        """Fill in the ids that answers left out, and the record that a duplicate collides with.

        A create without an id could be linked with nothing, so that it is to be settled.
        """
        lacking = [w for w in writes if results[w.id].error is None and results[w.id].native_id is None]
        doubles = [w for w in writes if is_duplicate(results[w.id])]
        found = self._existing(native, [*lacking, *doubles])
        for write in lacking:
            native_id = found.get(write.id)
            results[write.id] = (
                Result(write.id, native_id, None)
                if native_id
                else unknown(self._connection, write, "neither the answer nor a look-up gave an id")
            )
        for write in doubles:
            error = results[write.id].error
            if isinstance(error, Duplicate):
                error.existing_id = found.get(write.id)
        return [results[write.id] for write in writes]

    def _existing(self, native: NativeObject, writes: Sequence[Write]) -> dict[str, str]:
        try:
            return existing(self._suiteql, native, writes) if writes else {}
        except ConnectorError:
            return {}
