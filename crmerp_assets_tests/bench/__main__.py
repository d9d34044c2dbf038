"""`python -m crmerp_assets_tests.bench`: measure, and write docs/benchmarks.md."""

import os
import sys
from pathlib import Path
from time import perf_counter

from .measure import measure
from .page import page

SIZES = (10_000, 100_000)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"


def main() -> None:
    """Measure every size and write the page."""
    started = perf_counter()

    def say(what: str) -> None:
        sys.stderr.write(f"{perf_counter() - started:6.0f} s  {what}\n")
        sys.stderr.flush()

    load, found = [], []
    for size in SIZES:
        load.append(_load())
        found.append(measure(size, say, everything=size == SIZES[0]))
    text = page(found, [*load, _load()], (perf_counter() - started) / 60)
    PAGE.write_text(text, encoding="utf-8")
    say(f"{PAGE} written")


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


main()
