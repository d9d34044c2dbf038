"""The folder or the prefix of an object store that both systems can reach.

What is read is complete: names that programs use while they still write are never looked at. What is written appears
at once, under its final name: by a rename in a folder, as object stores do it anyway.
"""

from __future__ import annotations

import inspect
import os
import stat
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsspec
from fsspec.asyn import AsyncFileSystem
from fsspec.implementations.local import LocalFileSystem
from fsspec.spec import AbstractFileSystem

UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".writing", ".crdownload", "~")


@dataclass(frozen=True, slots=True)
class File:
    """A complete file. `mark` changes with its content; `at` is when it appeared, on the store's own clock."""

    path: str
    mark: str
    at: datetime

    @property
    def name(self) -> str:
        """Its name without the folder."""
        return self.path.rpartition("/")[2]


class Store:
    """Paths are relative to the root. Raises OSError of the file system as it is."""

    def __init__(self, url: str, options: Mapping[str, Any]) -> None:
        self._fs, self._root = fsspec.core.url_to_fs(url, **options)
        self._local = isinstance(self._fs, LocalFileSystem)
        self.claims = self._local or _creates(type(self._fs))
        """Whether `create` is sure that no other process makes the same file."""

    def files(self, folder: str) -> list[File]:
        """The complete files of one folder, without those below it; none where it does not exist."""
        self._fs.invalidate_cache()
        try:
            found = self._fs.ls(self._path(folder), detail=True)
        except FileNotFoundError:
            return []
        files = [info for info in found if info["type"] == "file"]
        return [self._file(folder, info) for info in files if not _unfinished(str(info["name"]).rpartition("/")[2])]

    def exists(self, path: str) -> bool:
        self._fs.invalidate_cache()
        return bool(self._fs.exists(self._path(path)))

    def read(self, path: str) -> bytes:
        """The content; FileNotFoundError where it is gone."""
        return bytes(self._fs.cat_file(self._path(path)))

    def copy_to(self, path: str, target: Path) -> None:
        """Copy a file to this machine; FileNotFoundError where it is gone."""
        if self._local and not self.exists(path):
            raise FileNotFoundError(path)
        self._fs.get_file(self._path(path), str(target))

    def put(self, path: str, content: bytes) -> None:
        """Write under a temporary name of this process and thread, then rename; an object store does so by itself."""
        if not self._local:
            self._fs.pipe_file(self._path(path), content)
            return
        folder, _, name = path.rpartition("/")
        temporary = self._path(f"{folder}/.{name}.{os.getpid()}-{threading.get_ident()}.tmp")
        self._fs.makedirs(self._path(folder), exist_ok=True)
        with self._fs.open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(self._path(path))

    def create(self, path: str, content: bytes) -> bool:
        """Write a file unless one of that name is there; False where it is, whoever made it a moment ago."""
        self._fs.makedirs(self._path(path.rpartition("/")[0]), exist_ok=True)
        try:
            if self._local:
                with self._fs.open(self._path(path), "xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            else:
                self._fs.pipe_file(self._path(path), content, mode="create")
        except FileExistsError:
            return False
        return True

    def may(self, folder: str, verb: str) -> bool | None:
        """Whether this process may `read` or `write` in a folder, or make it; None where the store does not say."""
        if not self._local:
            return None
        path = Path(self._path(folder))
        there = next((one for one in (path, *path.parents) if one.exists()), path)
        mode = os.X_OK | (os.R_OK if verb == "read" else os.W_OK)
        return os.access(there, mode, effective_ids=os.access in os.supports_effective_ids)

    def open_to_all(self, folder: str) -> bool:
        """Whether every user of this machine may write in a folder."""
        path = Path(self._path(folder))
        return self._local and path.exists() and bool(path.stat().st_mode & stat.S_IWOTH)

    def remove(self, path: str) -> None:
        """Delete a file; nothing where it is gone already."""
        if self.exists(path):
            self._fs.rm_file(self._path(path))

    def _path(self, path: str) -> str:
        return f"{self._root}/{path}" if path else str(self._root)

    def _file(self, folder: str, info: Mapping[str, Any]) -> File:
        name = str(info["name"]).rpartition("/")[2]
        at = _appeared(info) or self._fs.modified(info["name"])
        tag = info.get("ETag") or info.get("etag") or at.isoformat()
        return File(f"{folder}/{name}" if folder else name, f"{info.get('size')}:{tag}", at)


def _creates(kind: type[AbstractFileSystem]) -> bool:
    """fsspec's own `pipe_file` looks whether the file is there and then writes: two processes may both do so."""
    base: type = AsyncFileSystem if issubclass(kind, AsyncFileSystem) else AbstractFileSystem
    name = "_pipe_file" if base is AsyncFileSystem else "pipe_file"
    own = getattr(kind, name)
    return own is not getattr(base, name) and "mode" in inspect.signature(own).parameters


def _unfinished(name: str) -> bool:
    return name.startswith(".") or name.endswith(UNFINISHED)


def _appeared(info: Mapping[str, Any]) -> datetime | None:
    for key in ("mtime", "LastModified", "created"):
        found = info.get(key)
        if isinstance(found, int | float) and key == "mtime":
            return datetime.fromtimestamp(found, UTC)
        if isinstance(found, datetime):
            return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None
