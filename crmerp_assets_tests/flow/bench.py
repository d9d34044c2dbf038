"""A bench for faults: both sandboxes with a company in agreement, and writes of every form on records of their own.

Planning costs a hundred times as much as a push, so the cases of one entity are planned together, then pushed one by
one, each with its fault and its recovery, and at the end planned together again. Intents of the other cases are held
back meanwhile. What the other system is to hear waits until the end of the module.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from mortal import Died, Life, mortal
from world import CLOSED, World, make_world

from crmerp_assets.bootstrap import build, utc_now
from crmerp_assets.connectors.errors import ConnectorError
from crmerp_assets.connectors.netsuite import NetSuiteConnector
from crmerp_assets.connectors.salesforce import SalesforceConnector
from crmerp_assets.sandbox.company.people import Accountant, Seller
from crmerp_assets.settings import Settings, load_configuration
from crmerp_assets.sync.conform import conform
from crmerp_assets.sync.link import link
from crmerp_assets.sync.merge import merge
from crmerp_assets.sync.plan import plan
from crmerp_assets.sync.platform import Platform
from crmerp_assets.sync.pull import pull
from crmerp_assets.sync.push import push

POLICY = """
go_live: 2026-01-01
create: {customer: {erp: always}, contact: {crm: with_customer}}
retries: {base_seconds: 0.001, max_seconds: 0.002, max_attempts: 9}
breaker: {first_load: true, min_attempts: 1000000}
"""
FAULTY, NEXT = "the one with the fault", "the next one"
LONGEST_PAUSE = 0.01
HASTY_SECONDS, HASTY_PATIENCE = 0.4, 0.4
ROUNDS = 6


@dataclass(frozen=True)
class Trouble:
    """What goes wrong in one push: rules of the system's sandbox, or the point at which the process dies.

    `hasty`: the pusher gives up a call, and a job, that takes long. `held`: the system accepts jobs and lets them lie.
    """

    rules: tuple[dict[str, Any], ...] = ()
    dies: str = ""
    hasty: bool = False
    held: bool = False


@dataclass(frozen=True)
class Fault:
    """One column of the matrix: what goes wrong, and at which point; `then` strikes the push that recovers."""

    name: str
    point: str
    first: Trouble
    then: Trouble | None = None


@dataclass(frozen=True, eq=False)
class Form:
    """One row of the matrix: a form of writing.

    `seed` makes the records of the named cases in the other system. For updates both systems hold them by then, and
    `change` is what a person does to them; it fills in the native ids of the cases. `expected` is what each record
    of a case holds in the end.
    """

    name: str
    entity: str
    side: str
    count: int
    operation: str
    seed: Callable[["Bench", list[str]], None]
    expected: dict[str, Any]
    change: Callable[["Bench", Sequence["Case"]], None] | None = None


@dataclass
class Case:
    """One combination, and what came of it."""

    form: Form
    fault: Fault
    natives: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    intents: list[str] = field(default_factory=list)
    met: str | None = None
    struck: bool = False
    problem: str | None = None

    @property
    def id(self) -> str:
        form, fault = self.form, self.fault
        return f"{form.side}-{form.entity}-{form.name}-{fault.name}-{fault.point}"

    def holds(self, records: dict[str, list[dict[str, Any]]]) -> None:
        """The fault struck, and each intent of the case has exactly one record with the right content."""
        assert self.problem is None
        assert self.struck, f"the fault never struck; the push met {self.met}"
        for name in self.names:
            (record,) = records[name]
            assert record["key"], f"{name} carries no key of ours"
            assert {field: value for field, value in record.items() if field != "key"} == self.form.expected


@dataclass
class Bench:
    """The world, a patient platform, a hasty one that gives calls and jobs up early, and records to change."""

    world: World
    patient: Platform
    hasty: Platform
    life: Life
    ann: Seller
    bob: Accountant
    parent: str = ""
    uncle: str = ""
    entries: list[str] = field(default_factory=list)

    def run(self, cases: Sequence[Case]) -> None:
        """Try every case: plan those of one entity together, push one after the other, and recover."""
        updated = [case for case in cases if case.form.change]
        self._seed(updated)
        self.quiet()
        for entity in dict.fromkeys(case.form.entity for case in cases):
            self._seed([case for case in cases if case.form.entity == entity and not case.form.change])
            for form in dict.fromkeys(case.form for case in updated if case.form.entity == entity):
                assert form.change is not None
                form.change(self, [case for case in updated if case.form is form])
            self._run([case for case in cases if case.form.entity == entity])
        self.quiet()

    def _seed(self, cases: Sequence[Case]) -> None:
        for form in dict.fromkeys(case.form for case in cases):
            mine = [case for case in cases if case.form is form]
            for number, case in enumerate(mine):
                case.names = [f"{form.entity} {form.name} {number:03} {n}" for n in range(form.count)]
            form.seed(self, [name for case in mine for name in case.names])

    def _run(self, cases: Sequence[Case]) -> None:
        form = cases[0].form
        self._step(form.entity)
        self._hold(cases)
        for case in cases:
            self._strike(case)
        self._until_quiet(form)

    def _hold(self, cases: Sequence[Case]) -> None:
        """Find each case's intents and hold them all back."""
        side, entity = cases[0].form.side, cases[0].form.entity
        owner = {key: case for case in cases for key in (*case.natives, *case.names)}
        found = self.open(side, entity).filter(pl.col("state") == "planned")
        for row in found.iter_rows(named=True):
            changed = json.loads(row["changes"])
            named = changed.get("name") or changed.get("last_name") or {}
            case = owner.get(row["native_id"] or named.get("after") or "")
            if case is not None:
                case.intents.append(row["id"])
                assert case.form.operation in (row["operation"], "both")
        for case in cases:
            assert len(case.intents) == case.form.count, f"{case.id} has {len(case.intents)} intents"
        with self.patient.ledger.begin() as tx:
            tx.intents.hold(found["id"].to_list(), "bench", "another case is tried")

    def _strike(self, case: Case) -> None:
        with self.patient.ledger.begin() as tx:
            tx.pauses.lift(case.form.side)
            tx.intents.approve(case.intents, by="bench")
        case.met, case.struck = self._fails(case.form.side, case.fault.first, FAULTY)
        if case.fault.then is not None:
            _, again = self._fails(case.form.side, case.fault.then, NEXT)
            case.struck = case.struck and again
        for _ in range(ROUNDS):
            if self._states(case).is_in(["applied", "settled", "superseded"]).all():
                return
            self._is_due(case)
            push(self.patient, case.form.side, NEXT)
            if self._states(case).eq("unknown").any():
                time.sleep(LONGEST_PAUSE)
        with self.patient.ledger.read() as tx:
            stuck = tx.intents.get(case.intents).select("state", "attempts", "error_class", "error").to_dicts()
        case.problem = f"after {ROUNDS} pushes: {stuck}"

    def _is_due(self, case: Case) -> None:
        """Time passes until the next attempt is due and the connection has rested."""
        with self.patient.ledger.begin() as tx:
            tx.pauses.lift(case.form.side)
            ready = tx.intents.get(case.intents).filter(pl.col("state").is_in(["planned", "approved"]))
            tx.intents.retry(ready["id"].to_list())

    def _states(self, case: Case) -> pl.Series:
        with self.patient.ledger.read() as tx:
            return tx.intents.get(case.intents)["state"]

    def _fails(self, side: str, trouble: Trouble, worker: str) -> tuple[str | None, bool]:
        """One push in a process of its own: the error it met, and whether the trouble really struck.

        The process is over then, so whoever is next takes over what it had claimed.
        """
        system = self.world.erp if side == "netsuite" else self.world.crm
        rules = [system.faults.add(**rule) for rule in trouble.rules]
        self.world.erp.jobs.hold(trouble.held)
        met = self._pushed(self.hasty if trouble.hasty else self.patient, side, worker, trouble.dies)
        system.faults.remove()
        self.world.erp.jobs.hold(False)
        with self.patient.ledger.begin() as tx:
            tx.intents.abandon([worker])
        return met, all(rule.hits for rule in rules) and (not trouble.dies or met == "Died")

    def _pushed(self, used: Platform, side: str, worker: str, dies: str) -> str | None:
        self.life.ends, self.life.over = dies, False
        try:
            push(mortal(used, self.life), side, worker)
        except Died:
            return "Died"
        except ConnectorError as error:
            return type(error).__name__
        finally:
            self.life.ends, self.life.over = "", False
        return None

    def _until_quiet(self, form: Form) -> None:
        """Plan and push until planning plans nothing."""
        for _ in range(ROUNDS):
            self._step(form.entity)
            if self.open(form.side, form.entity).is_empty():
                return
            push(self.patient, form.side, NEXT)
        left = self.open(form.side, form.entity).select("golden_id", "state", "operation", "changes", "error")
        raise AssertionError(f"{left.to_dicts()} after {ROUNDS} rounds")

    def _step(self, entity: str) -> None:
        """Plan one entity from what both systems hold now."""
        used = self.patient
        maps = [
            (name, m) for name, c in used.connections.items() for m in used.matrix.maps(c.system) if m.entity == entity
        ]
        for name, entity_map in maps:
            pull(used, name, entity_map.name)
        for name, entity_map in maps:
            conform(used, name, entity_map.name)
        link(used, entity)
        merge(used, entity)
        plan(used, entity)

    def open(self, side: str, entity: str) -> pl.DataFrame:
        """What is still to be done, as planned last."""
        with self.patient.ledger.read() as tx:
            return tx.intents.open(side, entity)

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

    def quiet(self) -> None:
        """Both systems in full: what waited is sent, and then nothing is left to do anywhere."""
        self.world.settle()
        assert self.world.open_intents().is_empty()


@contextmanager
def make_bench(folder: Path) -> Iterator[Bench]:
    """A bench in a folder of its own, with a parent account and two products in the CRM."""
    with (
        pytest.MonkeyPatch.context() as patch,
        make_world(folder, patch) as world,
        duckdb.connect(str(folder / "warehouse.duckdb")),
    ):
        world.policy(POLICY)
        world.provision()
        life, built = Life(""), build(Settings())
        patient = with_connectors(built, _pause(life), 30.0, 900.0)
        hasty = with_connectors(built, _pause(life), HASTY_SECONDS, HASTY_PATIENCE)
        with ExitStack() as stack:
            for platform in (built, patient, hasty):
                stack.callback(platform.close)
            ann = stack.enter_context(Seller(world.crm.url))
            bob = stack.enter_context(Accountant(world.erp.url))
            bench = Bench(world, patient, hasty, life, ann, bob, entries=world.catalogue(2))
            named = [{"Name": name, "CurrencyIsoCode": "USD"} for name in ("Parent", "Uncle")]
            bench.parent, bench.uncle = world.seed("crm", "Account", named)
            yield bench


def _pause(life: Life) -> Callable[[float], None]:
    """Sleeps as told, but never long; a process may die while it waits for a job."""

    def pause(seconds: float) -> None:
        life.reaches("while-a-job-runs")
        time.sleep(min(seconds, LONGEST_PAUSE))

    return pause


def with_connectors(platform: Platform, sleep: Callable[[float], None], timeout: float, patience: float) -> Platform:
    """The platform with connectors that give a call up after `timeout` and a job after `patience` seconds."""
    made = {}
    for config in load_configuration(Settings()).connections:
        common = {"name": config.name, "url": config.url, "client_id": config.client_id, "overlap_seconds": 3}
        common |= {"clock": utc_now, "sleep": sleep, "timeout": timeout}
        if config.type == "salesforce":
            secret = config.client_secret.get_secret_value()
            connector: Any = SalesforceConnector(client_secret=secret, **common)
        else:
            own = {"account": config.account, "certificate_id": config.certificate_id, "job_patience": patience}
            connector = NetSuiteConnector(private_key=config.key_text() or "", **own, **common)
        made[config.name] = replace(platform.connections[config.name], connector=connector)
    return replace(platform, connections=made)
