"""How few calls a sync takes, as the sandboxes count them: within 1.1 times the best case of each vendor's limits.

Protection removed once, and the test that failed: packing collections into composite calls (the second).
"""

from math import ceil

from world import GO_LIVE, World

from crmerp_assets.sync.pull import pull
from crmerp_assets.sync.push import push

PAGE = {"salesforce": 2000, "netsuite": 1000}
SIDES = (("salesforce", "crm"), ("netsuite", "erp"))
CUSTOMERS = 1000
SLACK = 1.1
MOST = {"salesforce": SLACK * ceil(CUSTOMERS / 200), "netsuite": 35}
"""Calls for a thousand customers. NetSuite's best case is 25 to 35, as how often a job is asked about takes time."""


def test_a_pull_reads_every_object_in_the_fewest_pages_that_hold_its_rows(world: World) -> None:
    """An object without rows takes a call, too. The clock of the ERP is asked once, for all objects."""
    _customers(world, 4100)
    _contacts(world, 2100)
    _deals(world, 300)
    for name, system in SIDES:
        world.admin(system, "calls", method="DELETE")
        with world.platform() as used:
            maps = used.matrix.maps(used.connections[name].system)
            rows = {entity_map.name: pull(used, name, entity_map.name).rows for entity_map in maps}
        pages = {entity: max(1, ceil(count / PAGE[name])) for entity, count in rows.items()}
        assert max(pages.values()) >= 3
        assert _calls(world, system) <= SLACK * sum(pages.values()), (rows, pages)
        assert _calls(world, system, "query", "suiteql") == sum(pages.values()), (rows, pages)


def test_a_thousand_customers_are_written_in_few_calls_each_way(world: World) -> None:
    """Keys to the ERP, keys and customer numbers to the CRM; versions are checked and records read back."""
    world.policy(GO_LIVE)
    _customers(world, CUSTOMERS)
    world.pass_through(push=False)
    for name, system in SIDES:
        world.admin(system, "calls", method="DELETE")
        with world.platform() as used:
            pushed = push(used, name, "test")
        assert pushed.applied == CUSTOMERS
        assert _calls(world, system) <= MOST[name]


def _customers(world: World, count: int) -> None:
    """The same companies on both sides."""
    sites = [f"company-{n}.test" for n in range(count)]
    accounts = [{"Name": f"Company {n}", "Website": site, "CurrencyIsoCode": "USD"} for n, site in enumerate(sites)]
    customers = [
        {"companyName": f"Company {n}", "url": f"https://{site}", "subsidiary": {"id": "1"}}
        for n, site in enumerate(sites)
    ]
    world.seed("crm", "Account", accounts)
    world.seed("erp", "customer", customers)


def _contacts(world: World, count: int) -> None:
    world.seed("crm", "Contact", [{"LastName": f"Person {n}"} for n in range(count)])


def _deals(world: World, count: int) -> None:
    world.deals(world.accounts(1), world.catalogue(3), count, lines=1)


def _calls(world: World, system: str, *kinds: str) -> int:
    """Calls of the integration since the last reset, of some kinds or of all."""
    calls: dict[str, int] = world.admin(system, "calls", method="GET")["by_call"]
    return sum(n for call, n in calls.items() if not kinds or any(kind in call for kind in kinds))
