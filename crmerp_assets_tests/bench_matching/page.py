"""docs/matching.md: how records are matched, how good that is, and how it was measured."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

Found = dict[str, Any]
_TEXT = Path(__file__).with_name("matching.md.in")
_ENGINES = (
    ("ours", "ours, shipped weights"),
    ("learned", "ours, weights learned here (see the check below)"),
    ("splink-trained", "Splink, trained by itself"),
    ("splink-exported", "Splink, our weights"),
)


def page(found: Found, size: int, load: list[float]) -> str:
    """The page, from its text with the figures put in."""
    figures = {
        "SIZE": f"{size:,}",
        "MACHINE": _machine(load),
        "STAGES": _stages(found),
        "QUALITY": _quality(found),
        "CHECK": _check(found["ours"]["check"]),
        "LEFT_OUT": _left_out(found["ours"]),
        "CALIBRATION": _calibration(found["ours"]["shipped"]["bins"]),
        "CLUSTERS": _clusters(found["ours"]["shipped"]["clusters"]),
        "INCREMENTAL": _incremental(found["incremental"]),
        "PUBLIC": _public(found["public"]),
    }
    text = _TEXT.read_text(encoding="utf-8")
    for name, figure in figures.items():
        text = text.replace(f"<<{name}>>", figure)
    return text


def _machine(load: list[float]) -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "polars", "numpy", "scipy"))
    return (
        f"Measured on {datetime.now(UTC):%d %B %Y} on {os.cpu_count()} cores of {_processor()} with {_memory()} GB, "
        f"{platform.system()}, Python {platform.python_version()}, {versions}, Splink 5.0.0; load average "
        f"{load[0]:.1f} before and {load[1]:.1f} after."
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown make")


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9)


def _stages(found: Found) -> str:
    lines = ["| engine | stage | wall, s | processor, s | peak memory, GB |", "|---|---|---:|---:|---:|"]
    for part in ("data", "ours", "splink-trained", "splink-exported"):
        stages = found[part]["stages"]
        lines += [
            f"| {part} | {s['name']} | {s['seconds']:.1f} | {s['processor']:.1f} | {s['peak']:.2f} |" for s in stages
        ]
        if len(stages) > 1:
            lines.append(
                f"| **{part}** | **all** | **{sum(s['seconds'] for s in stages):.1f}** | "
                f"**{sum(s['processor'] for s in stages):.1f}** | **{max(s['peak'] for s in stages):.2f}** |"
            )
    return "\n".join(lines)


def _quality(found: Found) -> str:
    rows = {
        "ours": found["ours"]["shipped"]["link"],
        "learned": found["ours"]["learned"]["link"],
        "splink-trained": found["splink-trained"]["link"],
        "splink-exported": found["splink-exported"]["link"],
    }
    lines = [
        "| engine | best F1 | P / R there | p >= 0.95: P / R | recall at P >= 0.995 | asked (right) |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for key, name in _ENGINES:
        q = rows[key]
        lines.append(
            f"| {name} | {q['f1']:.4f} | {q['precision']:.4f} / {q['recall']:.4f} | "
            f"{q['auto_precision']:.4f} / {q['auto_recall']:.4f} | {q['precise_recall']:.4f} | "
            f"{q['asked']:,} ({q['asked_right']:.0%}) |"
        )
    both = found["ours"]["shipped"]["both"]
    lines.append(
        f"| ours, with duplicates inside each system | {both['f1']:.4f} | {both['precision']:.4f} / {both['recall']:.4f}"
        f" | {both['auto_precision']:.4f} / {both['auto_recall']:.4f} | {both['precise_recall']:.4f} | "
        f"{both['asked']:,} ({both['asked_right']:.0%}) |"
    )
    return "\n".join(lines) + f"\n\nThe keys meet {rows['ours']['met']:.2%} of the true pairs."


def _check(check: Found) -> str:
    if check["wrong"] is None:
        return "no id could be held out"
    verdict = "; ".join(check["objections"]) or "the weights may be used"
    return f"{check['checked']:,} pairs checked, {check['wrong']:.2%} differ: {verdict}"


def _left_out(ours: Found) -> str:
    kinds = ", ".join(f"{row['keys']:,} of kind {row['kind']} (the largest {row['largest']:,})" for row in ours["left out"])
    return f"{ours['keys']:,} keys make {ours['pairs']:,} pairs; left out were {kinds or 'none'}."


def _calibration(bins: list[Found]) -> str:
    lines = ["| p from | to | pairs | mean p | really one |", "|---:|---:|---:|---:|---:|"]
    lines += [f"| {b['from']} | {b['to']} | {b['pairs']:,} | {b['mean']:.3f} | {b['right']:.3f} |" for b in bins]
    return "\n".join(lines)


def _clusters(found: Found) -> str:
    return f"P {found['precision']:.4f} / R {found['recall']:.4f} (F1 {found['f1']:.4f})"


def _incremental(found: Found) -> str:
    times = ", ".join(f"{size} records {seconds:.2f} s" for size, seconds in found["incremental"].items())
    return f"{times}; the first ten, on a file just opened, {found['incremental first']:.2f} s"


def _public(found: Found) -> str:
    lines = ["| data | what | figure |", "|---|---|---|"]
    return "\n".join(lines + [f"| {row['data']} | {row['what']} | {row['figure']} |" for row in found["rows"]])
