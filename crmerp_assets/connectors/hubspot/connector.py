"""HubSpot behind the connector protocol: this module only hands each verb to the module that knows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from crmerp_assets.connectors.http import Clock, Meter
from crmerp_assets.connectors.hubspot.api import OAUTH_APP, PRIVATE_APP, HubSpotApi
from crmerp_assets.connectors.hubspot.auth import SYSTEM, OAuthApp, Scopes, hubspot_auth
from crmerp_assets.connectors.hubspot.checking import Checking
from crmerp_assets.connectors.hubspot.days import Days
from crmerp_assets.connectors.hubspot.keys import Keys
from crmerp_assets.connectors.hubspot.linking import Linking
from crmerp_assets.connectors.hubspot.lookup import Lookup, fetch_calls
from crmerp_assets.connectors.hubspot.paths import VERSIONS, Paths
from crmerp_assets.connectors.hubspot.provisioning import Provisioning
from crmerp_assets.connectors.hubspot.pushing import Pushing, push_calls
from crmerp_assets.connectors.hubspot.reading import Reading
from crmerp_assets.connectors.hubspot.related import Related
from crmerp_assets.connectors.hubspot.rights import Rights
from crmerp_assets.connectors.hubspot.schema import Schema
from crmerp_assets.connectors.hubspot.sending import Sending
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


class HubSpotConnector:
    """One HubSpot portal, by the token of a private app or by an OAuth app. `verify` may be the path of a CA bundle."""

    system = SYSTEM

    def __init__(
        self,
        name: str,
        url: str = "https://api.hubapi.com",
        token: str | None = None,
        app: OAuthApp | None = None,
        *,
        clock: Clock,
        api_version: str = VERSIONS[0],
        verify: bool | str = True,
        sleep: Callable[[float], None] = time.sleep,
        overlap_seconds: int = 600,
        timeout: float = 120.0,
        meter: Meter | None = None,
    ) -> None:
        self.name = name
        paths, scopes = Paths(api_version), Scopes()
        auth = hubspot_auth(url, token, app, paths.token, scopes, clock)
        pace = PRIVATE_APP if token else OAUTH_APP
        self._api = HubSpotApi(name, url, auth, paths, clock, sleep, verify, timeout, pace, meter)
        self._schema = Schema(self._api)
        keys, days = Keys(self._api, self._schema), Days(self._api)
        self._related = related = Related(self._api, self._schema, days)
        self._reading = Reading(self._api, self._schema, related, overlap_seconds, clock)
        self._lookup = Lookup(self._api, self._schema, keys, related)
        self._pushing = Pushing(self._schema, keys, days, Sending(self._api), Linking(self._api, related))
        self._provisioning = Provisioning(self._api, self._schema)
        self._checking = Checking(self._api, self._schema)
        self._rights = Rights(self._api, scopes, token)

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

    def unstamped(self, object: str, known: Sequence[Row]) -> list[str]:
        """By their associations: one call for each 1,000 rows and kind of association."""
        return self._related.differing(object, known)

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
        return push_calls(object, creates, updates)

    def fetch_calls(self, object: str, fields: Sequence[str], count: int) -> int:
        return fetch_calls(object, fields, count)

    def calls(self) -> int:
        return self._api.calls()

    def close(self) -> None:
        self._api.close()
