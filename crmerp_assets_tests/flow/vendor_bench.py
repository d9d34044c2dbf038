"""The bench with Salesforce and NetSuite, whose forms of writing have details that other systems do not have."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from bench import HASTY_PATIENCE, HASTY_SECONDS, Bench, paused, with_connectors
from mortal import Life
from world import CLOSED, make_world

from crmerp_assets.bootstrap import build
from crmerp_assets.sandbox.company.people import Accountant, Seller
from crmerp_assets.settings import Settings

POLICY = """
go_live: 2026-01-01
create: {customer: {erp: always}, contact: {crm: with_customer}}
retries: {base_seconds: 0.001, max_seconds: 0.002, max_attempts: 9}
breaker: {first_load: true, min_attempts: 1000000}
"""


@dataclass
class VendorBench(Bench):
    """Both, with people who work there, two accounts, and two products in the CRM."""

    ann: Seller
    bob: Accountant
    parent: str
    uncle: str
    entries: list[str]

    def deals(self, names: Sequence[str]) -> list[str]:
        """Won deals of the parent with two lines: 3 and 4 pieces at 10.25."""
        header = {"StageName": "Closed Won", "CloseDate": CLOSED, "CurrencyIsoCode": "USD", "AccountId": self.parent}
        header |= {"Pricebook2Id": self.world.price_book()}
        made = self.world.seed("crm", "Opportunity", [header | {"Name": name} for name in names])
        rows = [
            {"OpportunityId": deal, "PricebookEntryId": self.entries[n], "Quantity": 3 + n}
            | {"UnitPrice": 10.25, "SortOrder": n + 1}
            for deal in made
            for n in range(2)
        ]
        self.world.seed("crm", "OpportunityLineItem", rows)
        return made


@contextmanager
def make_bench(folder: Path) -> Iterator[VendorBench]:
    """A bench in a folder of its own, with a parent account and two products in the CRM."""
    with (
        pytest.MonkeyPatch.context() as patch,
        make_world(folder, patch) as world,
        duckdb.connect(str(folder / "warehouse.duckdb")),
    ):
        world.policy(POLICY)
        world.provision()
        life, built = Life(""), build(Settings())
        patient = with_connectors(built, paused(life), 30.0, 900.0)
        hasty = with_connectors(built, paused(life), HASTY_SECONDS, HASTY_PATIENCE)
        with ExitStack() as stack:
            for platform in (built, patient, hasty):
                stack.callback(platform.close)
            ann = stack.enter_context(Seller(world.crm.url))
            bob = stack.enter_context(Accountant(world.erp.url))
            servers = {"salesforce": world.crm, "netsuite": world.erp}
            entries = world.catalogue(2)
            named = [{"Name": name, "CurrencyIsoCode": "USD"} for name in ("Parent", "Uncle")]
            parents = world.seed("crm", "Account", named)
            yield VendorBench(world, patient, hasty, life, servers, ann, bob, *parents, entries=entries)
