"""Schedules: master data hourly, invoice statuses daily, a full comparison every night."""

import dagster as dg

from crmerp_assets.defs import jobs


def schedules() -> list[dg.ScheduleDefinition]:
    """Every schedule, in UTC; stopped until somebody starts them, as Dagster's schedules are."""
    return [
        dg.ScheduleDefinition(
            name="customers_hourly", job_name=jobs.CUSTOMERS, cron_schedule="5 * * * *", execution_timezone="UTC"
        ),
        dg.ScheduleDefinition(
            name="invoice_status_daily", job_name=jobs.CASH, cron_schedule="15 4 * * *", execution_timezone="UTC"
        ),
        dg.ScheduleDefinition(
            name="full_comparison_nightly", job_name=jobs.NIGHTLY, cron_schedule="30 1 * * *", execution_timezone="UTC"
        ),
    ]
