"""Forget old runs: Dagster keeps every run with its log for ever, each log in a file of some 300 KB.

What was written to the systems is not lost with them: the ledger keeps every intent and its attempts.
"""

from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

KEPT = timedelta(days=30)
AT_ONCE = 20


def forget_old_runs(instance: dg.DagsterInstance, now: datetime) -> int:
    """Delete the oldest runs that ended and were created more than KEPT ago, a few at a time; returns how many."""
    over = dg.RunsFilter(statuses=list(FINISHED_STATUSES), created_before=now - KEPT)
    old = [record.dagster_run.run_id for record in instance.get_run_records(over, limit=AT_ONCE, ascending=True)]
    for run_id in old:
        instance.delete_run(run_id)
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        _forget_file(instance, run_id)
    return len(old)


def _forget_file(instance: dg.DagsterInstance, run_id: str) -> None:
    """Dagster empties the file of a deleted run and leaves it behind."""
    storage = instance.event_log_storage
    if isinstance(storage, SqliteEventLogStorage):
        path = storage.path_for_shard(run_id)
        for suffix in ("", "-wal", "-shm"):
            Path(path + suffix).unlink(missing_ok=True)
