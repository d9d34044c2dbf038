"""Audit the quality of the data in both systems, as they were last read, and keep what it found.

What people and the CLI read is published from there, see `audit_files`: the warehouse may be held by a run.
"""

from crmerp_assets.merge.audit_policy import AUDITED
from crmerp_assets.reports.quality import Audit, assess
from crmerp_assets.sync import audited
from crmerp_assets.sync.audit_sources import around, source
from crmerp_assets.sync.platform import Platform, in_one_transaction


class NothingToAudit(RuntimeError):
    """No record was ever read, so there is nothing to audit yet."""


@in_one_transaction
def run_audit(platform: Platform) -> Audit:
    """Audit every entity in every system that holds it, and store the tables and the day's scores in `report`.

    A system that was not read yet has no score. Raises NothingToAudit where none was.
    """
    with platform.warehouse.open() as con:
        shared = around(platform, con)
        if not shared.live:
            raise NothingToAudit("No records were read yet, so there is nothing to audit; run `crmerp plan` first.")
        sources = [
            source(shared, con, side, entity_map, entity)
            for entity in AUDITED
            for side in platform.connections.values()
            for entity_map in platform.matrix.maps(side.system)
            if entity_map.entity == entity
        ]
        done = assess(sources, platform.clock(), shared.today, platform.policy.audit.warn_below)
        return audited.store(con, done)
