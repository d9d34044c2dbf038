"""`python -m crmerp_assets_tests.bench`: measure, and write docs/benchmarks.md; with `burst` only that part of it."""

import os
import sys
from pathlib import Path
from time import perf_counter

from .burst import burst
from .measure import measure
from .page import page, with_burst

SIZES = (10_000, 100_000)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"


def main() -> None:
    """Measure every size and the burst, and write the page."""
    started = perf_counter()

    def say(what: str) -> None:
        sys.stderr.write(f"{perf_counter() - started:6.0f} s  {what}\n")
        sys.stderr.flush()

    if sys.argv[1:] == ["burst"]:
        load = _load()
        PAGE.write_text(with_burst(PAGE.read_text(encoding="utf-8"), burst(), load), encoding="utf-8")
        say(f"{PAGE}: the burst is written")
        return
    load, found = [], []
    for size in SIZES:
        load.append(_load())
        found.append(measure(size, say, everything=size == SIZES[0]))
    load.append(_load())
    together = burst()
    text = page(found, load, (perf_counter() - started) / 60)
    PAGE.write_text(with_burst(text, together, load[-1]), encoding="utf-8")
    say(f"{PAGE} written")


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


main()
