"""The Tryton connector: one connection's parts, put together."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from crmerp_assets.connectors.http import Clock, HttpClient, Meter
from crmerp_assets.connectors.protocol import (
    Accepted,
    Deletion,
    FieldInfo,
    FieldSpec,
    Finding,
    Limits,
    Needs,
    Page,
    ProvisionStep,
    Result,
    Right,
    Row,
    Write,
    unheard,
)
from crmerp_assets.connectors.tryton.auth import SessionAuth
from crmerp_assets.connectors.tryton.checking import Checker, steps
from crmerp_assets.connectors.tryton.deleting import Deletions
from crmerp_assets.connectors.tryton.failures import Judge
from crmerp_assets.connectors.tryton.fields import SYSTEM
from crmerp_assets.connectors.tryton.metadata import Metadata
from crmerp_assets.connectors.tryton.objects import native_object
from crmerp_assets.connectors.tryton.pushing import BATCH, Pusher
from crmerp_assets.connectors.tryton.reading import PAGE, Reader
from crmerp_assets.connectors.tryton.rights import Rights
from crmerp_assets.connectors.tryton.rpc import Rpc

CONCURRENCY = 2
"""Tryton has no limit of its own; its processors are shared with the people who work in it."""


class TrytonConnector:
    """One database of a Tryton server. `url` is the server's own, without the database."""

    system = SYSTEM

    def __init__(
        self,
        name: str,
        url: str,
        database: str,
        username: str,
        password: str,
        *,
        clock: Clock,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        verify: bool | str = True,
        overlap_seconds: int = 600,
        timeout: float = 120.0,
        meter: Meter | None = None,
    ) -> None:
        self.name = name
        base = url.rstrip("/")
        auth = SessionAuth(name, f"{base}/{database}/rpc/", username, password, clock)
        self._http = HttpClient(
            base,
            auth,
            name,
            clock,
            system=SYSTEM,
            judge=Judge(name),
            sleep=sleep,
            jitter=jitter,
            verify=verify,
            timeout=timeout,
            concurrency=CONCURRENCY,
            meter=meter,
        )
        rpc = Rpc(self._http, name, database, clock, auth.user)
        self._metadata = Metadata(rpc)
        self._reader = Reader(rpc, self._metadata, overlap_seconds)
        self._deletions = Deletions(rpc, self._reader)
        self._pusher = Pusher(rpc, self._metadata, self._reader, self._deletions)
        self._checker = Checker(rpc, self._metadata)
        self._rights = Rights(rpc)

    def check(self, needs: Mapping[str, Needs]) -> list[Finding]:
        return self._checker.check(needs)

    def rights(self, needs: Mapping[str, Needs]) -> list[Right]:
        return self._rights.rights(needs)

    def describe(self, object: str) -> dict[str, FieldInfo]:
        return self._metadata.describe(native_object(object))

    def pull(self, object: str, fields: Sequence[str], since: str | None) -> Iterator[Page]:
        return self._reader.pull(object, fields, since)

    def deletions(self, object: str, since: str | None) -> tuple[list[Deletion], str]:
        return self._deletions.since(object, since)

    def ids(self, object: str) -> list[str]:
        return self._reader.ids(object)

    def unstamped(self, object: str, known: Sequence[Row]) -> list[str]:
        """Those of transactions so long that no pull looked back as far, and what Tryton works out or deletes without a
        stamp: all is read again, in one call for each 1,000 rows."""
        return self._reader.differing(object, known)

    def fetch(self, object: str, fields: Sequence[str], ids: Sequence[str]) -> list[Row]:
        return self._reader.fetch(object, fields, ids)

    def find_by_key(
        self, object: str, key_field: str, keys: Sequence[str], fields: Sequence[str] = ()
    ) -> dict[str, Row]:
        return self._reader.find_by_key(object, key_field, keys, fields)

    def push(self, object: str, writes: Sequence[Write], accepted: Accepted = unheard) -> list[Result]:
        """Every call is carried out before it is answered, so there is never a job to tell of."""
        return self._pusher.push(object, writes)

    def finish(self, object: str, ids: Sequence[str]) -> set[str]:
        return self._pusher.finish(object, ids)

    def unfinished(self, jobs: Sequence[str]) -> set[str]:
        return set()

    def provision(self, specs: Sequence[FieldSpec], dry_run: bool) -> list[ProvisionStep]:
        if not dry_run:
            self._metadata.forget()
        return steps(self._metadata, list(specs))

    def limits(self) -> Limits:
        return Limits(concurrent=CONCURRENCY)

    def push_calls(self, object: str, creates: int, updates: int) -> int:
        """A look for the keys, a call a batch, and for sales one more for each step and a look for doubles."""
        steps_of_each = 6 if native_object(object).workflow else 1
        calls = -(-creates // BATCH) + -(-updates // BATCH)
        return steps_of_each * calls + -(-creates // PAGE) + -(-updates // PAGE)

    def fetch_calls(self, object: str, fields: Sequence[str], count: int) -> int:
        return -(-count // PAGE)

    def calls(self) -> int:
        return self._http.calls()

    def close(self) -> None:
        self._http.close()
