"""Asynchronous jobs: up to 100 writes in one request, carried out by NetSuite in their order.

The idempotency key makes a repeated submission harmless: NetSuite answers 400 with the first job's address, which
is followed as if the job had just been made. So a submission that gets no answer is sent again, unlike a write of
its own. No call returns all results of a job, only one task at a time.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crmerp_assets.connectors import exactjson
from crmerp_assets.connectors.errors import Throttled, Transient, Unknown
from crmerp_assets.connectors.http import HttpClient, Response
from crmerp_assets.connectors.netsuite.answers import IDEMPOTENCY_CODE, first_detail, read_json
from crmerp_assets.connectors.netsuite.fields import SYSTEM
from crmerp_assets.connectors.netsuite.sending import RECORD_ERRORS

COLLECTION = {
    "Content-Type": "application/vnd.oracle.resource+json; type=collection",
    "Prefer": "respond-async",
    "X-NetSuite-PropertyNameValidation": "error",
}
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 15.0
SOONER = 0.94
"""A job that was complete at the first look may have been so for a while."""
LATER = 0.15
"""How much longer the second look waits, as a part of the time before; the third twice as much, and so on."""
MUCH_LATER = 0.5
"""The most of that, and what it is where nothing is known."""
LONGEST_FIRST_PAUSE = 30.0
_BACK = ""
"""In the place of the job that is the first of its kind, once it is over."""
_JOB = re.compile(r"/services/rest/async/v1/job/(\w+)")


@dataclass(frozen=True, slots=True)
class Job:
    """A submitted job of `size` records of one `kind`; `replayed` where NetSuite had taken the same batch before."""

    id: str
    replayed: bool
    kind: str
    size: int


class Jobs:
    """Submits batches and waits for them. `patience` is how many seconds one job may take in all."""

    def __init__(
        self, http: HttpClient, connection: str, sleep: Callable[[float], None] = time.sleep, patience: float = 900
    ) -> None:
        self._http = http
        self._connection = connection
        self._sleep = sleep
        self._patience = patience
        self._seconds_a_record: dict[str, float] = {}
        self._scouts: dict[str, str] = {}

    def submit(
        self, method: str, record_type: str, items: Sequence[Mapping[str, Any]], key: str, replace: Sequence[str]
    ) -> Job | Response:
        """The job, or the answer that refused the batch as a whole; Unknown where no attempt got an answer."""
        try:
            response = self._http.request(
                method,
                f"/services/rest/record/v1/{record_type}",
                params={"replace": ",".join(replace)} if replace else None,
                content=exactjson.dumps({"items": list(items)}),
                headers={**COLLECTION, "X-NetSuite-Idempotency-Key": key},
                idempotent=True,
                accept=RECORD_ERRORS,
            )
        except Transient as failure:
            raise self._lost("gave no answer to a batch that it may have taken") from failure
        replayed = response.status_code == 400 and first_detail(response).code == IDEMPOTENCY_CODE
        if response.status_code >= 400 and not replayed:
            return response
        found = _JOB.search(response.headers.get("Location", ""))
        if found is None:
            raise self._lost("took a batch without naming its job")
        return Job(found[1], replayed, f"{method} {record_type}", len(items))

    def wait(self, job: Job) -> bool:
        """Whether all tasks succeeded, once the job is complete; Unknown when patience ends.

        The first look is about when the job should be complete by what the last such job took, and the next ones follow
        soon, so that a run of jobs costs little more than one look each, and NetSuite has the next job soon after the
        last. A job of which nothing is known costs a few more; others of its kind wait for what it finds.
        """
        scouting = not job.replayed and self._scouts.setdefault(job.kind, job.id) == job.id
        try:
            return self._watch(job, 0.0 if job.replayed or scouting else self._after_the_scout(job))
        finally:
            if scouting:
                self._scouts[job.kind] = _BACK

    def _watch(self, job: Job, waited: float) -> bool:
        expected = 0.0 if job.replayed else self._expected(job)
        looks, pause = 0, max(FIRST_PAUSE, expected - waited)
        while waited < self._patience:
            self._sleep(pause)
            waited, looks = waited + pause, looks + 1
            answer = self._get(f"/services/rest/async/v1/job/{job.id}")
            if answer.get("completed") is True:
                self._seconds_a_record[job.kind] = (waited if looks > 1 else waited * SOONER) / job.size
                return answer.get("progress") == "succeeded"
            later = waited * min(looks * LATER, MUCH_LATER) if expected else waited * MUCH_LATER
            pause = min(LONGEST_PAUSE, max(FIRST_PAUSE, later))
        raise self._lost("has not finished a job in time")

    def _after_the_scout(self, job: Job) -> float:
        """Wait until something is known of this kind of job, without a call; how long that was, in seconds."""
        waited = 0.0
        while self._scouts[job.kind] != _BACK and waited < self._patience:
            pause = max(FIRST_PAUSE, waited / 10)
            self._sleep(pause)
            waited += pause
        return waited

    def _expected(self, job: Job) -> float:
        """Seconds that a job should take; 0 where there was none of its kind yet."""
        return min(self._seconds_a_record.get(job.kind, 0.0) * job.size, LONGEST_FIRST_PAUSE)

    def over(self, job_id: str) -> bool:
        """Whether a job has ended; so has one that NetSuite does not know any more. Not so where it does not say."""
        try:
            answer = self._http.request("GET", f"/services/rest/async/v1/job/{job_id}", accept=(404,))
            return answer.status_code == 404 or read_json(answer).get("completed") is True
        except (Transient, Throttled):
            return False

    def tasks(self, job: Job) -> list[str]:
        """The task ids of a job in the order of its items."""
        answer = self._get(f"/services/rest/async/v1/job/{job.id}/task")
        links = [item["links"][0]["href"] for item in answer.get("items", [])]
        return sorted((link.rstrip("/").rpartition("/")[2] for link in links), key=_number)

    def result(self, job: Job, task: str) -> Response:
        """The answer that one write would have got on its own."""
        path = f"/services/rest/async/v1/job/{job.id}/task/{task}/result"
        return self._http.request("GET", path, accept=RECORD_ERRORS)

    def progress(self, job: Job, task: str) -> str | None:
        """How far a task came: pending, processing, succeeded or failed."""
        found: str | None = self._get(f"/services/rest/async/v1/job/{job.id}/task/{task}").get("progress")
        return found

    def _get(self, path: str) -> dict[str, Any]:
        return read_json(self._http.request("GET", path))

    def _lost(self, what: str) -> Unknown:
        return Unknown(f"{self._connection} {what}; settle the writes by their keys.", system=SYSTEM)


def _number(task: str) -> int:
    return int(task) if task.isdigit() else 0
