"""What one soak found."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .people import Diary
from .samples import Sample, growth

MEMORY_LIMIT = 1.25
IDLE_LIMIT = 256 * 1024
"""Bytes that the ledger may take while nothing happens: cursors are rewritten in place."""


@dataclass
class Measured:
    """The figures. `idle`: two samples around a time in which nobody did anything."""

    minutes: float
    processors: int
    diary: Diary
    samples: Sequence[Sample]
    idle: tuple[Sample, Sample]
    calls: int
    struck: int
    runs: Counter[str]
    delays: Sequence[float]
    quiet: float
    problems: list[str]

    def idle_words(self) -> str:
        """How ledger and memory grew while nothing happened."""
        before, after = self.idle
        parts = [f"{n} {(getattr(after, n) - getattr(before, n)) / 1024:+.0f} KB" for n in ("ledger", "warehouse")]
        return f"{', '.join(parts)} in {after.seconds - before.seconds:.0f} s"

    def unbounded(self) -> list[str]:
        """What grew where it should not."""
        found = []
        if (ratio := growth(self.samples, "memory").ratio) > MEMORY_LIMIT:
            found.append(f"memory grew {ratio:.2f} times from the middle third of the run to the last")
        grown = self.idle[1].ledger - self.idle[0].ledger
        if grown > IDLE_LIMIT:
            found.append(f"the ledger grew {grown // 1024} KB while nothing happened")
        return found
