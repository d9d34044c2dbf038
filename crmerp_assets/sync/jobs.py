"""Writes that a system took as a job and may still carry out, though our side gave up or died.

Reading such a record back proves nothing: it shows the old values, and the job will change them later. So what a job
holds stays unknown until the job is over; the ledger lets nothing else be sent to the same record meanwhile.
"""

from datetime import datetime, timedelta

import polars as pl

from crmerp_assets.merge.policy import Retries
from crmerp_assets.sync.platform import Connection, Platform

LONGEST = timedelta(hours=24)
"""A job that was taken so long ago counts as over, or a system that never ends one would hold its records for ever."""
LONGEST_PAUSE = timedelta(minutes=1)


def over(platform: Platform, side: Connection, sent: pl.DataFrame, worker: str) -> pl.DataFrame:
    """Those of the sent intents that can be settled now; the others are put off until their job is asked about again.

    One call for each job that is not over.
    """
    now = platform.clock()
    recent = sent.filter(pl.col("job_at") > now - LONGEST)
    unfinished = side.connector.unfinished(recent["job"].unique(maintain_order=True).to_list())
    queued = recent.filter(pl.col("job").is_in(list(unfinished)))
    with platform.ledger.begin() as tx:
        for (job,), group in queued.group_by("job", maintain_order=True):
            since = group["job_at"].min()
            assert isinstance(since, datetime)
            tx.intents.put_off(group["id"], now + _pause(now - since, platform.policy.retries), _why(side, job), worker)
    return sent.join(queued, on="id", how="anti")


def _pause(age: timedelta, retries: Retries) -> timedelta:
    """As long as it has taken already, so that a job costs few calls however long it takes."""
    most = min(timedelta(seconds=retries.max_seconds), LONGEST_PAUSE)
    return min(max(age, timedelta(seconds=retries.base_seconds)), most)


def _why(side: Connection, job: object) -> str:
    return f"{side.name} took it as job {job}, which is not over yet; nothing else is sent to the record until it is."
