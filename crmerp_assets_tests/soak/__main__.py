"""`python -m crmerp_assets_tests.soak [minutes]`: soak, and after ten minutes or more write docs/operating.md."""

import sys
from pathlib import Path
from time import perf_counter

from .page import table, write
from .soak import soak

MINUTES = 10.0
PAGE = Path(__file__).resolve().parents[2] / "docs" / "operating.md"


def main() -> int:
    """0 only where both sides agree and nothing grows without bound."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES
    started = perf_counter()

    def say(what: str) -> None:
        sys.stderr.write(f"{perf_counter() - started:6.0f} s  {what}\n")
        sys.stderr.flush()

    found = soak(minutes, say)
    text = table(found)
    sys.stderr.write(f"\n{text}\n\n")
    for problem in found.problems:
        say(f"NOT AS IT SHOULD BE: {problem}")
    if minutes >= MINUTES and not found.problems:
        write(text, PAGE)
        say(f"{PAGE} written")
    return 1 if found.problems else 0


sys.exit(main())
