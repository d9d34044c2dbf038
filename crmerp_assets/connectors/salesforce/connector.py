"""Salesforce behind the connector protocol: this module only hands each verb to the module that knows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from crmerp_assets.connectors.http import Clock, Meter
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
from crmerp_assets.connectors.salesforce.api import SalesforceApi
from crmerp_assets.connectors.salesforce.auth import SYSTEM, salesforce_auth
from crmerp_assets.connectors.salesforce.checking import Checking
from crmerp_assets.connectors.salesforce.lookup import Lookup, fetch_calls
from crmerp_assets.connectors.salesforce.provisioning import Provisioning
from crmerp_assets.connectors.salesforce.pushing import Pushing, push_calls
from crmerp_assets.connectors.salesforce.reading import Reading
from crmerp_assets.connectors.salesforce.rights import Rights
from crmerp_assets.connectors.salesforce.schema import Schema
from crmerp_assets.connectors.salesforce.sending import Sending


class SalesforceConnector:
    """One Salesforce organisation. `verify` may be the path of a CA bundle; `private_key` is PEM text."""

    system = SYSTEM

    def __init__(
        self,
        name: str,
        url: str,
        client_id: str,
        client_secret: str | None = None,
        *,
        clock: Clock,
        username: str | None = None,
        private_key: str | None = None,
        api_version: str = "68.0",
        verify: bool | str = True,
        sleep: Callable[[float], None] = time.sleep,
        overlap_seconds: int = 600,
        timeout: float = 120.0,
        permission_set: str = "Crmerp_Integration",
        meter: Meter | None = None,
    ) -> None:
        self.name = name
        auth = salesforce_auth(url, client_id, client_secret, username, private_key, clock)
        self._api = SalesforceApi(name, url, auth, api_version, clock, sleep, verify, timeout, meter)
        self._schema = Schema(self._api)
        self._reading = Reading(self._api, self._schema, overlap_seconds)
        self._lookup = Lookup(self._api, self._schema)
        self._pushing = Pushing(Sending(self._api, clock), self._schema, self._lookup)
        self._provisioning = Provisioning(self._api, self._schema, permission_set)
        self._checking = Checking(self._api, self._schema, self._provisioning, permission_set)
        self._rights = Rights(self._api, self._schema, permission_set)

    def check(self, needs: Mapping[str, Needs]) -> list[Finding]:
        return self._checking.check(needs)

    def rights(self, needs: Mapping[str, Needs]) -> list[Right]:
        return self._rights.rights(needs)

    def describe(self, object: str) -> dict[str, FieldInfo]:
        return self._schema.fields(object)

    def pull(self, object: str, fields: Sequence[str], since: str | None) -> Iterator[Page]:
        return self._reading.pull(object, fields, since)

    def deletions(self, object: str, since: str | None) -> tuple[list[Deletion], str]:
        return self._reading.deletions(object, since)

    def ids(self, object: str) -> list[str]:
        return self._reading.ids(object)

    def fetch(self, object: str, fields: Sequence[str], ids: Sequence[str]) -> list[Row]:
        return self._lookup.fetch(object, fields, ids)

    def find_by_key(
        self, object: str, key_field: str, keys: Sequence[str], fields: Sequence[str] = ()
    ) -> dict[str, Row]:
        return self._lookup.find_by_key(object, key_field, keys, fields)

    def push(self, object: str, writes: Sequence[Write], accepted: Accepted = unheard) -> list[Result]:
        """Every call is carried out before it is answered, so there is never a job to tell of."""
        return self._pushing.push(object, writes)

    def unfinished(self, jobs: Sequence[str]) -> set[str]:
        return set()

    def provision(self, specs: Sequence[FieldSpec], dry_run: bool) -> list[ProvisionStep]:
        return self._provisioning.provision(specs, dry_run)

    def limits(self) -> Limits:
        return self._api.limits()

    def push_calls(self, object: str, creates: int, updates: int) -> int:
        return push_calls(creates, updates)

    def fetch_calls(self, object: str, fields: Sequence[str], count: int) -> int:
        return fetch_calls(fields, count)

    def calls(self) -> int:
        return self._api.calls()

    def close(self) -> None:
        self._api.close()
