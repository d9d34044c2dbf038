"""What was sent, and what the system said to it.

Before an import file is put in place, its number is taken and its content noted under it: so a number is used once,
whatever process dies, and a write that was sent is known by its id when it comes again. The note is ours alone; the
import file is the system's to take away.

`00000042.customer.csv` -> `00000042.taken`, note `00000042.customer.jsonl`, then `00000042.customer.placed`
once the file stands there, then the acknowledgement `00000042.customer.csv` (or .jsonl) in its own folder, from the
system. When the file was first missed without an acknowledgement stands in `00000042.customer.missed`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crmerp_assets.connectors import exactjson
from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.files.layout import SYSTEM, Folders
from crmerp_assets.connectors.files.store import Store

_NUMBER = re.compile(r"(\d{8,})\.")
LOST_AFTER = timedelta(hours=24)
"""A file that was taken away and not acknowledged for so long counts as lost."""
KEPT = timedelta(days=90)
"""Longer than any extract is the newest one; until then an acknowledged write may have to stay on top of it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One write as it was sent; `stem` names its file. `values` are texts; those of `lists` JSON text of child rows."""

    stem: str
    suffix: str
    write_id: str
    operation: str
    native_id: str | None
    key_field: str
    key: str
    values: Mapping[str, str | None]
    at: datetime
    lists: frozenset[str] = frozenset()

    @property
    def file(self) -> str:
        """The import file's name."""
        return f"{self.stem}.{self.suffix}"


class Journal:
    """The notes of one connection. A note never changes once it is whole, so each is read once."""

    def __init__(self, store: Store, folders: Folders, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._folders = folders
        self._clock = clock
        self._known: dict[str, list[Sent]] = {}
        self._placed: set[str] = set()
        self._missed: dict[str, datetime] = {}

    def ready(self) -> None:
        """ConfigError where numbers cannot be taken safely."""
        if not self._store.claims:
            what = "This kind of store cannot make a file only where there is none, so numbers might be used twice"
            raise ConfigError(f"{what}; use a folder (a mounted one too), s3, gs or abfs.", system=SYSTEM)

    def sent(self, object: str | None = None) -> list[Sent]:
        """Every write that was sent, in the order of its numbers."""
        listed = {file.name for file in self._store.files(self._folders.notes)}
        self._placed = {name.removesuffix(".placed") for name in listed if name.endswith(".placed")}
        stems = sorted(name.removesuffix(".jsonl") for name in listed if name.endswith(".jsonl"))
        for name in listed:
            stem, _, kind = name.rpartition(".")
            if kind == "missed" and stem not in self._missed:
                self._missed[stem] = datetime.fromisoformat(self._store.read(self._note(name)).decode())
        for stem in stems:
            if stem not in self._known and (found := self._read(stem)) is not None:
                self._known[stem] = found
        wanted = [stem for stem in stems if object is None or stem.partition(".")[2] == object]
        return [one for stem in wanted for one in self._known.get(stem, [])]

    def note(self, object: str, suffix: str, writes: Sequence[Mapping[str, Any]]) -> list[Sent]:
        """Take the next number and note what is about to be sent under it."""
        at = self._clock()
        head = {"suffix": suffix, "at": at.isoformat(), "count": str(len(writes))}
        content = "".join(f"{exactjson.dumps(line)}\n" for line in (head, *writes)).encode()
        number = self._next()
        while not self._store.create(self._note(f"{number:08}.taken"), b""):
            number += 1
        stem = f"{number:08}.{object}"
        self._store.put(self._note(f"{stem}.jsonl"), content)
        self._known[stem] = [_sent(stem, head, write) for write in writes]
        return self._known[stem]

    def place(self, file: str, content: bytes) -> None:
        """Put the import file where the system finds it, and note that it stands there.

        Where only the noting fails, the file may be put there once more, under its number, which the system takes once.
        """
        self._store.put(f"{self._folders.imports}/{file}", content)
        stem = file.rpartition(".")[0]
        with suppress(OSError):
            self._store.put(self._note(f"{stem}.placed"), b"")
        self._placed.add(stem)

    def waiting(self) -> set[str]:
        """Import files that the system has not taken away."""
        return {file.name for file in self._store.files(self._folders.imports)}

    def never_placed(self, one: Sent, waiting: set[str]) -> bool:
        """Noted, but the process died before the file stood there."""
        return one.stem not in self._placed and one.file not in waiting

    def lost(self, one: Sent, waiting: set[str]) -> bool:
        """Missed for long and never acknowledged. It may have waited for days before it was taken away, so the time
        counts from when it was first missed."""
        if one.file in waiting:
            return False
        if one.stem not in self._missed:
            self._missed[one.stem] = self._clock()
            self._store.put(self._note(f"{one.stem}.missed"), self._missed[one.stem].isoformat().encode())
        return self._clock() - self._missed[one.stem] >= LOST_AFTER

    def forget(self, answered: Set[str]) -> None:
        """Delete old notes whose writes (by id) all have an answer, but never the newest: its number counts on."""
        old = [stem for stem, writes in sorted(self._known.items())[:-1] if self._clock() - writes[0].at >= KEPT]
        for stem in old:
            if all(one.write_id in answered for one in self._known[stem]):
                del self._known[stem]
                number = stem.partition(".")[0]
                for name in (f"{stem}.jsonl", f"{stem}.placed", f"{stem}.missed", f"{number}.taken"):
                    self._store.remove(self._note(name))

    def _next(self) -> int:
        """One more than any number in any of the folders: notes may have been lost."""
        folders = (self._folders.notes, self._folders.imports, self._folders.acknowledgements)
        names = [file.name for folder in folders for file in self._store.files(folder)]
        return 1 + max((int(found[1]) for name in names if (found := _NUMBER.match(name))), default=0)

    def _read(self, stem: str) -> list[Sent] | None:
        """What a note says; None for one that is not whole: its process died, and nothing was placed."""
        lines = self._store.read(self._note(f"{stem}.jsonl")).decode(errors="replace").split("\n")
        try:
            head, *writes = [exactjson.loads(line) for line in lines if line]
        except ValueError:
            return None
        whole = int(head["count"]) == len(writes)
        return [_sent(stem, head, write) for write in writes] if whole else None

    def _note(self, name: str) -> str:
        return f"{self._folders.notes}/{name}"


def _sent(stem: str, head: Mapping[str, str], write: Mapping[str, Any]) -> Sent:
    values = {name: exactjson.scalar(value) for name, value in write["values"].items()}
    return Sent(
        stem,
        head["suffix"],
        write["write_id"],
        write["operation"],
        write["native_id"],
        write["key_field"],
        write["key"],
        values,
        datetime.fromisoformat(head["at"]),
        frozenset(name for name, value in write["values"].items() if isinstance(value, list)),
    )
