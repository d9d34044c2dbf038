"""A bench for faults: two systems in agreement, and writes of every form on records of their own.

Planning costs a hundred times as much as a push, so cases are planned together, then pushed one by one, each with its
fault and its recovery, and at the end planned together again. Intents of the other cases are held back meanwhile. What
the other system is to hear waits until the end of the module. Which systems there are is said by vendor_bench.py and
pair_bench.py.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl
from mortal import Died, Life, mortal
from world import World

from crmerp_assets.bootstrap import utc_now
from crmerp_assets.connectors.errors import ConnectorError
from crmerp_assets.connectors.http import Unmetered
from crmerp_assets.connectors.netsuite import NetSuiteConnector
from crmerp_assets.sandbox.netsuite import NetSuiteSandbox
from crmerp_assets.settings import Settings, load_configuration
from crmerp_assets.sync.conform import conform
from crmerp_assets.sync.link import link
from crmerp_assets.sync.merge import merge
from crmerp_assets.sync.pauses import put_right
from crmerp_assets.sync.plan import plan
from crmerp_assets.sync.platform import Platform
from crmerp_assets.sync.pull import pull
from crmerp_assets.sync.push import push
from crmerp_assets.systems import find
from crmerp_assets_tests.tryton.proxy import Fault as Struck
from crmerp_assets_tests.tryton.proxy import Proxy

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
    seed: Callable[[Any, list[str]], None]
    expected: dict[str, Any]
    change: Callable[[Any, Sequence["Case"]], None] | None = None


@dataclass
class Case:
    """One combination, and what came of it."""

    form: Form
    fault: Fault
    number: int = 0
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
            assert {field: record[field] for field in self.form.expected} == self.form.expected


@dataclass
class Bench:
    """The world, a patient platform, a hasty one that gives calls and jobs up early, and records to change."""

    world: World
    patient: Platform
    hasty: Platform
    life: Life
    servers: Mapping[str, Any]

    def run(self, cases: Sequence[Case]) -> None:
        """Try every case: plan those of one entity together, push one after the other, and recover."""
        updated = [case for case in cases if case.form.change]
        self.seed(updated)
        self.quiet()
        for entity in dict.fromkeys(case.form.entity for case in cases):
            self.seed([case for case in cases if case.form.entity == entity and not case.form.change])
            for form in dict.fromkeys(case.form for case in updated if case.form.entity == entity):
                assert form.change is not None
                form.change(self, [case for case in updated if case.form is form])
            self._run([case for case in cases if case.form.entity == entity])
        self.quiet()

    def seed(self, cases: Sequence[Case]) -> None:
        for form in dict.fromkeys(case.form for case in cases):
            mine = [case for case in cases if case.form is form]
            for number, case in enumerate(mine):
                case.number = number
                case.names = [self.name(case, n) for n in range(form.count)]
            form.seed(self, [name for case in mine for name in case.names])

    def name(self, case: Case, number: int) -> str:
        """What a record of a case is called; each name is given once."""
        return f"{case.form.entity} {case.form.name} {case.number:03} {number}"

    def _run(self, cases: Sequence[Case]) -> None:
        form = cases[0].form
        self._step(form.entity)
        self.hold(cases)
        for case in cases:
            self.strike(case)
        self._until_quiet(form)

    def hold(self, cases: Sequence[Case]) -> None:
        """Find each case's intents and hold them all back."""
        owner = {(case.form.entity, key): case for case in cases for key in (*case.natives, *case.names)}
        entities = {case.form.entity for case in cases}
        found = self.open(cases[0].form.side, entities.pop() if len(entities) == 1 else None)
        found = found.filter(pl.col("state") == "planned")
        for row in found.iter_rows(named=True):
            changed = json.loads(row["changes"])
            named = changed.get("name") or changed.get("last_name") or changed.get("number") or {}
            case = owner.get((row["entity"], row["native_id"] or named.get("after") or ""))
            if case is not None:
                case.intents.append(row["id"])
                assert case.form.operation in (row["operation"], "both")
        for case in cases:
            assert len(case.intents) == case.form.count, f"{case.id} has {len(case.intents)} intents"
        with self.patient.ledger.begin() as tx:
            tx.intents.hold(found["id"].to_list(), "bench", "another case is tried")

    def strike(self, case: Case) -> None:
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
        """Time passes until the next attempt is due and the connection has rested; what asked for a login lets the
        machine through again, and `crmerp check` has said so."""
        put_right(self.patient, case.form.side)
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
        server = self.servers[side]
        rules = [_struck_by(server, rule) for rule in trouble.rules]
        self._jobs(trouble.held)
        met = self._pushed(self.hasty if trouble.hasty else self.patient, side, worker, trouble.dies)
        _healthy(server)
        self._jobs(False)
        with self.patient.ledger.begin() as tx:
            tx.intents.abandon([worker])
        return met, all(rule.hits for rule in rules) and (not trouble.dies or met == "Died")

    def _jobs(self, held: bool) -> None:
        """Let jobs lie, or go on; only NetSuite has them."""
        for server in self.servers.values():
            if isinstance(server, NetSuiteSandbox):
                server.jobs.hold(held)

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

    def open(self, side: str, entity: str | None = None) -> pl.DataFrame:
        """What is still to be done, as planned last."""
        with self.patient.ledger.read() as tx:
            return tx.intents.open(side, entity)

    def quiet(self) -> None:
        """Both systems in full: what waited is sent, and then nothing is left to do anywhere."""
        self.world.settle()
        assert self.world.open_intents().is_empty()


def _struck_by(server: Any, rule: dict[str, Any]) -> Any:
    """The rule in force at a sandbox, or at the proxy in front of a server."""
    if not isinstance(server, Proxy):
        return server.faults.add(**rule)
    struck = Struck(**{name: value for name, value in rule.items() if name != "status"})
    server.faults.append(struck)
    return struck


def _healthy(server: Any) -> None:
    (server.faults.clear if isinstance(server, Proxy) else server.faults.remove)()


def paused(life: Life) -> Callable[[float], None]:
    """Sleeps as told, but never long; a process may die while it waits for a job."""

    def pause(seconds: float) -> None:
        life.reaches("while-a-job-runs")
        time.sleep(min(seconds, LONGEST_PAUSE))

    return pause


def with_connectors(platform: Platform, sleep: Callable[[float], None], timeout: float, patience: float) -> Platform:
    """The platform with connectors that give a call up after `timeout` and a job after `patience` seconds."""
    made = {
        config.name: replace(
            platform.connections[config.name],
            connector=_connector(
                config.model_copy(update={"timeout_seconds": timeout, "overlap_seconds": 3}), sleep, patience
            ),
        )
        for config in load_configuration(Settings()).connections
    }
    return replace(platform, connections=made)


def _connector(config: Any, sleep: Callable[[float], None], patience: float) -> Any:
    """How long a job may take is no setting, so that a connector with jobs is made here."""
    if config.type != "netsuite":
        return find(config.type).connect(config, utc_now, Unmetered(), sleep)
    return NetSuiteConnector(
        name=config.name,
        url=config.url,
        account=config.account,
        client_id=config.client_id,
        certificate_id=config.certificate_id,
        private_key=config.key_text() or "",
        overlap_seconds=config.overlap_seconds,
        timeout=config.timeout_seconds,
        job_patience=patience,
        clock=utc_now,
        sleep=sleep,
    )
