"""Wall time, processor time and peak memory of one stage after the other, in this process."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

_STATUS, _REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Stage:
    """Seconds by the clock and of the processor (both cores), and the most memory the process had, in GB."""

    name: str
    seconds: float
    processor: float
    peak: float


class Gauge:
    """Measures stages; `rows` of the last one is what came out of it, where that is worth telling."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []
        self.facts: dict[str, object] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """What runs inside is the stage."""
        _forget_peak()
        before, started = _processor(), perf_counter()
        yield
        self.stages.append(Stage(name, perf_counter() - started, _processor() - before, peak()))

    def report(self) -> dict[str, object]:
        """As JSON takes it."""
        stages = [{"name": s.name, "seconds": s.seconds, "processor": s.processor, "peak": s.peak} for s in self.stages]
        return {"stages": stages, **self.facts}


def peak() -> float:
    """The most memory since it was last forgotten, in GB; of the whole process where the kernel does not say."""
    if _STATUS.exists():
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _forget_peak() -> None:
    if _REFS.exists():
        _REFS.write_text("5")


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
