"""A world for flow tests: both sandboxes over HTTP, a configuration, a Dagster instance, and the jobs."""

import ssl
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any, TypeVar

import dagster as dg
import duckdb
import httpx
import polars as pl
import pytest
from typer.testing import CliRunner

from crmerp_assets.bootstrap import Shared, build
from crmerp_assets.cli.main import app
from crmerp_assets.sandbox.kit import Sandbox
from crmerp_assets.sandbox.netsuite import NetSuiteSandbox
from crmerp_assets.sandbox.salesforce import SalesforceSandbox
from crmerp_assets.settings import Settings
from crmerp_assets.sync.conform import conform
from crmerp_assets.sync.deletions import follow
from crmerp_assets.sync.invoices import merge_exchange_rates, merge_invoices
from crmerp_assets.sync.link import link
from crmerp_assets.sync.merge import merge
from crmerp_assets.sync.mirrors import lay_out
from crmerp_assets.sync.parked_work import parked_work
from crmerp_assets.sync.pauses import put_right
from crmerp_assets.sync.plan import plan
from crmerp_assets.sync.platform import Platform
from crmerp_assets.sync.pull import pull
from crmerp_assets.sync.push import push as send
from crmerp_assets.sync.systems import provision
from crmerp_assets_tests.flow.begun import Stamp, begun, stamp

ROOT = Path(__file__).resolve().parents[2]
GO_LIVE = "go_live: 2026-01-01\nbreaker: {first_load: true}\n"
"""Every world starts with a first load; tests of the breaker say otherwise."""
CLOSED = "2026-06-15"
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For calls without TLS. A client without a context reads all authorities first, which takes longer than a call."""
CONNECTIONS = (ROOT / "config" / "connections.yaml").read_text(encoding="utf-8")


WIDE = {"secondly": 10_000, "ten_secondly": 100_000}
"""Windows of HubSpot in which nobody has to wait; how they are kept to is tried in test_hubspot_limits.py."""

Kind = TypeVar("Kind", bound="World")


def briefly(seconds: float) -> None:
    """Sleep as told, but never long: for systems whose windows are wide open."""
    time.sleep(min(seconds, 0.02))


@dataclass
class World:
    """Both systems and everything needed to run jobs against them."""

    state: Path
    crm: SalesforceSandbox
    erp: NetSuiteSandbox
    instance: dg.DagsterInstance
    runs: list[Any] = field(default_factory=list)
    companies: list[str] = field(default_factory=list)
    sandboxes: dict[str, Callable[[], Sandbox]] = field(default_factory=dict)
    """Makes the sandbox `crm` or `erp` from what is in its folder; empty where they cannot be started again."""
    options: str = ""
    """What was said when the sandboxes were made."""
    untouched: Stamp | None = None
    """What is in the folder for as long as nothing has been written; None where nobody may rely on that."""
    beginnings: list[str] = field(default_factory=list)
    environment: pytest.MonkeyPatch | None = None
    pause: Callable[[float], None] = time.sleep
    """How the connectors wait, between attempts and for their turn."""

    def start(self) -> None:
        """Start both sandboxes on what is in their folders, each on a port of its own choice."""
        for side, make in self.sandboxes.items():
            sandbox = make()
            sandbox.start()
            setattr(self, side, sandbox)
            for name, value in sandbox.credentials.items() if self.environment else ():
                self.environment.setenv(name, value)
        self.untouched = stamp(self.state)

    def halt(self) -> None:
        """Stop both sandboxes, and close what still talks to them."""
        let_go()
        for side in self.sandboxes:
            getattr(self, side).stop()

    def policy(self, text: str) -> None:
        """Write policy.yaml."""
        (self.state / "config" / "policy.yaml").write_text(text, encoding="utf-8")

    def run(self, job: str, *, check: bool = True) -> Any:
        """Run one job of the definitions, as the daemon or the CLI would."""
        from crmerp_assets.definitions import defs

        result = defs().resolve_job_def(job).execute_in_process(instance=self.instance, raise_on_error=check)
        self.runs.append(result)
        return result

    def sync(self, rounds: int = 4) -> int:
        """Sync until nothing is sent any more; returns how many writes were applied."""
        applied = 0
        for _ in range(rounds):
            sent = self.sent(self.run("sync"))
            applied += sent
            if sent == 0:
                return applied
        raise AssertionError(f"both sides still exchange writes after {rounds} rounds")

    def pass_through(self, *, push: bool = True) -> int:
        """Every stage of the job `sync` in its order, without Dagster around them; how many writes it tried or settled.

        A run of fifty small steps spends most of its time on its own books and on opening the warehouse for each;
        test_main_job does that, and here one connection stays open. So few rows are faster on one thread.
        """
        with self._at_work() as used:
            read_and_plan(used)
            return push_all(used) if push else 0

    def settle(self, rounds: int = 6) -> int:
        """Pass through until nothing is sent or settled any more, as one process does; how many writes were."""
        sent = 0
        with self._at_work() as used:
            for _ in range(rounds):
                read_and_plan(used)
                now = push_all(used)
                sent += now
                if now == 0:
                    return sent
        raise AssertionError(f"both sides still exchange writes after {rounds} rounds")

    @contextmanager
    def _at_work(self) -> Iterator[Platform]:
        with self.platform() as used, duckdb.connect(str(self.state / "warehouse.duckdb")) as file:
            file.execute("SET threads = 1")
            yield used

    def sent(self, result: Any) -> int:
        """Writes that the run's pushes tried."""
        return sum(
            value.value
            for event in result.get_asset_materialization_events()
            if event.materialization.asset_key.path[0] == "push"
            for name, value in event.materialization.metadata.items()
            if name.rsplit("_", 1)[-1] in ("applied", "rejected", "unknown", "superseded", "retry")
        )

    def crmerp(self, *arguments: str) -> "Popen[str]":
        """Start the command line tool as a process of its own."""
        command = [sys.executable, "-m", "crmerp_assets.cli", *arguments]
        return Popen(command, stdout=PIPE, stderr=PIPE, text=True, cwd=self.state, encoding="utf-8")

    def told(self, *arguments: str) -> str:
        """What one command prints that succeeds, in this process: starting another takes longer than most commands."""
        said = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"}, catch_exceptions=False)
        assert said.exit_code == 0, said.output
        return said.stdout

    @contextmanager
    def platform(self, sleep: Callable[[float], None] | None = None) -> Iterator[Platform]:
        """A platform of the test's own; `sleep` is how its connectors wait, where not as in others of this world."""
        used = build(Settings(), sleep=sleep or self.pause)
        try:
            yield used
        finally:
            used.close()

    def put_right(self) -> None:
        """What `crmerp check` does once everything passes: connections that rest go on."""
        with self.platform() as used:
            for name in used.connections:
                put_right(used, name)

    def provision(self) -> None:
        """Create the custom fields that the mapping needs."""
        with self.platform() as used:
            steps = provision(used, dry_run=False)
        assert all(step.done for _, step in steps if not step.manual)

    def admin(self, system: str, path: str, body: dict[str, Any] | None = None, method: str = "POST") -> Any:
        """One call of a sandbox's admin API."""
        url = (self.crm if system == "crm" else self.erp).url
        answer = httpx.request(method, f"{url}/_sandbox/{path}", json=body, timeout=120, verify=PLAIN)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def seed(self, system: str, native_object: str, records: list[dict[str, Any]]) -> list[str]:
        """Seed records; returns their ids."""
        return list(self.admin(system, "records", {"object": native_object, "records": records})["ids"])

    def catalogue(self, skus: int = 3, price: float = 10.0) -> list[str]:
        """Seed products SKU-0, SKU-1, ... with prices in dollars; returns the price book entries."""
        products = self.seed(
            "crm",
            "Product2",
            [
                {"Name": f"Product {n}", "ProductCode": f"SKU-{n}", "IsActive": True, "CurrencyIsoCode": "USD"}
                for n in range(skus)
            ],
        )
        entries = [
            {"Product2Id": product, "UnitPrice": price, "IsActive": True, "CurrencyIsoCode": "USD"}
            | {"Pricebook2Id": self.price_book()}
            for product in products
        ]
        return self.seed("crm", "PricebookEntry", entries)

    def price_book(self) -> str:
        """The id of the standard price book."""
        return str(self.soql("SELECT Id FROM Pricebook2 WHERE IsStandard = true")[0]["Id"])

    def accounts(self, count: int) -> list[str]:
        """Seed accounts Company 0, Company 1, ..., each name once in a world; returns their ids."""
        names = [f"Company {len(self.companies) + n}" for n in range(count)]
        self.companies.extend(names)
        return self.seed("crm", "Account", [{"Name": name, "CurrencyIsoCode": "USD"} for name in names])

    def deals(self, accounts: list[str], entries: list[str], count: int, lines: int = 2, **fields: Any) -> list[str]:
        """Seed won deals in dollars, one item a line; returns their ids."""
        header = {"StageName": "Closed Won", "CloseDate": CLOSED, "CurrencyIsoCode": "USD"}
        header |= {"Pricebook2Id": self.price_book(), **fields}
        made = self.seed(
            "crm",
            "Opportunity",
            [header | {"Name": f"Deal {n}", "AccountId": accounts[n % len(accounts)]} for n in range(count)],
        )
        rows = [
            {"OpportunityId": deal, "PricebookEntryId": entries[(n + line) % len(entries)], "Quantity": n % 7 + 1}
            | {"UnitPrice": 10.25, "SortOrder": line + 1}
            for n, deal in enumerate(made)
            for line in range(lines)
        ]
        self.seed("crm", "OpportunityLineItem", rows)
        return made

    def orders(self) -> tuple[int, int, Decimal]:
        """Sales orders in the ERP, distinct external ids among them, and their total."""
        asked = "SELECT COUNT(*) AS n, COUNT(DISTINCT externalid) AS keys, SUM(foreigntotal) AS total FROM transaction"
        row = self.suiteql(f"{asked} WHERE type = 'SalesOrd'")[0]
        return int(row["n"]), int(row["keys"]), Decimal(row.get("total") or "0")

    def open_intents(self, *states: str) -> pl.DataFrame:
        """What the ledger still has to do, or what waits there."""
        with self.platform() as used, used.ledger.read() as tx:
            return tx.intents.open(states=list(states) or None)

    def golden(self, entity: str) -> pl.DataFrame:
        """The golden records of an entity."""
        with self.platform() as used, used.warehouse.open() as con:
            return con.execute(f'SELECT * EXCLUDE (_hash, _change) FROM golden."{entity}" ORDER BY golden_id').pl()

    def suiteql(self, query: str) -> list[dict[str, str]]:
        """Ask the ERP, as a person would."""
        token = self.admin("erp", "token", {"user": "auditor"})["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Prefer": "transient"}
        rows: list[dict[str, str]] = []
        while True:
            url = f"{self.erp.url}/services/rest/query/v1/suiteql?limit=1000&offset={len(rows)}"
            page = httpx.post(url, headers=headers, json={"q": query}, timeout=60, verify=PLAIN).json()
            rows += page["items"]
            if not page["hasMore"]:
                return rows

    def soql(self, query: str) -> list[dict[str, Any]]:
        """Ask the CRM, as a person would."""
        token = self.admin("crm", "token", {"user": "auditor"})["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        url, params = f"{self.crm.url}/services/data/v68.0/query", {"q": query}
        rows: list[dict[str, Any]] = []
        while True:
            answer = httpx.get(url, headers=headers, params=params, timeout=60, verify=PLAIN)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            rows += page["records"]
            if page["done"]:
                return rows
            url, params = f"{self.crm.url}{page['nextRecordsUrl']}", {}

    def report(self, name: str) -> pl.DataFrame:
        """A reconciliation table of the last run, from the warehouse."""
        with self.platform() as used, used.warehouse.open() as con:
            return con.execute(f'SELECT * FROM report."reconciliation_{name}"').pl()


def read_and_plan(used: Platform) -> None:
    """Pull both sides, and everything up to the plans."""
    maps = [(name, m) for name, c in used.connections.items() for m in used.matrix.maps(c.system)]
    for name, entity_map in maps:
        pull(used, name, entity_map.name)
    for name in used.connections:
        follow(used, name)
    for name, entity_map in maps:
        conform(used, name, entity_map.name)
    for entity in ("customer", "contact", "product", "order", "invoice"):
        link(used, entity)
    merge_exchange_rates(used)
    merge_invoices(used)
    for entity in ("product", "customer", "contact", "order"):
        merge(used, entity)
    for entity in used.mirrors:
        lay_out(used, entity)
        link(used, entity)
        merge(used, entity)
    for entity in ("product", "customer", "order", *used.mirrors, "contact"):
        plan(used, entity)


def push_all(used: Platform, worker: str = "test") -> int:
    """Push to both sides; how many writes were tried or settled."""
    pushed = [send(used, name, worker=worker) for name in used.connections]
    return sum(sum(one.outcomes.values()) + one.settled for one in pushed)


@begun
def provisioned(world: World) -> None:
    """The custom fields that the mapping needs are in place."""
    world.provision()


@begun
def drafted(world: World, deal: str) -> None:
    """The ERP has drafted an invoice of a deal that gets its number later: it is shown, is no bad record, and owes
    nothing yet."""
    (shown,) = world.soql(f"SELECT ERP_Invoice_Status__c, ERP_Invoice_Number__c FROM Opportunity WHERE Id = '{deal}'")
    assert (shown["ERP_Invoice_Status__c"], shown["ERP_Invoice_Number__c"]) == ("Draft", None)
    with world.platform() as used:
        assert parked_work(used).is_empty()
        assert merge_invoices(used).differing == []


def sold(
    world: World, policy: str = GO_LIVE, *, accounts: int = 1, products: int = 1, deals: int = 1, lines: int = 2
) -> tuple[list[str], list[str], list[str]]:
    """Accounts, price book entries and won deals that both sides agree on, by their ids: what most tests begin with."""
    world.policy(policy)
    companies, entries = world.accounts(accounts), world.catalogue(products)
    won = world.deals(companies, entries, deals, lines)
    world.settle()
    return companies, entries, won


@contextmanager
def configured(folder: Path, monkeypatch: pytest.MonkeyPatch, credentials: dict[str, str]) -> Iterator[None]:
    """The environment points to a folder's configuration and state; what was built from it is closed in the end."""
    variables = {"CRMERP_STATE": str(folder), "CRMERP_CONFIG": str(folder / "config")}
    variables |= {"CRMERP_ENV_FILE": str(folder / "none.env"), **credentials}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    yield
    let_go()


def let_go() -> None:
    """Close what was built for a whole process."""
    if Shared._built is not None:
        Shared._built[1].close()
        Shared._built = None


@contextmanager
def make_world(folder: Path, monkeypatch: pytest.MonkeyPatch, **erp_options: Any) -> Iterator[World]:
    """Start both sandboxes and point the environment at them."""
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "connections.yaml").write_text(CONNECTIONS, encoding="utf-8")
    sandboxes: dict[str, Callable[[], Sandbox]] = {
        "crm": lambda: SalesforceSandbox(folder / "salesforce"),
        "erp": lambda: NetSuiteSandbox(folder / "netsuite", job_delay_seconds=0.0, **erp_options),
    }
    with running(World, folder, monkeypatch, sandboxes, repr(erp_options)) as world:
        yield world


@contextmanager
def running(
    kind: type[Kind],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    sandboxes: dict[str, Callable[[], Sandbox]],
    options: str,
) -> Iterator[Kind]:
    """A world of these sandboxes for as long as the block lasts."""
    with dg.DagsterInstance.ephemeral() as instance, configured(folder, monkeypatch, {}):
        world = kind(folder, None, None, instance)  # type: ignore[arg-type]
        world.sandboxes, world.options, world.environment = sandboxes, options, monkeypatch
        world.start()
        try:
            yield world
        finally:
            world.halt()
