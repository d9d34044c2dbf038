"""`python -m crmerp_assets_tests.bench_matching [records a side]`: measure, and write docs/matching.md."""

import json
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from . import data, ours
from .gauge import Gauge

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".crmerp-bench"
PARTS = {
    "data": lambda folder, size, gauge: data.made(folder, size, gauge),
    "ours": lambda folder, size, gauge: ours.whole(folder, gauge),
    "incremental": lambda folder, size, gauge: ours.incremental(folder, gauge),
}


def main() -> None:
    """Each part runs in a process of its own, so that none has another's memory."""
    if len(sys.argv) == 4 and sys.argv[1] in PARTS:
        part, folder, size = sys.argv[1:]
        gauge = Gauge()
        PARTS[part](Path(folder), int(size), gauge)
        (Path(folder) / f"{part}.json").write_text(json.dumps(gauge.report(), indent=1), encoding="utf-8")
        return
    _measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)


def _measure(size: int) -> None:
    folder = CACHE / f"population-{size}-{data.SEED}"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "fresh.parquet").exists():
        _part("data", folder, size)
    for part in ("ours", "incremental"):
        _part(part, folder, size)


def _part(part: str, folder: Path, size: int) -> None:
    started = perf_counter()
    subprocess.run([sys.executable, "-m", __package__, part, str(folder), str(size)], check=True, cwd=ROOT)
    sys.stderr.write(f"{part}: {perf_counter() - started:.0f} s\n")


main()
