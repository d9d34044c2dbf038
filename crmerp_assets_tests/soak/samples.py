"""What the platform takes while it runs: memory of the daemon's processes, files, runs. Linux only."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_PAGE = os.sysconf("SC_PAGE_SIZE")
_MB = 1024 * 1024


@dataclass(frozen=True)
class Sample:
    """At `seconds` from the start: bytes of memory and of files, processes, and intents that were applied."""

    seconds: float
    memory: int
    processes: int
    ledger: int
    warehouse: int
    dagster: int
    applied: int


@dataclass(frozen=True)
class Growth:
    """The median of the middle third of a run and of its last third: what is taken up once does not count."""

    middle: float
    last: float

    @property
    def ratio(self) -> float:
        """Last to middle."""
        return self.last / self.middle if self.middle else 1.0


class Sampler:
    """Takes a sample whenever it is due."""

    def __init__(self, state: Path, pid: int, every: float) -> None:
        self._state, self._pid, self._every = state, pid, every
        self._started = time.monotonic()
        self._due = self._started
        self.samples: list[Sample] = []

    def look(self, applied: int) -> bool:
        """Take a sample if it is time; whether it was."""
        now = time.monotonic()
        if now < self._due:
            return False
        self._due = now + self._every
        tree = family(self._pid)
        self.samples.append(
            Sample(
                now - self._started,
                sum(resident(pid) for pid in tree),
                len(tree),
                _files(self._state, "ledger.sqlite*"),
                _files(self._state, "warehouse.duckdb*"),
                sum(_size(file) for file in _all(self._state / "dagster")),
                applied,
            )
        )
        return True

    @property
    def is_due(self) -> bool:
        """Whether the next look takes a sample."""
        return time.monotonic() >= self._due


def growth(samples: Sequence[Sample], of: str) -> Growth:
    """How a figure grew from the middle third of the samples to the last."""
    third = max(1, len(samples) // 3)
    values = [float(getattr(sample, of)) for sample in samples]
    return Growth(median(values[third : 2 * third] or values), median(values[-third:]))


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    parents = {int(folder.name): _parent(folder) for folder in Path("/proc").iterdir() if folder.name.isdigit()}
    found, new = [pid], [pid]
    while new:
        new = [child for child, parent in parents.items() if parent in new]
        found += new
    return found


def _parent(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[1])
    except (OSError, IndexError):
        return 0


def resident(pid: int) -> int:
    """Bytes of a process that are in memory; 0 for one that is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1]) * _PAGE
    except OSError:
        return 0


def _files(folder: Path, pattern: str) -> int:
    return sum(_size(file) for file in folder.glob(pattern))


def _size(file: Path) -> int:
    """A file may go while it is looked at."""
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _all(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


def megabytes(size: float) -> str:
    """For people."""
    return f"{size / _MB:,.0f} MB"
