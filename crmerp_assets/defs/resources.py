"""The platform as a Dagster resource."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from dagster_duckdb import DuckDBResource

from crmerp_assets.bootstrap import Shared
from crmerp_assets.settings import Settings
from crmerp_assets.sync.platform import Platform


class PlatformResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Gives assets and sensors the configured platform.

    One platform is kept per process, so that a run in a warm process has its tokens and connections already; it is
    built anew when a file of the configuration changes.
    """

    duckdb: DuckDBResource

    @contextmanager
    def use(self, lane: str = "") -> Iterator[Platform]:
        """Yield the process's platform of a lane; each of several lanes has a file of its own."""
        settings = Settings().within(lane)
        duckdb = DuckDBResource(database=str(settings.warehouse)) if lane else self.duckdb
        yield Shared.platform(settings, duckdb.get_connection)
