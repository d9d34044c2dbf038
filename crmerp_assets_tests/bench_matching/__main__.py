"""`python -m crmerp_assets_tests.bench_matching [records a side]`: measure, and write docs/matching.md."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import polars as pl

from crmerp_assets_tests.matching.measures import judged

from . import data, known, ours
from .gauge import Gauge
from .page import page

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".crmerp-bench"
SPLINK = CACHE / "splink" / "bin" / "python"
PAGE = ROOT / "docs" / "matching.md"
MILLION = 1_000_000
PARTS: dict[str, Callable[[Path, int, Gauge], None]] = {
    "data": data.made,
    "ours": lambda folder, size, gauge: ours.whole(folder, gauge),
    "incremental": lambda folder, size, gauge: ours.incremental(folder, gauge),
    "known": lambda folder, size, gauge: known.measured(gauge),
}


def main() -> None:
    """Each part runs in a process of its own, so that none has another's memory."""
    if len(sys.argv) == 4:
        part, folder, size = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
        gauge = Gauge()
        PARTS[part](folder, size, gauge)
        (folder / f"{part}.json").write_text(json.dumps(gauge.report(), indent=1), encoding="utf-8")
        return
    _measure(int(sys.argv[1]) if len(sys.argv) > 1 else MILLION)


def _measure(size: int) -> None:
    folder = CACHE / f"population-{size}-{data.SEED}"
    folder.mkdir(parents=True, exist_ok=True)
    load = [os.getloadavg()[0]]
    if not (folder / "data.json").exists():
        _run("data", sys.executable, "-m", __package__, "data", str(folder), str(size))
    for part in ("ours", "incremental", "known"):
        _run(part, sys.executable, "-m", __package__, part, str(folder), str(size))
    for how in ("trained", "exported"):
        _run(f"splink {how}", str(SPLINK), "-m", f"{__package__}.theirs", how, str(folder))
    load.append(os.getloadavg()[0])
    found = {part: _report(folder, part) for part in (*PARTS, "splink-trained", "splink-exported")}
    for how in ("trained", "exported"):
        found[f"splink-{how}"]["link"] = _quality(folder, how)
    (folder / "found.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    where = PAGE if size == MILLION else folder / "matching.md"
    where.write_text(page(found, size, load), encoding="utf-8")
    _say(f"{where} written")


def _quality(folder: Path, how: str) -> dict[str, float]:
    scored = pl.read_parquet(folder / f"splink-{how}.parquet")
    return ours.said(judged(scored, pl.read_parquet(folder / "truth.parquet"), across=True))


def _report(folder: Path, part: str) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / f"{part}.json").read_text(encoding="utf-8"))
    return found


def _run(what: str, *command: str) -> None:
    started = perf_counter()
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    _say(f"{what}: {perf_counter() - started:.0f} s")


def _say(what: str) -> None:
    sys.stderr.write(f"{what}\n")
    sys.stderr.flush()


main()
