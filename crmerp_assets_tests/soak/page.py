"""The figures of a soak, in words, and into docs/operating.md between two markers."""

from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from .measured import Measured
from .samples import growth, megabytes

START, END = "<!-- soak: written by make soak -->", "<!-- /soak -->"


def table(found: Measured) -> str:
    """The figures as a table."""
    ledger, warehouse = growth(found.samples, "ledger"), growth(found.samples, "warehouse")
    memory, last = growth(found.samples, "memory"), found.samples[-1]
    written = last.applied - found.samples[0].applied
    acts = sum(found.diary.acts.values())
    rows = [
        ("Measured", f"{datetime.now(UTC):%Y-%m-%d}, {found.minutes:g} minutes of work, {found.processors} cores"),
        ("People", f"{acts} acts, {len(found.diary.won)} deals won"),
        ("Faults", f"{found.struck} of {found.calls} calls ({found.struck / max(found.calls, 1):.1%})"),
        ("Writes applied", f"{written:,}"),
        (
            "Runs",
            f"{sum(found.runs.values())}: " + ", ".join(f"{n} {s.lower()}" for s, n in sorted(found.runs.items())),
        ),
        ("Won deal to its order", f"median {median(found.delays):.1f} s, longest {max(found.delays):.1f} s"),
        ("Quiet after the last fault", f"{found.quiet:.0f} s"),
        ("Memory of the daemon's processes", f"{megabytes(memory.last)}, {memory.ratio:.2f} times the middle third's"),
        ("Ledger", f"{megabytes(last.ledger)}, {_each(found, 'ledger', written)} a write, {ledger.ratio:.2f} times"),
        ("Warehouse", f"{megabytes(last.warehouse)}, {warehouse.ratio:.2f} times"),
        ("Dagster's storage", f"{megabytes(last.dagster)}, {_each(found, 'dagster', sum(found.runs.values()))} a run"),
        ("Grown while nothing happened", found.idle_words()),
        ("Disagreements", str(len(found.problems)) if found.problems else "none"),
    ]
    lines = ["| what | figure |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]
    return "\n".join(lines)


def _each(found: Measured, of: str, count: int) -> str:
    grown = getattr(found.samples[-1], of) - getattr(found.samples[0], of)
    return f"{grown / 1024 / max(count, 1):.1f} KB"


def write(text: str, page: Path) -> None:
    """Put the table between the markers. Raises ValueError where the page has none."""
    before, found, rest = page.read_text(encoding="utf-8").partition(START)
    _, closed, after = rest.partition(END)
    if not found or not closed:
        raise ValueError(f"{page} has no lines {START} and {END} to put the figures between")
    page.write_text(f"{before}{START}\n{text}\n{END}{after}", encoding="utf-8")
