"""Bulk jobs as records of their own: what was asked, what was uploaded, what came of it."""

import json
from typing import Any

from crmerp_assets.sandbox.kit.store import Store
from crmerp_assets.sandbox.salesforce.engine import Organisation
from crmerp_assets.sandbox.salesforce.errors import not_found

Job = dict[str, Any]
PREFIX = "750"


class Jobs:
    """`kind` is ingest or query. A job moves one state further each time it is asked about."""

    def __init__(self, organisation: Organisation) -> None:
        self._organisation = organisation
        self._store: Store = organisation.store
        self._store.write(
            "CREATE TABLE IF NOT EXISTS _job (id TEXT PRIMARY KEY, kind TEXT, user TEXT, job TEXT, data TEXT, "
            "results TEXT)"
        )

    def add(self, kind: str, user: str, job: Job) -> Job:
        with self._store.writing() as db:
            (id_,) = self._organisation.new_ids(PREFIX, 1)
            now = self._organisation.now()
            made = {"id": id_, **job, "createdDate": now, "systemModstamp": now}
            db.execute("INSERT INTO _job VALUES (?, ?, ?, ?, NULL, NULL)", (id_, kind, user, json.dumps(made)))
        return made

    def get(self, kind: str, id_: str) -> Job:
        found = self._store.row("SELECT job FROM _job WHERE kind = ? AND id = ?", (kind, id_))
        if found is None:
            raise not_found()
        job: Job = json.loads(found[0])
        return job

    def all(self, kind: str) -> list[Job]:
        return [json.loads(job) for (job,) in self._store.rows("SELECT job FROM _job WHERE kind = ?", (kind,))]

    def put(self, job: Job, **changes: Any) -> Job:
        """Change a job and stamp it."""
        changed = {**job, **changes, "systemModstamp": self._organisation.now()}
        self._store.write("UPDATE _job SET job = ? WHERE id = ?", (json.dumps(changed), job["id"]))
        return changed

    def upload(self, job: Job, data: str) -> bool:
        """Take the data of a job, once."""
        return self._store.write("UPDATE _job SET data = ? WHERE id = ? AND data IS NULL", (data, job["id"])) == 1

    def data(self, job: Job) -> str:
        found = self._store.row("SELECT data FROM _job WHERE id = ?", (job["id"],))
        return str(found[0] or "") if found else ""

    def finish(self, job: Job, results: Any) -> None:
        self._store.write("UPDATE _job SET results = ? WHERE id = ?", (json.dumps(results), job["id"]))

    def results(self, job: Job) -> Any:
        found = self._store.row("SELECT results FROM _job WHERE id = ?", (job["id"],))
        return json.loads(found[0]) if found and found[0] else None

    def remove(self, job: Job) -> None:
        self._store.write("DELETE FROM _job WHERE id = ?", (job["id"],))
