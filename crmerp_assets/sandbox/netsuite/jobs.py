"""Asynchronous calls: a job of one or many tasks, worked off one after the other a moment after it was accepted."""

import json
import threading
from collections.abc import Sequence
from typing import Any

from crmerp_assets.sandbox.netsuite.engine import Account, Records
from crmerp_assets.sandbox.netsuite.errors import NetSuiteError
from crmerp_assets.sandbox.netsuite.operations import Answer, Operation, perform, refused

JOBS = "/services/rest/async/v1/job"
# What a task holds: an operation to run, or the refusal that its item earned before it could become one.
Work = Operation | NetSuiteError


class Jobs:
    """Keeps jobs in the database, so that those accepted before a restart are still done after it."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._free = threading.Event()
        self._free.set()
        self._worker: threading.Thread | None = None

    @property
    def account(self) -> Account:
        return self.records.account

    def start(self) -> None:
        if self._worker is None:
            self._stop.clear()
            self._wake.set()
            self._worker = threading.Thread(target=self._work, name="netsuite-jobs", daemon=True)
            self._worker.start()

    def hold(self, held: bool) -> None:
        """Accept jobs without working them off, as on an account whose queue is full; or go on."""
        if held:
            self._free.clear()
        else:
            self._free.set()

    def stop(self) -> None:
        self._stop.set()
        self._free.set()
        self._wake.set()
        if self._worker is not None:
            self._worker.join()
            self._worker = None

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
        self._wake.set()
        return job

    def _work(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            self._wake.clear()
            while (job := self._next()) is not None and not self._stop.wait(self.account.options.job_delay_seconds):
                self._free.wait()
                self._run(job)

    def _next(self) -> int | None:
        with self.account.reading():
            row = self.account.row("SELECT MIN(id) AS id FROM job WHERE completed = 0")
            return row["id"] if row else None

    def _run(self, job: int) -> None:
        with self.account.reading():
            user = self.account.rows("SELECT user FROM job WHERE id = ?", job)[0]["user"]
            tasks = self.account.rows("SELECT number, request FROM task WHERE job = ? AND status IS NULL", job)
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
            progress = "failed" if "failed" in states else "succeeded"
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
