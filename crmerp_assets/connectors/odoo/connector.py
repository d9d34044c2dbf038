"""The Odoo connector: one connection's parts, put together."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

import httpx

from crmerp_assets.connectors.http import HttpClient, Meter
from crmerp_assets.connectors.odoo.actions import Actions
from crmerp_assets.connectors.odoo.answers import SYSTEM, Judge
from crmerp_assets.connectors.odoo.api import OdooApi
from crmerp_assets.connectors.odoo.checking import Checker
from crmerp_assets.connectors.odoo.costs import fetch_calls, push_calls
from crmerp_assets.connectors.odoo.deletions import Deletions
from crmerp_assets.connectors.odoo.drafts import Drafts
from crmerp_assets.connectors.odoo.home import Home
from crmerp_assets.connectors.odoo.keys import Keys
from crmerp_assets.connectors.odoo.lookups import Lookups
from crmerp_assets.connectors.odoo.preparing import Preparer
from crmerp_assets.connectors.odoo.protocols import Speaks
from crmerp_assets.connectors.odoo.provisioning import Provisioning
from crmerp_assets.connectors.odoo.pushing import Pusher
from crmerp_assets.connectors.odoo.reading import Reader
from crmerp_assets.connectors.odoo.rights import Rights
from crmerp_assets.connectors.odoo.rows import Rows
from crmerp_assets.connectors.odoo.schema import Schema, info
from crmerp_assets.connectors.odoo.views import view_of
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

CONCURRENCY = 1
"""Odoo asks for calls one after the other, and parallel writes to one partner only get in each other's way."""


class OdooConnector:
    """One Odoo database.

    `key` gives the API key and is asked each time, so that a key may be replaced while a process runs. With
    `confirm_orders`, an order that is made becomes a confirmed one. `companies` are the ids of the companies to work
    in, the user's own without any. `time_zone` is that of the company's days, asked of Odoo without one.
    """

    system = SYSTEM

    def __init__(
        self,
        name: str,
        url: str,
        database: str,
        login: str,
        key: Callable[[], str],
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        verify: bool | str = True,
        protocol: Speaks = "auto",
        confirm_orders: bool = True,
        companies: Sequence[int] = (),
        time_zone: str | None = None,
        overlap_seconds: int = 900,
        timeout: float = 120.0,
        meter: Meter | None = None,
    ) -> None:
        self.name = name
        self._confirms = confirm_orders
        self._http = HttpClient(
            url,
            httpx.Auth(),
            name,
            clock,
            system=SYSTEM,
            judge=Judge(name),
            sleep=sleep,
            jitter=jitter,
            verify=verify,
            headers={"User-Agent": "crmerp-assets"},
            timeout=timeout,
            concurrency=CONCURRENCY,
            meter=meter,
        )
        api = OdooApi(self._http, name, database, login, key, clock, protocol, companies)
        self._schema = Schema(api)
        keys, lookups = Keys(api), Lookups(api, self._schema)
        home = Home(api, lookups, time_zone)
        rows = Rows(api, self._schema, lookups, keys, home)
        drafts = Drafts(name, self._schema, lookups, home)
        preparer = Preparer(name, api, self._schema, keys, rows, drafts)
        self._reader = Reader(api, self._schema, keys, rows, overlap_seconds, confirm_orders)
        self._deletions = Deletions(api, keys, self._reader.ids)
        self._pusher = Pusher(name, api, keys, preparer, Actions(api, confirm_orders))
        self._checker = Checker(name, api, self._schema, home)
        self._rights = Rights(api)
        self._provisioning = Provisioning(api, self._schema)

    def check(self, needs: Mapping[str, Needs]) -> list[Finding]:
        return self._checker.check(needs)

    def rights(self, needs: Mapping[str, Needs]) -> list[Right]:
        return self._rights.rights(needs)

    def describe(self, object: str) -> dict[str, FieldInfo]:
        return {name: info(name, one) for name, one in self._schema.fields(view_of(object).model).items()}

    def pull(self, object: str, fields: Sequence[str], since: str | None) -> Iterator[Page]:
        return self._reader.pull(object, fields, since)

    def deletions(self, object: str, since: str | None) -> tuple[list[Deletion], str]:
        return self._deletions.since(view_of(object), since)

    def ids(self, object: str) -> list[str]:
        return self._reader.ids(object)

    def unstamped(self, object: str, known: Sequence[Row]) -> list[str]:
        """Those of transactions so long that no pull looked back as far, and deals of which a quotation was deleted or
        that went to another company with their contact: all is read again, in one call for each 1,000 rows."""
        return self._reader.differing(object, known)

    def fetch(self, object: str, fields: Sequence[str], ids: Sequence[str]) -> list[Row]:
        return self._reader.fetch(object, fields, ids)

    def find_by_key(
        self, object: str, key_field: str, keys: Sequence[str], fields: Sequence[str] = ()
    ) -> dict[str, Row]:
        return self._reader.find_by_key(object, key_field, keys, fields)

    def push(self, object: str, writes: Sequence[Write], accepted: Accepted = unheard) -> list[Result]:
        """Every write is applied or not by the time Odoo answers, so that there is nothing to accept."""
        return self._pusher.push(view_of(object), writes)

    def unfinished(self, jobs: Sequence[str]) -> set[str]:
        return set()

    def provision(self, specs: Sequence[FieldSpec], dry_run: bool) -> list[ProvisionStep]:
        return self._provisioning.provision(specs, dry_run)

    def limits(self) -> Limits:
        """Odoo states no limit; one call after the other is what it asks for."""
        return Limits(concurrent=CONCURRENCY)

    def push_calls(self, object: str, creates: int, updates: int) -> int:
        return push_calls(object, creates, updates, self._confirms)

    def fetch_calls(self, object: str, fields: Sequence[str], count: int) -> int:
        return fetch_calls(object, fields, count)

    def calls(self) -> int:
        return self._http.calls()

    def close(self) -> None:
        self._http.close()


class OdooCrmConnector(OdooConnector):
    """A database whose opportunities are the deals, by maps of its own."""

    system = "odoo_crm"
