"""Runs do not pile up for ever."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from crmerp_assets.defs.retention import AT_ONCE, KEPT, forget_old_runs

MARGIN = timedelta(minutes=5)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster.yaml").write_text("telemetry:\n  enabled: false\n", encoding="utf-8")
    with dg.DagsterInstance.from_config(str(tmp_path)) as made:
        yield made


@dg.job
def nothing() -> None: ...


def test_runs_are_kept_until_their_time_is_over(instance: dg.DagsterInstance) -> None:
    nothing.execute_in_process(instance=instance)

    assert forget_old_runs(instance, now() + KEPT - MARGIN) == 0
    assert instance.get_runs_count() == 1


def test_old_runs_go_with_their_files(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    run = nothing.execute_in_process(instance=instance)
    assert [file for file in tmp_path.rglob("*") if run.run_id in file.name]

    assert forget_old_runs(instance, now() + KEPT + MARGIN) == 1

    assert instance.get_runs_count() == 0
    assert not [file for file in tmp_path.rglob("*") if run.run_id in file.name]


def test_a_run_that_goes_on_is_kept(instance: dg.DagsterInstance) -> None:
    instance.create_run_for_job(nothing, status=dg.DagsterRunStatus.STARTED)

    assert forget_old_runs(instance, now() + KEPT + MARGIN) == 0


def test_a_few_go_at_a_time(instance: dg.DagsterInstance) -> None:
    for _ in range(AT_ONCE + 1):
        instance.create_run_for_job(nothing, status=dg.DagsterRunStatus.SUCCESS)

    assert forget_old_runs(instance, now() + KEPT + MARGIN) == AT_ONCE
    assert forget_old_runs(instance, now() + KEPT + MARGIN) == 1
