"""What Dagster loads."""

import dagster as dg
from dagster_duckdb import DuckDBResource

from crmerp_assets.defs import graph, jobs, schedules, sensors, stages
from crmerp_assets.defs.resources import PlatformResource
from crmerp_assets.settings import Settings, load_configuration


@dg.definitions
def defs() -> dg.Definitions:
    """The asset graph of the user's configuration, with its jobs, sensors and schedules."""
    settings = Settings()
    configuration = load_configuration(settings)
    return dg.Definitions(
        assets=graph.assets(configuration),
        jobs=jobs.jobs(configuration, stages.sources(configuration)),
        sensors=sensors.sensors(configuration.policy),
        schedules=schedules.schedules(),
        resources={"platform": PlatformResource(duckdb=DuckDBResource(database=str(settings.warehouse)))},
    )
