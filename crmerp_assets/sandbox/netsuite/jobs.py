"""Asynchronous calls: a job of one or many tasks, worked off one after the other a moment after it was accepted.

As many jobs as the account has processors are in work at the same time; the others wait in their order.

A job may end without having come to all of its tasks. The vendor says nothing of that; here the job is complete and
failed then, and a task that it did not come to stays pending and has no result.
"""

import json
import threading
from collections.abc import Sequence
from typing import Any

from crmerp_assets.sandbox.netsuite.engine import Account, Records
from crmerp_assets.sandbox.netsuite.errors import NetSuiteError
from crmerp_assets.sandbox.netsuite.gauge import Gauge, Time
from crmerp_assets.sandbox.netsuite.operations import Answer, Operation, perform, refused

JOBS = "/services/rest/async/v1/job"
# What a task holds: an operation to run, or the refusal that its item earned before it could become one, or nothing
# where the job ends before it.
Work = Operation | NetSuiteError | None


class Jobs:
    """Keeps jobs in the database, so that those accepted before a restart are still done after it."""

    def __init__(self, records: Records, time: Time | None = None) -> None:
        self.records = records
        self.gauge = Gauge(records.account.options.job_processors, *([time.now] if time else []))
        self._time = time
        self._wake = threading.Condition()
        self._stop = threading.Event()
        self._free = threading.Event()
        self._free.set()
        self._taken: set[int] = set()
        self._workers: list[threading.Thread] = []

    @property
    def account(self) -> Account:
        return self.records.account

    def start(self) -> None:
        if not self._workers:
            self._stop.clear()
            self._workers = [
                threading.Thread(target=self._work, name=f"netsuite-jobs-{number}", daemon=True)
                for number in range(self.gauge.most)
            ]
            for worker in self._workers:
                worker.start()

    def hold(self, held: bool) -> None:
        """Accept jobs without working them off, as on an account whose queue is full; or go on."""
        if held:
            self._free.clear()
        else:
            self._free.set()

    def stop(self) -> None:
        self._stop.set()
        self._free.set()
        self._rouse()
        for worker in self._workers:
            worker.join()
        self._workers = []
        self._taken.clear()

    def _rouse(self) -> None:
        with self._wake:
            self._wake.notify_all()

    def submit(self, work: Sequence[Work], key: str | None, user: int) -> int:
        """Accept a job. Raises IDEMPOTENCY_ERROR with the first job's Location when the key was used before."""
        with self.account.writing(user) as db:
            first = self.account.row("SELECT id FROM job WHERE idempotencykey = ?", key) if key else None
            if first is not None:
                raise _duplicate(first["id"])
            job = self.account.next_number("job", 100001)
            db.execute("INSERT INTO job (id, idempotencykey, user, completed) VALUES (?, ?, ?, 0)", (job, key, user))
            tasks = [(job, number, *_stored(item)) for number, item in enumerate(work, 1)]
            db.executemany(
                "INSERT INTO task (job, number, request, progress, status, body) VALUES (?, ?, ?, ?, ?, ?)", tasks
            )
        self.start()
        self._rouse()
        return job

    def _work(self) -> None:
        while (job := self._next()) is not None:
            with self.gauge.take():
                if self._delayed(self.account.options.job_delay_seconds):
                    return
                self._free.wait()
                self._run(job)
            self._taken.discard(job)

    def _delayed(self, seconds: float) -> bool:
        """Let the delay pass; whether the account stopped meanwhile."""
        if self._time is None:
            return self._stop.wait(seconds)
        self._time.sleep(seconds)
        return self._stop.is_set()

    def _next(self) -> int | None:
        """The oldest job that nobody has taken, once there is one; None when the account stops."""
        with self._wake:
            while not self._stop.is_set():
                waiting = self._waiting()
                if waiting:
                    self._taken.add(waiting[0])
                    return waiting[0]
                self._wake.wait()
        return None

    def _waiting(self) -> list[int]:
        with self.account.reading():
            rows = self.account.rows("SELECT id FROM job WHERE completed = 0 ORDER BY id")
        return [row["id"] for row in rows if row["id"] not in self._taken]

    def _run(self, job: int) -> None:
        with self.account.reading():
            user = self.account.rows("SELECT user FROM job WHERE id = ?", job)[0]["user"]
            due = "SELECT number, request FROM task WHERE job = ? AND status IS NULL AND request IS NOT NULL"
            tasks = self.account.rows(due, job)
        for task in tasks:
            if self._stop.is_set():
                return
            started = self.account.now()
            operation = Operation.from_json(json.loads(task["request"]))
            answer = perform(self.records, operation, "", int(user))
            self._record(job, task["number"], started, answer)
        with self.account.writing() as db:
            db.execute("UPDATE job SET completed = 1 WHERE id = ?", (job,))

    def _record(self, job: int, number: int, started: str, answer: Answer) -> None:
        progress = "succeeded" if answer.status < 400 else "failed"
        body = None if answer.body is None else json.dumps(answer.body)
        with self.account.writing() as db:
            db.execute(
                "UPDATE task SET progress = ?, started = ?, ended = ?, status = ?, location = ?, body = ?"
                " WHERE job = ? AND number = ?",
                (progress, started, self.account.now(), answer.status, answer.location, body, job, number),
            )

    def job(self, job: int) -> dict[str, Any] | None:
        """State of a job, or None when there is none of that number."""
        with self.account.reading():
            row = self.account.row("SELECT completed FROM job WHERE id = ?", job)
            if row is None:
                return None
            states = {task["progress"] for task in self.account.rows("SELECT progress FROM task WHERE job = ?", job)}
        if row["completed"]:
            progress = "succeeded" if states <= {"succeeded"} else "failed"
        else:
            progress = "pending" if states <= {"pending", "failed"} else "processing"
        return {"id": str(job), "completed": bool(row["completed"]), "progress": progress}

    def tasks(self, job: int) -> list[int]:
        with self.account.reading():
            return [row["number"] for row in self.account.rows("SELECT number FROM task WHERE job = ? ORDER BY 1", job)]

    def task(self, job: int, number: int) -> dict[str, Any] | None:
        with self.account.reading():
            row = self.account.row("SELECT * FROM task WHERE job = ? AND number = ?", job, number)
        return None if row is None else dict(row)

    def result(self, job: int, number: int) -> Answer | None:
        """What the synchronous call would have answered, or None while there is no answer."""
        task = self.task(job, number)
        if task is None or task["status"] is None:
            return None
        body = None if task["body"] is None else json.loads(task["body"])
        return Answer(task["status"], task["location"], body)


def _stored(item: Work) -> tuple[Any, ...]:
    if item is None:
        return None, "pending", None, None
    if isinstance(item, NetSuiteError):
        return None, "failed", item.status, json.dumps(refused(item).body)
    return json.dumps(item.as_json()), "pending", None, None


def _duplicate(job: int) -> NetSuiteError:
    detail = "A request with the same idempotency key was already accepted. Use the job in the Location header."
    return NetSuiteError(
        400,
        "IDEMPOTENCY_ERROR",
        detail,
        {"o:errorHeader": "X-NetSuite-Idempotency-Key"},
        title="Conflict",
        headers={"Location": f"{JOBS}/{job}"},
    )
