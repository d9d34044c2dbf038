"""Empty ledgers on either database, as often as a random test asks for one."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crmerp_assets.ledger import Ledger
from crmerp_assets_tests.ledger.plans import Clock
from crmerp_assets_tests.ledger.postgres import empty


@dataclass(frozen=True)
class Store:
    """A database that keeps ledgers. `place` readies an empty one, given a folder, and returns its URL; `share` of a
    machine's examples are tried there."""

    place: Callable[[Path], str]
    share: float = 1.0

    def examples(self, many: int) -> int:
        """How many examples to try where SQLite tries so many: each takes three times as long on a server."""
        return round(many * self.share)

    @contextmanager
    def fresh(self, clock: Clock) -> Iterator[Ledger]:
        """An empty ledger of the newest schema, closed and gone afterwards."""
        with tempfile.TemporaryDirectory() as folder:
            ledger = Ledger.open(self.place(Path(folder)), clock)
            try:
                yield ledger
            finally:
                ledger.close()


def sqlite_store(migrated: bytes) -> Store:
    """A file each, copied from one that was migrated once: migrating takes longer than most examples."""

    def place(folder: Path) -> str:
        file = folder / "ledger.sqlite"
        file.write_bytes(migrated)
        return f"sqlite:///{file}"

    return Store(place)


def postgres_store(url: str) -> Store:
    """One database, emptied each time."""

    def place(folder: Path) -> str:
        empty(url)
        return url

    return Store(place, share=0.4)
