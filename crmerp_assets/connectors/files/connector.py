"""The files connector: one connection's parts, put together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from crmerp_assets.connectors.errors import AuthFailed, ConfigError, Transient
from crmerp_assets.connectors.files.acknowledgements import Acknowledgements
from crmerp_assets.connectors.files.checking import checked, manual
from crmerp_assets.connectors.files.extracts import Extracts
from crmerp_assets.connectors.files.journal import Journal
from crmerp_assets.connectors.files.layout import SYSTEM, Folders, ObjectLayout
from crmerp_assets.connectors.files.pushing import Pusher
from crmerp_assets.connectors.files.reading import Reader
from crmerp_assets.connectors.files.rights import looked_at
from crmerp_assets.connectors.files.store import Store
from crmerp_assets.connectors.protocol import (
    Accepted,
    Deletion,
    FieldInfo,
    FieldSpec,
    Finding,
    Limits,
    Needs,
    Page,
    ProvisionStep,
    Result,
    Right,
    Row,
    Write,
    unheard,
)


class FilesConnector:
    """A system behind a folder or a prefix of an object store: extracts in, import files and acknowledgements out.

    `url` is a path or any URL of fsspec (`s3://bucket/erp`); `options` go to its file system. A folder has no
    allowance of calls, so none is counted.
    """

    def __init__(
        self,
        name: str,
        url: str,
        objects: Mapping[str, ObjectLayout],
        *,
        clock: Callable[[], datetime],
        folders: Folders = Folders(),
        options: Mapping[str, Any] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        overlap_seconds: int = 600,
        patience: float = 30.0,
        system: str = SYSTEM,
    ) -> None:
        self.name = name
        self.system = system
        self._objects = objects
        self._url = url
        self._store = Store(url, options or {})
        self._folders = folders
        self._extracts = Extracts(self._store, name, objects.values(), sleep)
        self._pusher = Pusher(
            name,
            Journal(self._store, folders, clock),
            Acknowledgements(self._store, folders, objects),
            sleep,
            patience,
        )
        margin = timedelta(seconds=overlap_seconds)
        self._reader = Reader(self._extracts, self._layout, self._pusher.applied, margin)

    def check(self, needs: Mapping[str, Needs]) -> list[Finding]:
        return checked(self._store, self._folders, self._extracts, self._objects, needs)

    def rights(self, needs: Mapping[str, Needs]) -> list[Right]:
        with self._plainly():
            return looked_at(self._store, self._url, self._folders, self._objects, needs)

    def describe(self, object: str) -> dict[str, FieldInfo]:
        """The columns of the newest extract; empty before the first."""
        with self._plainly():
            names = self._extracts.header(self._layout(object))
        return {name: FieldInfo(name, name, "text", writeable=True) for name in names}

    def pull(self, object: str, fields: Sequence[str], since: str | None) -> Iterator[Page]:
        with self._plainly():
            yield from self._reader.pull(object, fields, since)

    def deletions(self, object: str, since: str | None) -> tuple[list[Deletion], str]:
        with self._plainly():
            return self._reader.deletions(object, since)

    def ids(self, object: str) -> list[str]:
        with self._plainly():
            return self._reader.ids(object)

    def fetch(self, object: str, fields: Sequence[str], ids: Sequence[str]) -> list[Row]:
        with self._plainly():
            return self._reader.fetch(object, fields, ids)

    def find_by_key(
        self, object: str, key_field: str, keys: Sequence[str], fields: Sequence[str] = ()
    ) -> dict[str, Row]:
        with self._plainly():
            return self._reader.find_by_key(object, key_field, keys, fields)

    def push(self, object: str, writes: Sequence[Write], accepted: Accepted = unheard) -> list[Result]:
        layout = self._layout(object)
        with self._plainly():
            return self._pusher.push(object, layout, writes, accepted)

    def unfinished(self, jobs: Sequence[str]) -> set[str]:
        with self._plainly():
            return self._pusher.unfinished(jobs)

    def provision(self, specs: Sequence[FieldSpec], dry_run: bool) -> list[ProvisionStep]:
        """Whoever makes the extracts adds columns, so a dry run and a real one give the same steps."""
        with self._plainly():
            return [self._step(spec) for spec in specs]

    def limits(self) -> Limits:
        return Limits()

    def push_calls(self, object: str, creates: int, updates: int) -> int:
        return 0

    def fetch_calls(self, object: str, fields: Sequence[str], count: int) -> int:
        return 0

    def calls(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing is held between calls."""

    def _step(self, spec: FieldSpec) -> ProvisionStep:
        done = spec.name in self._extracts.header(self._layout(spec.object))
        return ProvisionStep(spec, done=done, manual=None if done else manual(spec))

    def _layout(self, object: str) -> ObjectLayout:
        if object not in self._objects:
            known = ", ".join(sorted(self._objects)) or "none"
            message = f"{self.name} has no layout for {object}; it has {known}. Add it to objects, or correct the map."
            raise ConfigError(message, system=SYSTEM)
        return self._objects[object]

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        """Errors of the file system, named by what to do next."""
        try:
            yield
        except PermissionError as failure:
            message = f"{self.name} may not be read or written there; give the integration's user the right to."
            raise AuthFailed(message, system=SYSTEM) from failure
        except OSError as failure:
            message = f"{self.name} cannot be reached ({type(failure).__name__}); it is tried again later."
            raise Transient(message, system=SYSTEM) from failure
