"""A world of several lanes: sandboxes over HTTP, one platform a lane, passes that go through all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from crmerp_assets.bootstrap import Shared, build
from crmerp_assets.settings import Settings
from crmerp_assets.sync.conform import conform
from crmerp_assets.sync.deletions import follow
from crmerp_assets.sync.invoices import merge_exchange_rates, merge_invoices
from crmerp_assets.sync.link import link
from crmerp_assets.sync.merge import merge
from crmerp_assets.sync.mirrors import lay_out
from crmerp_assets.sync.plan import plan
from crmerp_assets.sync.platform import Platform
from crmerp_assets.sync.pull import pull
from crmerp_assets.sync.routing import publish, told
from crmerp_assets_tests.flow.world import World, briefly, push_all

SALESFORCE = """
  - name: salesforce
    type: salesforce
    role: crm
    url: ${SALESFORCE_URL}
    client_id: ${SALESFORCE_CLIENT_ID}
    client_secret: ${SALESFORCE_CLIENT_SECRET}"""
NETSUITE = """
  - name: netsuite
    type: netsuite
    role: erp
    url: ${NETSUITE_URL}
    account: ${NETSUITE_ACCOUNT}
    client_id: ${NETSUITE_CLIENT_ID}
    certificate_id: ${NETSUITE_CERTIFICATE_ID}
    private_key_file: ${NETSUITE_PRIVATE_KEY_FILE}"""
ODOO = """
  - name: odoo
    type: odoo
    role: erp
    url: ${ODOO_URL}
    database: ${ODOO_DATABASE}
    login: ${ODOO_LOGIN}
    api_key: ${ODOO_API_KEY}"""
HUBSPOT = """
  - {name: hubspot, type: hubspot, role: crm, url: "${HUBSPOT_URL}", token: "${HUBSPOT_TOKEN}"}"""


def read(used: Platform) -> None:
    """Pull both sides of a lane, and everything up to the golden records."""
    maps = [(name, m) for name, c in used.connections.items() for m in used.matrix.maps(c.system)]
    for name, entity_map in maps:
        pull(used, name, entity_map.name)
    for name in used.connections:
        follow(used, name)
    for name, entity_map in maps:
        conform(used, name, entity_map.name)
    for entity in (*used.lane.entities, *(("invoice",) if "order" in used.lane.entities else ())):
        link(used, entity)
    if "order" in used.lane.entities:
        merge_exchange_rates(used)
        merge_invoices(used)
    for entity in ("product", "customer", "contact", "order"):
        if entity in used.lane.entities:
            merge(used, entity)
    for entity in used.mirrors:
        lay_out(used, entity)
        link(used, entity)
        merge(used, entity)


def plan_all(used: Platform) -> None:
    """Plan both sides of a lane."""
    for entity in ("product", "customer", "order", *used.mirrors, "contact"):
        if entity in (*used.lane.entities, *used.mirrors):
            plan(used, entity)


@dataclass
class LanesWorld(World):
    """`lanes`: the platform of each lane, by name, in the order of the configuration."""

    lanes: dict[str, Platform] = field(default_factory=dict)

    @contextmanager
    def at(self, lane: str) -> Iterator[Platform]:
        """The platform of a lane with its warehouse open: opening it for each stage would cost the most."""
        with duckdb.connect(str(Settings().within(lane).warehouse)) as file:
            file.execute("SET threads = 1")
            yield self.lanes[lane]

    def round(self) -> int:
        """One pass through every lane; how many writes were tried or settled."""
        sent = 0
        for lane in self.lanes:
            with self.at(lane) as used:
                read(used)
                plan_all(used)
                sent += push_all(used)
        return sent

    def rest(self, rounds: int = 6) -> int:
        """Rounds until nothing is sent any more; how many rounds sent something."""
        for number in range(rounds):
            if self.round() == 0:
                return number
        raise AssertionError(f"the lanes still exchange writes after {rounds} rounds")

    def publish(self) -> None:
        """What every lane carries, told to the others."""
        for name, used in self.lanes.items():
            publish(told(used), Settings().within(name).reports)


@contextmanager
def make_lanes(
    folder: Path, monkeypatch: pytest.MonkeyPatch, connections: str, policy: str, crm: Any, erp: Any, *more: Any
) -> Iterator[LanesWorld]:
    """Start the sandboxes, point the environment at them, and provision what the lanes need."""
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "connections.yaml").write_text(connections, encoding="utf-8")
    (folder / "config" / "policy.yaml").write_text(policy, encoding="utf-8")
    with ExitStack() as stack:
        for sandbox in (crm, erp, *more):
            stack.enter_context(sandbox)
        instance = stack.enter_context(dg.DagsterInstance.ephemeral())
        variables = {"CRMERP_STATE": str(folder), "CRMERP_CONFIG": str(folder / "config")}
        variables |= {"CRMERP_ENV_FILE": str(folder / "none.env")}
        for sandbox in (crm, erp, *more):
            variables |= sandbox.credentials
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        world = LanesWorld(folder, crm, erp, instance)
        from crmerp_assets.settings import load_configuration
        from crmerp_assets.sync.systems import provision

        for name in load_configuration(Settings()).names:
            world.lanes[name] = build(Settings().within(name), sleep=briefly)
            steps = provision(world.lanes[name], dry_run=False)
            assert all(step.done for _, step in steps if not step.manual)
        yield world
        for used in world.lanes.values():
            used.close()
        if Shared._built is not None:
            Shared._built[1].close()
            Shared._built = None
