"""How few calls a whole sync takes, as the sandboxes count them.

What each connector takes for one kind of record is in the contract (frugal.py). This shows what a sync adds to it: all
objects of a system with all mapped fields, versions that are checked before a write, and records read back after it.

Protection removed once, and the test that failed: packing collections into composite calls, and fetching records one
by one to check their versions (both the second).
"""

from collections.abc import Mapping
from contextlib import ExitStack
from math import ceil
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest
from test_business_day import staged
from world import GO_LIVE, PLAIN, World

from crmerp_assets.cli.pair import chosen
from crmerp_assets.sync.pull import pull
from crmerp_assets.sync.push import push

PAGE = {"salesforce": 2000, "netsuite": 1000}
SIDES = (("salesforce", "crm"), ("netsuite", "erp"))
SLACK = 1.1
LOOK = "GET /async/v1/job/{id}"
"""Left out: how often a job is looked at is the machine's speed here; it is counted on a clock that does not depend on
it, in the contract and in test_netsuite_limits.py."""
CUSTOMERS = {("salesforce", "netsuite"): 1000, ("hubspot", "odoo"): 300}
FEWEST = {"salesforce": 6, "netsuite": 17, "hubspot": 10, "odoo": 20}
"""Calls for so many customers. The first 200 go before the others, to notice early what fails.

| system     | calls                                                                                              |
|------------|----------------------------------------------------------------------------------------------------|
| salesforce | 2 checks of versions, 2 writes of up to five collections of 200, 1 to read back; 1 to see that the  |
|            | key is a unique external id                                                                        |
| netsuite   | 10 batches, 2 readings of its clock, 2 checks of versions, 3 to read back; looks are left out      |
| hubspot    | 3 batches of 100 each for versions, writing and reading back, and the parents of all               |
| odoo       | twice: versions, keys that are there (asked again for those that are not), new keys; reading back  |
|            | with keys and addresses; 5 to learn the version and the fields                                     |
"""


def test_a_pull_reads_every_object_in_the_fewest_pages_that_hold_its_rows(world: World) -> None:
    """An object without rows takes a call, too. The clock of the ERP is asked once, for all objects."""
    for system, side in SIDES:
        world.seed(side, *same_customers(system, 1100))
    world.deals(world.accounts(1), world.catalogue(3), 300, lines=1)
    for name, system in SIDES:
        world.admin(system, "calls", method="DELETE")
        with world.platform() as used:
            maps = used.matrix.maps(used.connections[name].system)
            rows = {entity_map.name: pull(used, name, entity_map.name).rows for entity_map in maps}
        pages = {entity: max(1, ceil(count / PAGE[name])) for entity, count in rows.items()}
        assert rows["customer"] >= 1100
        taken = calls(world.crm if system == "crm" else world.erp)
        assert sum(taken.values()) <= SLACK * sum(pages.values()), (rows, taken)


@pytest.mark.parametrize("names", CUSTOMERS, ids="-".join)
def test_many_customers_are_written_in_few_calls_each_way(
    names: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys to the ERP, keys and customer numbers to the CRM; versions are checked and records read back."""
    count = CUSTOMERS[names]
    with ExitStack() as up:
        stage, servers = up.enter_context(staged(chosen(*names), tmp_path, monkeypatch))
        instance = up.enter_context(dg.DagsterInstance.ephemeral())
        world = World(stage.settings.state, None, None, instance)  # type: ignore[arg-type]
        world.policy(GO_LIVE)
        world.provision()
        for name in names:
            object, records = same_customers(name, count)
            asked(servers[name], "POST", "records", {"object": object, "records": records})
        world.pass_through(push=False)
        for name in names:
            asked(servers[name], "DELETE", "calls")
            with world.platform() as used:
                assert push(used, name, "test").applied == count
            taken = calls(servers[name])
            taken.pop(LOOK, None)
            assert sum(taken.values()) <= SLACK * FEWEST[name], taken


def same_customers(system: str, count: int) -> tuple[str, list[dict[str, Any]]]:
    """The same companies in any system, to be linked by their sites."""
    object, name, site, also = COMPANIES[system]
    sites = [(f"Company {n}", f"https://company-{n}.test") for n in range(count)]
    return object, [{name: company, site: url, **also} for company, url in sites]


COMPANIES: Mapping[str, tuple[str, str, str, dict[str, Any]]] = {
    "salesforce": ("Account", "Name", "Website", {"CurrencyIsoCode": "USD"}),
    "hubspot": ("companies", "name", "website", {}),
    "netsuite": ("customer", "companyName", "url", {"subsidiary": {"id": "1"}}),
    "odoo": ("res.partner", "name", "website", {"is_company": True}),
}


def asked(server: Any, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    answer = httpx.request(method, f"{server.url}/_sandbox/{path}", json=body, timeout=120, verify=PLAIN)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


def calls(server: Any) -> dict[str, int]:
    """Calls of the integration since the last reset, by kind."""
    found: dict[str, int] = asked(server, "GET", "calls")["by_call"]
    return found
