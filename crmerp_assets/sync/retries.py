"""What happens after each class of error: what the platform does, when it tries again, what a person can do.

Code, tests and docs/operating.md share this table; a test holds the page to it. Two things can stop: one write, or
everything of a connection. An error that says nothing about the record (credentials, quota) never counts against it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from crmerp_assets.connectors import errors
from crmerp_assets.merge.policy import Policy

Outcome = Literal["retry", "unknown", "superseded", "rejected", "released"]
UNUSABLE = "Unusable"
"""The class of records that fail validation: no system refused them, they cannot be read as what they should be."""


@dataclass(frozen=True, slots=True)
class ErrorClass:
    """One class of error.

    `outcome` is what becomes of the write that met it (`released`: ready again as if it had never been tried).
    `pauses`: a connection that raises it rests. The texts are the columns of the table in docs/operating.md.
    """

    name: str
    outcome: Outcome
    pauses: bool
    meaning: str
    platform: str
    again: str
    person: str


_ALL = (
    ErrorClass(
        "Transient",
        "retry",
        False,
        "nothing was applied: no connection, 5xx on reading, a locked row, or a record it refers to is not there yet",
        "tries the call up to 5 times, then the write again; parks it after `retries.max_attempts`",
        "after 2, 4, 8 ... seconds and up to half as long again, at most `retries.max_seconds` apart",
        "nothing; once it is parked: `crmerp retry`",
    ),
    ErrorClass(
        "Dependent",
        "retry",
        False,
        "a record that this one refers to has not come through; the system is well",
        "looks again for as long as it takes; it is never parked for this",
        "like Transient",
        "nothing; look at the record it waits for",
    ),
    ErrorClass(
        "Throttled",
        "retry",
        False,
        "too many requests at once",
        "waits as told (NetSuite does not say: 0.5 seconds, doubling to 30), then like Transient",
        "not before the time the system named",
        "nothing; see [429](#netsuite-answers-429)",
    ),
    ErrorClass(
        "QuotaSpent",
        "released",
        True,
        "the daily calls are used up",
        "pauses the connection, nothing else; its writes stay ready",
        "at the reset, or after `retries.quota_seconds` where the system does not say",
        "nothing; see [quota](#the-daily-api-calls-are-spent)",
    ),
    ErrorClass(
        "ShareSpent",
        "released",
        False,
        "the share of the daily calls for this kind of work is used up",
        "stops this kind of work; more urgent work goes on",
        "once calls are back",
        "nothing; see [quota](#the-daily-api-calls-are-spent)",
    ),
    ErrorClass(
        "AuthFailed",
        "released",
        True,
        "credentials refused, also after a fresh token",
        "pauses the connection, nothing else; its writes stay ready",
        "when `crmerp check` passes, and by itself every `retries.probe_seconds`",
        "renew them, `crmerp check`; see [credentials](#credentials-are-revoked-or-expired)",
    ),
    ErrorClass(
        "ConfigError",
        "rejected",
        True,
        "an object, field or right is missing",
        "pauses the connection; where it concerns one record only, parks that write",
        "when `crmerp check` passes, parked writes too; a paused connection also every `retries.probe_seconds`",
        "grant or provision it, `crmerp check`; see [permission](#a-permission-is-missing-or-a-field-was-removed)",
    ),
    ErrorClass(
        "Rejected",
        "rejected",
        False,
        "the system refuses this record's values",
        "parks the write",
        "when the record changes",
        "correct the record; or `crmerp review edit`, `retry`, `skip`",
    ),
    ErrorClass(
        "Duplicate",
        "rejected",
        False,
        "the record exists already",
        "parks the write",
        "when the record changes",
        "correct or merge the double; or put our key (`crmerp trace` shows the golden id) into the existing record",
    ),
    ErrorClass(
        "Gone",
        "rejected",
        False,
        "the record was deleted or merged",
        "sends nothing to it; drops an update and plans anew, on the survivor where there is one",
        "with the next plan",
        "see [below](#a-record-was-deleted-or-merged)",
    ),
    ErrorClass(
        "VersionConflict",
        "superseded",
        False,
        "the record changed since it was planned",
        "drops the write, reads the record again and plans anew",
        "with the next plan",
        "nothing",
    ),
    ErrorClass(
        "Unknown",
        "unknown",
        False,
        "sent, and no answer came",
        "reads back by key whether it happened",
        "at the next push, and only if it did not happen",
        "nothing",
    ),
    ErrorClass(
        UNUSABLE,
        "rejected",
        False,
        "the record fails validation, see [parked records](#parked-records)",
        "parks the record; its last usable version stays",
        "when the record changes",
        "correct it in its system; after a change of the mapping: `crmerp retry`",
    ),
)
CLASSES: Mapping[str, ErrorClass] = {one.name: one for one in _ALL}
PAUSING = (errors.QuotaSpent, errors.AuthFailed, errors.ConfigError)
STOPPING = (errors.QuotaSpent, errors.AuthFailed)
"""Errors that are never about the record which met them."""


def of(error: errors.ConnectorError) -> ErrorClass:
    """The class of an error; what is not known is treated as refused, so that a person looks."""
    return CLASSES.get(type(error).__name__, CLASSES["Rejected"])


def wait(intent_id: str, attempts: int, policy: Policy, error: errors.ConnectorError) -> timedelta:
    """How long to wait after this many attempts: doubling, spread by up to half, never shorter than the system asks.

    The spread comes from the id, so that many writes which failed together do not come back together.
    """
    seconds = min(policy.retries.base_seconds * 2 ** min(attempts - 1, 63), policy.retries.max_seconds)
    if isinstance(error, errors.Throttled):
        seconds = max(seconds, error.wait)
    return timedelta(seconds=seconds * (1 + int(intent_id[:4], 16) / 0xFFFF / 2))


def paused_until(error: errors.ConnectorError, policy: Policy, now: datetime) -> tuple[datetime, timedelta]:
    """Until when a connection rests that raised this, and how long such a rest is where the system does not say."""
    quota = isinstance(error, errors.QuotaSpent)
    pause = timedelta(seconds=policy.retries.quota_seconds if quota else policy.retries.probe_seconds)
    told = error.until if isinstance(error, errors.QuotaSpent) else None
    return (told if told is not None and told > now else now + pause), pause
