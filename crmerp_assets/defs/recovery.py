"""Recover from processes that died: their runs, the pool slots they held, the intents they had claimed.

A killed process can clean nothing up. Every run carries the process it runs in as a tag, so whoever comes next on
the same machine sees that it is gone, ends the run, frees its slots, and lets its claims be settled.
"""

import os
import socket
from pathlib import Path

import dagster as dg

from crmerp_assets.sync.platform import Platform

PROCESS_TAG = "crmerp/process"
_ALIVE = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.NOT_STARTED]


def process_tag() -> dict[str, str]:
    """The tag that names this process: host, process id and when it was started."""
    return {PROCESS_TAG: f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"}


def recover(instance: dg.DagsterInstance, platform: Platform | None) -> int:
    """End the runs of dead processes of this machine and give their claims up; returns how many runs."""
    dead = [run for run in instance.get_runs(dg.RunsFilter(statuses=_ALIVE)) if _is_dead(run.tags.get(PROCESS_TAG))]
    for run in dead:
        instance.report_run_failed(run, "The process of this run died; the next run settles what it had sent.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    if platform is not None:
        _abandon(instance, platform)
    return len(dead)


def _abandon(instance: dg.DagsterInstance, platform: Platform) -> None:
    """Intents claimed by a run that is over belong to nobody."""
    with platform.ledger.read() as tx:
        claimed = tx.intents.open(states=["claimed", "sent", "unknown"])["claimed_by"].drop_nulls().unique().to_list()
    over = [worker for worker in claimed if (run := instance.get_run_by_id(worker)) is None or run.is_finished]
    if over:
        with platform.ledger.begin() as tx:
            tx.intents.abandon(over)


def _is_dead(tag: str | None) -> bool:
    if tag is None:
        return False
    host, pid, started = tag.split(":", 2)
    return host == socket.gethostname() and _started(int(pid)) != started


def _started(pid: int) -> str:
    """When a process was started, in the kernel's ticks; empty for one that does not exist."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return _exists(pid)


def _exists(pid: int) -> str:
    """Where there is no /proc: whether the process exists at all."""
    if Path("/proc/self").exists():
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "running"
