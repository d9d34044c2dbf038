"""Many writes: batches of 100, confirmed by one query instead of a thousand results.

Reading back the ids and stamps of all keys costs one call per 1,000 records; only the records that it does not
show as saved have their own result read. A batch that NetSuite had taken before may have failed records in it that
can succeed now, or records that its job never came to: those go out again under a new key, derived from the old job, so
that this too repeats safely. Without that they would meet the same job for ever, as the same batch has the same key.

NetSuite works several jobs off at once and queues the others, so twice as many are with it as requests may be under
way: those in work and those that come next. Only a batch that leans on a record in an earlier one, or writes the same
record again, waits until that is over.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from crmerp_assets.connectors import exactjson
from crmerp_assets.connectors.errors import AuthFailed, ConnectorError, QuotaSpent, Unknown
from crmerp_assets.connectors.http import Response
from crmerp_assets.connectors.netsuite.bodies import referenced_keys
from crmerp_assets.connectors.netsuite.jobs import Job, Jobs
from crmerp_assets.connectors.netsuite.preparing import Prepared
from crmerp_assets.connectors.netsuite.readback import Saved
from crmerp_assets.connectors.netsuite.sending import about, held, not_saved, outcome, unknown
from crmerp_assets.connectors.netsuite.suiteql import chunks
from crmerp_assets.connectors.protocol import Accepted, Result
from crmerp_assets.connectors.together import together

BATCH = 100
REPLAYS = 20
MISSING = 404
"""Of a record that is not there, or of a result that is not: the task tells which."""
_NAMESPACE = uuid.UUID("7f3d1a52-6f0e-5b43-9c8e-2b6f6f1c90aa")
ReadBack = Callable[[Sequence[Prepared]], Mapping[str, Saved]]


@dataclass(frozen=True, slots=True)
class Carried:
    """A batch whose job is complete."""

    batch: Sequence[Prepared]
    job: Job
    succeeded: bool


class Batches:
    """Sends one push as jobs; `lanes` requests at a time, and twice as many jobs."""

    def __init__(self, jobs: Jobs, connection: str, read_back: ReadBack, accepted: Accepted, lanes: int) -> None:
        self._jobs = jobs
        self._connection = connection
        self._read_back = read_back
        self._accepted = accepted
        self._lanes = lanes
        self._stop: ConnectorError | None = None

    def send(self, prepared: Sequence[Prepared], started: datetime) -> dict[str, Result]:
        """Results by write id. `started` is the server's time before the first batch."""
        results: dict[str, Result] = {}
        carried: list[list[Carried]] = []
        unsettled: set[str] = set()
        for wave in _waves(_batches(prepared)):
            waiting = [one for batch in wave for one in batch if unsettled & referenced_keys(one.write)]
            results |= {one.write.id: held(self._connection, one.write) for one in waiting}
            sent = list(together(self._carry, _without(wave, waiting), 2 * self._lanes))
            results |= {id: result for outcomes, _ in sent for id, result in outcomes.items()}
            carried.append([done for _, complete in sent for done in complete])
            unsettled |= {one.write.key.lower() for batch in wave for one in batch if one.write.id in results}
        return results | self._finished(carried, started)

    def _finished(self, carried: Sequence[Sequence[Carried]], started: datetime) -> dict[str, Result]:
        """The results of complete jobs, wave by wave, because what is sent once more may lean on an earlier wave."""
        results: dict[str, Result] = {}
        saved = self._saved([one for wave in carried for done in wave for one in done.batch])
        for wave in carried:
            for outcomes in together(lambda done: self._with_replay(done, saved, started), wave, self._lanes):
                results |= outcomes
        return results

    def _carry(self, batch: Sequence[Prepared]) -> tuple[dict[str, Result], list[Carried]]:
        """The job of a batch once it is complete, or the results of a batch that did not come so far.

        After one that met refused credentials or a spent quota no other is sent: it would meet the same.
        """
        if self._stop is not None:
            return _all_failed(batch, self._stop), []
        return self._carry_as(batch, idempotency_key(batch))

    def _carry_as(self, batch: Sequence[Prepared], key: str) -> tuple[dict[str, Result], list[Carried]]:
        first = batch[0]
        names = tuple(dict.fromkeys(name for one in batch for name in one.replace))
        try:
            job = self._jobs.submit(first.method, first.record_type, [_item(one) for one in batch], key, names)
        except ConnectorError as failure:
            self._stop = failure if isinstance(failure, AuthFailed | QuotaSpent) else self._stop
            return _all_failed(batch, failure), []
        if isinstance(job, Response):
            return {one.write.id: outcome(self._connection, one.write, job) for one in batch}, []
        self._accepted([one.write.id for one in batch], job.id)
        try:
            return {}, [Carried(batch, job, self._jobs.wait(job))]
        except ConnectorError:
            why = "the outcome of a batch could not be read"
            return {one.write.id: unknown(self._connection, one.write, why) for one in batch}, []

    def _saved(self, sent: Sequence[Prepared]) -> Mapping[str, Saved]:
        """What the records look like now, by write id; nothing of those where that cannot be read."""
        return {
            id: record for some in together(self._looked_at, chunks(sent), self._lanes) for id, record in some.items()
        }

    def _looked_at(self, sent: Sequence[Prepared]) -> Mapping[str, Saved]:
        try:
            return self._read_back(sent)
        except ConnectorError:
            return {}

    def _with_replay(self, done: Carried, saved: Mapping[str, Saved], started: datetime) -> dict[str, Result]:
        results = self._settled(done, saved, started)
        self._replay(done, results, started)
        return results

    def _settled(self, done: Carried, saved: Mapping[str, Saved], started: datetime) -> dict[str, Result]:
        """A record stamped since `started` was saved by us. In a job with failures, its first second proves nothing."""
        since = started if done.succeeded else started + timedelta(seconds=1)
        found = {one.write.id: saved[one.write.id] for one in done.batch if one.write.id in saved}
        shown = {id: record for id, record in found.items() if record.modified >= since}
        if not done.succeeded and len(shown) == len(done.batch):
            shown = {}
        results = {id: Result(id, record.native_id, None) for id, record in shown.items()}
        open_ = [(number, one) for number, one in enumerate(done.batch) if one.write.id not in shown]
        return results | (self._by_task(done, open_) if open_ else {})

    def _by_task(self, done: Carried, open_: Sequence[tuple[int, Prepared]]) -> dict[str, Result]:
        try:
            tasks = self._jobs.tasks(done.job)
        except ConnectorError:
            tasks = []
        return {one.write.id: self._task_result(done.job, tasks, number, one) for number, one in open_}

    def _task_result(self, job: Job, tasks: Sequence[str], number: int, one: Prepared) -> Result:
        if number >= len(tasks):
            return unknown(self._connection, one.write, "a batch shows no result")
        try:
            result = self._jobs.result(job, tasks[number])
        except ConnectorError:
            result = None
        if result is None or result.status_code == MISSING:
            return self._without_result(job, tasks[number], one, result)
        return outcome(self._connection, one.write, result)

    def _without_result(self, job: Job, task: str, one: Prepared, missing: Response | None) -> Result:
        """What a task says itself whose result cannot be read, as that of a failure of NetSuite's own, or is missing
        (`missing`), which may also be what became of the write: that its record is not there."""
        try:
            progress = self._jobs.progress(job, task)
        except ConnectorError:
            progress = None
        if progress == "pending" or (progress == "failed" and missing is None):
            return not_saved(self._connection, one.write)
        if missing is not None and progress == "failed":
            return outcome(self._connection, one.write, missing)
        return unknown(self._connection, one.write, "the result of a batch could not be read")

    def _replay(self, done: Carried, results: dict[str, Result], started: datetime, depth: int = 0) -> None:
        """Send the failed records of a batch that was taken before once more, under a key of their own."""
        again = [one for one in done.batch if _refused(results[one.write.id])]
        if not done.job.replayed or not again or depth >= REPLAYS:
            return
        outcomes, carried = self._carry_as(again, _key_after(done.job, again))
        results |= outcomes
        for next_ in carried:
            results |= self._settled(next_, self._looked_at(again), started)
            self._replay(next_, results, started, depth + 1)


def idempotency_key(batch: Sequence[Prepared]) -> str:
    """The same for the same intents with the same values, whatever process sends them."""
    content = exactjson.dumps([[one.write.id, one.method, one.path, one.body] for one in batch])
    return str(uuid.uuid5(_NAMESPACE, content))


def _key_after(job: Job, again: Sequence[Prepared]) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{idempotency_key(again)} {job.id}"))


def _waves(batches: Iterable[list[Prepared]]) -> Iterator[list[list[Prepared]]]:
    """Batches in their order, in groups of which none leans on, or writes, a record of another."""
    wave: list[list[Prepared]] = []
    written: set[str] = set()
    for batch in batches:
        names = {name for one in batch for name in (one.write.key.lower(), one.write.native_id) if name}
        if written & names or any(written & referenced_keys(one.write) for one in batch):
            yield wave
            wave, written = [], set()
        wave.append(batch)
        written |= names
    if wave:
        yield wave


def _without(wave: Sequence[Sequence[Prepared]], waiting: Sequence[Prepared]) -> list[Sequence[Prepared]]:
    """The batches of a wave less those of their writes that wait."""
    ids = {one.write.id for one in waiting}
    left = [[one for one in batch if one.write.id not in ids] for batch in wave]
    return [batch for batch in left if batch]


def _batches(prepared: Sequence[Prepared]) -> Iterator[list[Prepared]]:
    for _, group in groupby(prepared, key=lambda one: (one.method, one.record_type, "item" in one.replace)):
        alike = list(group)
        for start in range(0, len(alike), BATCH):
            yield alike[start : start + BATCH]


def _item(one: Prepared) -> dict[str, object]:
    return dict(one.body) if one.method == "PUT" else {"id": one.write.native_id, **one.body}


def _all_failed(batch: Sequence[Prepared], failure: ConnectorError) -> dict[str, Result]:
    """One error object per record: each names its own."""
    return {one.write.id: Result(one.write.id, one.write.native_id, about(copy(failure), one.write)) for one in batch}


def _refused(result: Result) -> bool:
    return result.error is not None and not isinstance(result.error, Unknown)
