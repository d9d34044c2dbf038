"""The NetSuite connector: one connection's parts, put together."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from crmerp_assets.connectors.http import HttpClient, Meter
from crmerp_assets.connectors.netsuite.answers import Judge, read_json
from crmerp_assets.connectors.netsuite.auth import token_auth
from crmerp_assets.connectors.netsuite.bodies import Bodies
from crmerp_assets.connectors.netsuite.checking import Checker
from crmerp_assets.connectors.netsuite.costs import fetch_calls, push_calls
from crmerp_assets.connectors.netsuite.fields import SYSTEM
from crmerp_assets.connectors.netsuite.jobs import Jobs
from crmerp_assets.connectors.netsuite.metadata import Metadata
from crmerp_assets.connectors.netsuite.names import Names
from crmerp_assets.connectors.netsuite.objects import native_object
from crmerp_assets.connectors.netsuite.preparing import Preparer
from crmerp_assets.connectors.netsuite.provisioning import steps
from crmerp_assets.connectors.netsuite.pushing import Pusher
from crmerp_assets.connectors.netsuite.reading import Reader
from crmerp_assets.connectors.netsuite.rights import Rights
from crmerp_assets.connectors.netsuite.suiteql import SuiteQL
from crmerp_assets.connectors.netsuite.times import ServerClock, WallClock, parse_instant
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

SERVER_TIME = "/services/rest/system/v1/serverTime"
CONCURRENCY = 4
"""Below the 5 that the smallest account allows, so that people's own tools keep a place."""


class NetSuiteConnector:
    """One NetSuite account, read by SuiteQL and written by the REST record API.

    `url` may be empty: then it follows from `account` (`1234567_SB1` lives at 1234567-sb1.suitetalk...).
    `account_timezone` is the time zone of the integration user, in which SuiteQL tells time. `concurrency` is how many
    requests may be under way at once.
    """

    system = SYSTEM

    def __init__(
        self,
        name: str,
        url: str | None,
        account: str,
        client_id: str,
        certificate_id: str,
        private_key: str,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        verify: bool | str = True,
        account_timezone: str = "UTC",
        overlap_seconds: int = 600,
        timeout: float = 120.0,
        concurrency: int = CONCURRENCY,
        job_patience: float = 900.0,
        meter: Meter | None = None,
    ) -> None:
        self.name = name
        base = url or account_url(account)
        auth = token_auth(name, base, client_id, certificate_id, private_key, clock)
        self._http = HttpClient(
            base,
            auth,
            name,
            clock,
            system=SYSTEM,
            judge=Judge(name, jitter),
            sleep=sleep,
            jitter=jitter,
            verify=verify,
            timeout=timeout,
            concurrency=concurrency,
            meter=meter,
        )
        wall = WallClock(account_timezone)
        server = ServerClock(self._server_time, clock)
        suiteql = SuiteQL(self._http, name)
        preparer = Preparer(name, suiteql, Bodies(name, Names(suiteql, clock)))
        self._metadata = Metadata(self._http)
        self._reader = Reader(suiteql, wall, server, self._metadata.custom, overlap_seconds, concurrency)
        self._jobs = Jobs(self._http, name, sleep, job_patience)
        self._pusher = Pusher(self._http, name, suiteql, wall, server, preparer, self._jobs, concurrency)
        self._checker = Checker(self._http, name, suiteql, wall, self._metadata, concurrency)
        self._rights = Rights(self._http, suiteql)

    def check(self, needs: Mapping[str, Needs]) -> list[Finding]:
        return self._checker.check(needs)

    def rights(self, needs: Mapping[str, Needs]) -> list[Right]:
        return self._rights.rights(needs)

    def describe(self, object: str) -> dict[str, FieldInfo]:
        return self._metadata.describe(native_object(object))

    def pull(self, object: str, fields: Sequence[str], since: str | None) -> Iterator[Page]:
        return self._reader.pull(object, fields, since)

    def deletions(self, object: str, since: str | None) -> tuple[list[Deletion], str]:
        return self._reader.logged({object: since})[object]

    def logged(self, since: Mapping[str, str | None]) -> dict[str, tuple[list[Deletion], str]]:
        return self._reader.logged(since)

    def ids(self, object: str) -> list[str]:
        return self._reader.ids(object)

    def fetch(self, object: str, fields: Sequence[str], ids: Sequence[str]) -> list[Row]:
        return self._reader.fetch(object, fields, ids)

    def find_by_key(
        self, object: str, key_field: str, keys: Sequence[str], fields: Sequence[str] = ()
    ) -> dict[str, Row]:
        return self._reader.find_by_key(object, key_field, keys, fields)

    def push(self, object: str, writes: Sequence[Write], accepted: Accepted = unheard) -> list[Result]:
        return self._pusher.push(object, writes, accepted)

    def unfinished(self, jobs: Sequence[str]) -> set[str]:
        return {job for job in jobs if not self._jobs.over(job)}

    def provision(self, specs: Sequence[FieldSpec], dry_run: bool) -> list[ProvisionStep]:
        """NetSuite's fields are made by hand, so a dry run and a real one give the same steps."""
        if not dry_run:
            self._metadata.forget()
        return steps(self._metadata, specs)

    def limits(self) -> Limits:
        return self._checker.limits()

    def push_calls(self, object: str, creates: int, updates: int) -> int:
        return push_calls(object, creates, updates)

    def fetch_calls(self, object: str, fields: Sequence[str], count: int) -> int:
        return fetch_calls(object, fields, count)

    def calls(self) -> int:
        return self._http.calls()

    def close(self) -> None:
        self._http.close()

    def _server_time(self) -> datetime:
        answer = read_json(self._http.request("GET", SERVER_TIME))
        return parse_instant(answer["serverTime"])


def account_url(account: str) -> str:
    """The host of an account: its id in lower case, with a dash for each underscore."""
    return f"https://{account.lower().replace('_', '-')}.suitetalk.api.netsuite.com"
