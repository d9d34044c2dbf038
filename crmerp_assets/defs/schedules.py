"""Schedules: master data hourly, invoice statuses daily, a full comparison every night."""

import dagster as dg

from crmerp_assets.defs import jobs
from crmerp_assets.merge.lanes import Lane

_TIMES = {
    "customers_hourly": (jobs.CUSTOMERS, "5 * * * *"),
    "invoice_status_daily": (jobs.CASH, "15 4 * * *"),
    "full_comparison_nightly": (jobs.NIGHTLY, "30 1 * * *"),
}


def schedules(lane: Lane) -> list[dg.ScheduleDefinition]:
    """Every schedule of a lane, in UTC; stopped until somebody starts them, as Dagster's schedules are."""
    return [
        dg.ScheduleDefinition(
            name=lane.called(name), job_name=lane.called(job), cron_schedule=when, execution_timezone="UTC"
        )
        for name, (job, when) in _TIMES.items()
        if job != jobs.CASH or "order" in lane.entities
    ]
