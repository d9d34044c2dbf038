"""Start Dagster runs from the command line, in this process, recorded in the instance like any other."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from crmerp_assets.cli.home import dagster_home
from crmerp_assets.cli.output import errors
from crmerp_assets.settings import Settings


class RunFailed(RuntimeError):
    """A Dagster run failed; the message says which step and why."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished run: its id and the metadata of every asset it materialised, by `/`-joined key without the lane."""

    run_id: str
    metadata: dict[str, dict[str, Any]]

    def total(self, stage: str, name: str) -> int:
        """Sum of one metadata number over the assets of a stage."""
        return sum(
            int(values.get(name, 0) or 0) for key, values in self.metadata.items() if key.startswith(f"{stage}/")
        )


def run_job(settings: Settings, job_name: str, tags: dict[str, str] | None = None) -> Ran:
    """Run one job of the settings' lane. Raises RunFailed with the first step's error."""
    from crmerp_assets.bootstrap import build
    from crmerp_assets.definitions import defs
    from crmerp_assets.defs.recovery import process_tag, recover
    from crmerp_assets.defs.retention import forget_old_runs

    with instance(settings) as dagster:
        platform = build(settings)
        recover(dagster, platform)
        forget_old_runs(dagster, platform.clock())
        platform.close()
        job = defs().resolve_job_def(platform.lane.called(job_name))
        result = job.execute_in_process(
            run_config={"loggers": {"console": {"config": {"log_level": "ERROR"}}}},
            instance=dagster,
            raise_on_error=False,
            tags={"crmerp/by": "cli"} | process_tag() | (tags or {}),
        )
        if not result.success:
            raise RunFailed(_why(result))
        return Ran(result.run_id, _metadata(result, platform.lane.name))


@contextmanager
def instance(settings: Settings) -> Iterator[Any]:
    """The Dagster instance in the working state."""
    import logging

    from dagster import DagsterInstance

    logging.getLogger("dagster").setLevel(logging.ERROR)
    with DagsterInstance.from_config(str(dagster_home(settings))) as dagster:
        yield dagster


def _metadata(result: Any, lane: str) -> dict[str, dict[str, Any]]:
    found = {}
    for event in result.get_asset_materialization_events():
        made = event.materialization
        path = made.asset_key.path
        found["/".join(path[1:] if path[0] == lane else path)] = {
            name: value.value for name, value in made.metadata.items()
        }
    return found


def _why(result: Any) -> str:
    failures = [event for event in result.all_events if event.is_step_failure]
    lines = []
    for event in failures:
        error = event.step_failure_data.error
        while error is not None and error.cause is not None:
            error = error.cause
        message = (error.message if error else "no error recorded").strip()
        lines.append(f"{event.step_key.replace('__', '/')}: {message.split(': ', 1)[-1]}")
    errors.print(f"Run {result.run_id} failed.", style="bold red")
    return "\n".join(lines) or f"run {result.run_id} failed before any step started"
