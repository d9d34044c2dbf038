"""The ERP as a process: a worker on the folder, and the back door of every sandbox over HTTP.

Its only interface is the folder; the calls over HTTP are what people do on its screens. Faults strike where the folder
is worked on, by labels `IMPORT 00000001.customer.csv` and `EXTRACT customer_00000003.csv`:

| kind         | what it does here                                                                 |
|--------------|-----------------------------------------------------------------------------------|
| cut_before   | the import file is lost: taken away, not applied, not acknowledged                 |
| cut_after    | the import file is applied and never acknowledged                                  |
| slow         | the import file is applied after a while                                           |
| server_error | the import file stays where it is for this time                                    |
| short_page   | the newest extract lacks its last rows for a moment, as while it is still copied    |
| repeat_page  | a new extract repeats rows                                                         |
| html         | the import file is applied, and what comes as its acknowledgement is a page         |
| truncated    | the import file is applied, and its acknowledgement breaks off                      |
| wrong_type   | the import file is applied, and its acknowledgement is XML                          |

A folder cannot throttle, knows no token and sends nobody elsewhere, so those three never strike.
"""

import dataclasses
import threading
import time
from pathlib import Path
from typing import Any, ClassVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from crmerp_assets.sandbox.files.books import Books, Missing, Row
from crmerp_assets.sandbox.files.catalog import KINDS, Kind
from crmerp_assets.sandbox.files.folder import Folder, object_of, rows_of
from crmerp_assets.sandbox.files.rules import Refused, Rule
from crmerp_assets.sandbox.kit import Sandbox
from crmerp_assets.sandbox.kit.faults import Fault, Faults
from crmerp_assets.sandbox.kit.server import INTEGRATION
from crmerp_assets.sandbox.kit.store import Store

PAUSE = 0.02
CUT_SHORT = 0.3
PERSON = "person"


class FilesSandbox(Sandbox):
    """A server that behaves like an ERP with a batch interface. The folder is `directory/exchange`."""

    system: ClassVar[str] = "files"

    def __init__(self, directory: Path, port: int = 0, *, extract_on_request: bool = False) -> None:
        super().__init__(directory, port)
        self.faults = _FolderFaults(self)
        self.folder = Folder(directory / "exchange", self.clock)
        self.credentials["FILES_ROOT"] = str(self.folder.root.resolve())
        self._on_request = extract_on_request
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._worker: threading.Thread | None = None
        self._store: Store | None = None
        self._open()

    def start(self) -> None:
        """Work on the folder and serve, each in a thread."""
        self._begin()
        super().start()

    def stop(self) -> None:
        """Stop both; a file that is being worked on is finished."""
        super().stop()
        self._end()

    def serve_forever(self) -> None:
        """Serve in the foreground until a signal ends it."""
        self._begin()
        try:
            super().serve_forever()
        finally:
            self._end()

    def routes(self) -> list[BaseRoute]:
        """What people do, and what only this system's administrator can."""
        return [
            Route("/screens/{object}/{id}", self._screen, methods=["PATCH", "DELETE"]),
            Route("/screens/merge/{object}/{winner}/{loser}", self._merge, methods=["POST"]),
            Route("/_sandbox/extract", self._extract_now, methods=["POST"]),
        ]

    def seed(self, object: str, records: list[dict[str, Any]]) -> list[str]:
        """Insert records in bulk."""
        with self._lock:
            ids = self.books.seed(object, records)
            self._changed(object)
        return ids

    def late(self, object: str, id: str, seconds_ago: float) -> None:
        """Set a record's modification stamp back."""
        with self._lock:
            self.books.edit(object, id, {"changed_at": self.books.now(seconds_ago)}, "late")
            self._changed(object)

    def count(self, object: str) -> int:
        """How many records there are."""
        return self.books.count(object)

    def field_rule(
        self, object: str, field: str, required: bool = False, values: list[str] | None = None, removed: bool = False
    ) -> None:
        """Demand a value, or one of a list, of a column; or leave it out of extracts and refuse it in imports."""
        with self._lock:
            self.books.rules.put(object, field, Rule(required, tuple(values or ()), removed))
            self._changed(object)

    def person_token(self, user: str) -> str:
        """Nobody needs one here."""
        return f"{user}-on-the-screen"

    def user_of(self, authorization: str) -> str:
        """Only people call."""
        return PERSON

    def extract(self, object: str | None = None) -> None:
        """Write extracts now, of one object or of all."""
        with self._lock:
            for kind in KINDS.values() if object is None else (KINDS[object],):
                self._extract(kind, self.books.all(kind.name))

    def cut_short(self, fault: Fault) -> None:
        """Take the last rows from the newest extract that the fault means, for a moment."""
        for _, path in self._meant(fault):
            whole = path.read_text(encoding="utf-8")
            lines = whole.splitlines(keepends=True)
            self.folder.write(path, "".join(lines[: max(1, len(lines) - 5)]))
            timer = threading.Timer(CUT_SHORT, self.folder.write, (path, whole))
            timer.daemon = True
            timer.start()

    def repeat(self, fault: Fault) -> None:
        """Write a new extract in which rows stand twice."""
        for kind, _ in self._meant(fault):
            records = self.books.all(kind.name)
            again = [*records, *records[: len(records) // 2]]
            self._extract(kind, again)

    def _extract(self, kind: Kind, records: list[dict[str, Any]]) -> None:
        gone = self.books.rules.removed(kind.name)
        there = dataclasses.replace(kind, columns=tuple(name for name in kind.columns if name not in gone))
        self.folder.extract(there, self.books.next(f"extract {kind.name}"), records)

    def _meant(self, fault: Fault) -> list[tuple[Kind, Path]]:
        found = [(kind, self.folder.newest(kind)) for kind in KINDS.values()]
        fault.times, fault.hits = 0, fault.hits + 1
        return [(kind, path) for kind, path in found if path and fault.pattern.search(f"EXTRACT {path.name}")]

    def _open(self) -> None:
        self._store = Store(self.directory / "files.sqlite")
        self.books = Books(self._store, self.clock)

    def _begin(self) -> None:
        if self._store is None:
            self._open()
        if not self._on_request:
            self.extract()
        self._stopping.clear()
        self._worker = threading.Thread(target=self._work, name="sandbox-files-worker", daemon=True)
        self._worker.start()

    def _end(self) -> None:
        self._stopping.set()
        if self._worker is not None:
            self._worker.join(timeout=10)
            self._worker = None
        if self._store is not None:
            self._store.close()
            self._store = None

    def _work(self) -> None:
        while not self._stopping.wait(PAUSE):
            for file in self.folder.waiting():
                self._take(file)

    def _take(self, file: Path) -> None:
        fault = self.faults.strike(f"IMPORT {file.name}", INTEGRATION)
        kind = fault.kind if fault else ""
        if kind == "server_error":
            return
        if kind == "slow" and fault is not None:
            time.sleep(fault.seconds)
        if kind != "cut_before":
            with self._lock:
                object = object_of(file)
                said = [self._applied(object, row) for row in rows_of(file)]
                self._changed(object)
                if kind != "cut_after":
                    self.folder.acknowledge(file, said, kind)
        self.folder.archive(file)

    def _applied(self, object: str, row: Row) -> dict[str, Any]:
        """The row of the acknowledgement."""
        try:
            id_, body = self.books.apply(object, row)
        except Refused as no:
            told = {"_reason": no.reason, "_code": no.code, "_field": no.field}
            return {"_write_id": row.write_id, "_status": "rejected", **told}
        except Missing:
            return {"_write_id": row.write_id, "_status": "gone", "_id": row.id}
        given = {name: body[name] for name in ("state", "total") if body.get(name) is not None}
        done = {"_write_id": row.write_id, "_status": "applied", "_id": id_, "_modified": body.get("changed_at")}
        return done | given

    def _changed(self, object: str) -> None:
        if not self._on_request:
            self.extract(object)

    async def _screen(self, request: Request) -> Response:
        values = await request.json() if request.method == "PATCH" else None
        try:
            await run_in_threadpool(self._edited, request.path_params["object"], request.path_params["id"], values)
        except Missing:
            return JSONResponse({"error": "there is no such record"}, 404)
        return Response(status_code=204)

    def _edited(self, object: str, id_: str, values: dict[str, Any] | None) -> None:
        with self._lock:
            if values is None:
                self.books.delete(object, id_)
            else:
                self.books.edit(object, id_, values, PERSON)
            self._changed(object)

    async def _merge(self, request: Request) -> Response:
        """The loser goes; no extract says to whom."""
        given = request.path_params
        await run_in_threadpool(self._edited, given["object"], given["loser"], None)
        return Response(status_code=204)

    async def _extract_now(self, request: Request) -> Response:
        await run_in_threadpool(self.extract)
        return Response(status_code=204)


class _FolderFaults(Faults):
    """The two faults of extracts are carried out at once: nobody calls for an extract."""

    def __init__(self, sandbox: FilesSandbox) -> None:
        super().__init__()
        self._sandbox = sandbox

    def add(self, **rule: Any) -> Fault:
        fault = super().add(**rule)
        if fault.kind == "short_page":
            self._sandbox.cut_short(fault)
        elif fault.kind == "repeat_page":
            self._sandbox.repeat(fault)
        return fault
