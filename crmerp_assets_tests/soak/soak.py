"""One soak: set the stage, let people and faults at it, wait until it is quiet, ask whether both sides agree."""

import os
import random
import shutil
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import polars as pl

from crmerp_assets.cli.dev import crmerp, dagster_daemon, prepare
from crmerp_assets.cli.pair import chosen
from crmerp_assets.cli.processes import Process
from crmerp_assets.cli.runs import instance
from crmerp_assets.cli.showing import platform
from crmerp_assets.cli.stage import Stage
from crmerp_assets.ledger.transitions import EFFECTIVE
from crmerp_assets.sandbox.company.people import Accountant, Seller
from crmerp_assets.settings import Settings

from .checks import busy, disagreements, unordered
from .measured import Measured
from .people import Diary, Office
from .samples import Sampler

SHARE = 0.05
KINDS = ("server_error", "cut_before", "cut_after", "throttle", "short_page", "repeat_page")
PACE_SECONDS, SAMPLE_SECONDS, IDLE_SECONDS, PATIENCE_SECONDS = 1.5, 10, 45, 600
Say = Callable[[str], None]


@dataclass
class Scene:
    """The stage with its daemon."""

    stage: Stage
    daemon: Process
    sampler: Sampler

    def admin(self, system: str, method: str, path: str, body: Any = None) -> Any:
        """A call of a sandbox's administration."""
        answer = httpx.request(method, f"{self.stage.urls[system]}/_sandbox/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def calls(self) -> int:
        """Calls of the integration since they were last counted anew."""
        return sum(self.admin(s, "GET", "calls")["by_user"].get("integration", 0) for s in self.stage.urls)

    def look(self) -> None:
        """Take a sample when one is due; the daemon must be alive."""
        if self.sampler.is_due:
            self.daemon.check()
            self.sampler.look(self.applied())

    def applied(self) -> int:
        """Writes that were applied until now."""
        with platform(self.stage.settings) as used, used.ledger.read() as tx:
            summary = tx.intents.summary()
        return int(summary.filter(pl.col("state").is_in(EFFECTIVE))["count"].sum())


def soak(minutes: float, say: Say) -> Measured:
    """Work for so many minutes; everything it writes is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="crmerp-soak-"))
    with ExitStack() as up:
        up.callback(shutil.rmtree, folder, ignore_errors=True)
        settings = Settings(state=folder, config=folder / "config", env_file=folder / "sandbox.env")
        ports = {server: _free_port() for server in chosen().servers}
        stage = up.enter_context(Stage(settings, ports, go_live=date.today()))
        say("a company moves in, the first sync runs")
        prepare(stage)
        daemon = up.enter_context(dagster_daemon(stage))
        scene = Scene(stage, daemon, Sampler(folder, daemon.pid, SAMPLE_SECONDS))
        before = scene.calls()
        daemon.wait_until(lambda: scene.calls() > before, PATIENCE_SECONDS)
        return _soaked(scene, minutes, say)


def _soaked(scene: Scene, minutes: float, say: Say) -> Measured:
    urls = scene.stage.urls
    for system in urls:
        scene.admin(system, "DELETE", "calls")
    _trouble(scene)
    say(f"people work for {minutes:g} minutes, {SHARE:.0%} of the platform's calls go wrong")
    with Office(urls["salesforce"], urls["netsuite"], random.Random(7), date.today()) as office:
        office.work(minutes * 60, PACE_SECONDS, scene.look)
    diary, struck, calls = office.diary, _calm(scene), scene.calls()
    say(f"faults are over after {struck} of {calls} calls; waiting until it is quiet")
    with Seller(urls["salesforce"]) as ann, Accountant(urls["netsuite"]) as bob:
        quiet = _quiet(scene, ann, diary)
        scene.look()
        work = list(scene.sampler.samples)
        late = unordered(ann, diary)
        say("what has no sensor follows with a sync")
        crmerp(scene.stage, "sync")
        idle = _idle(scene, say)
        with platform(scene.stage.settings) as used:
            problems = disagreements(used, ann, bob, diary, scene.stage.settings.reports)
            delays = list(_delays(used, diary))
    found = Measured(
        minutes, os.cpu_count() or 1, diary, work, idle, calls, struck, _runs(scene), delays, quiet, problems
    )
    found.problems += [f"deal {deal} was not ordered by the sensors alone" for deal in late] + found.unbounded()
    return found


def _trouble(scene: Scene) -> None:
    """Each rule is asked in turn, so that together they strike the share."""
    one = 1 - (1 - SHARE) ** (1 / len(KINDS))
    for system in scene.stage.urls:
        for kind in KINDS:
            rule = {"kind": kind, "times": -1, "probability": one, "user": "integration", "status": 503}
            scene.admin(system, "POST", "faults", rule)


def _calm(scene: Scene) -> int:
    """No more faults; how many struck."""
    struck = sum(rule["hits"] for system in scene.stage.urls for rule in scene.admin(system, "GET", "faults")["faults"])
    for system in scene.stage.urls:
        scene.admin(system, "DELETE", "faults")
    return int(struck)


def _quiet(scene: Scene, ann: Seller, diary: Diary) -> float:
    """Seconds until nothing is left to do for ten seconds; gives up after some minutes, and the checks then say why."""
    started = calm_since = time.monotonic()
    while time.monotonic() - started < PATIENCE_SECONDS:
        with platform(scene.stage.settings) as used:
            working = bool(busy(used)) or bool(unordered(ann, diary))
        if working:
            calm_since = time.monotonic()
        elif time.monotonic() - calm_since > 10:
            break
        scene.look()
        time.sleep(1)
    return calm_since - started


def _idle(scene: Scene, say: Say) -> Any:
    """Two samples around a time in which nobody does anything."""
    say(f"nobody does anything for {IDLE_SECONDS} s")
    time.sleep(SAMPLE_SECONDS)
    scene.look()
    before = scene.sampler.samples[-1]
    time.sleep(IDLE_SECONDS)
    scene.look()
    return before, scene.sampler.samples[-1]


def _runs(scene: Scene) -> Counter[str]:
    with instance(scene.stage.settings) as dagster:
        return Counter(run.status.value for run in dagster.get_runs())


def _delays(used: Any, diary: Diary) -> Iterator[float]:
    """Seconds from winning a deal to its order; the systems tell whole seconds."""
    crm = used.side("crm").name
    with used.ledger.read() as tx:
        for deal, won in diary.won.items():
            links = tx.links.by_native("order", crm, [deal])
            if links.is_empty():
                continue
            intents = tx.intents.of("order", links["golden_id"][0]).filter(pl.col("operation") == "create")
            for at in intents["applied_at"].drop_nulls().to_list()[:1]:
                yield (at - won).total_seconds()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
