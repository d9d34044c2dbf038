"""What Dagster loads."""

import dagster as dg
from dagster_duckdb import DuckDBResource

from crmerp_assets.defs import graph, jobs, schedules, sensors, stages
from crmerp_assets.defs.resources import PlatformResource
from crmerp_assets.settings import Settings, load_configuration


@dg.definitions
def defs() -> dg.Definitions:
    """The asset graph of the user's configuration, with the jobs, sensors and schedules of every lane."""
    settings = Settings()
    configuration = load_configuration(settings)
    return dg.Definitions(
        assets=graph.all_assets(configuration),
        jobs=[job for lane in configuration.each for job in jobs.jobs(lane, stages.sources(lane))],
        sensors=[sensor for lane in configuration.each for sensor in sensors.sensors(lane.policy, lane.lane)],
        schedules=[schedule for lane in configuration.each for schedule in schedules.schedules(lane.lane)],
        resources={"platform": PlatformResource(duckdb=DuckDBResource(database=str(settings.within(None).warehouse)))},
    )
