"""docs/matching.md: how records are matched, how good that is, and how it was measured."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from crmerp_assets.matching import SPECS
from crmerp_assets.matching.model import shipped

Found = dict[str, Any]
_TEXT = Path(__file__).with_name("matching.md.in")


def page(found: Found, size: int, load: list[float]) -> str:
    """The page, from its text with the figures put in."""
    figures = {
        "SIZE": f"{size:,}",
        "MACHINE": _machine(load),
        "GOALS": _goals(found),
        "STAGES": _stages(found),
        "QUALITY": _quality(found),
        "CHECK": _check(found["ours"]["check"]),
        "LEFT_OUT": _left_out(found["ours"]),
        "CALIBRATION": _calibration(found["ours"]["shipped"]["bins"]),
        "CLUSTERS": _clusters(found["ours"]["clusters"]),
        "INCREMENTAL": _incremental(found["incremental"]),
        "PUBLIC": _public(found["known"]),
        "MODELS": _models(),
    }
    text = _TEXT.read_text(encoding="utf-8")
    for name, figure in figures.items():
        text = text.replace(f"<<{name}>>", figure)
    return text


def _goals(found: Found) -> str:
    """What has to hold at a million records a side on two cores, next to what was measured."""
    ours, link = found["ours"], found["ours"]["shipped"]["link"]
    seconds = sum(stage["seconds"] for stage in ours["stages"] if stage["name"] != "load")
    memory = max(stage["peak"] for stage in ours["stages"])
    ten = found["incremental"]["incremental"]["10"]
    rows = (
        ("normalise, link, deduplicate and cluster, once loaded, in under 75 s", f"{seconds:.0f} s", seconds < 75),
        ("in under 5 GB", f"{memory:.1f} GB", memory < 5),
        ("best F1 of 0.97 or more", f"{link['f1']:.4f}", link["f1"] >= 0.97),
        (
            "precision of automatic links of 0.995 or more",
            f"{link['auto_precision']:.4f}",
            link["auto_precision"] >= 0.995,
        ),
        ("with 0.90 or more of the true pairs", f"{link['auto_recall']:.4f}", link["auto_recall"] >= 0.90),
        ("10 new records in under 0.5 s", f"{ten:.2f} s", ten < 0.5),
    )
    lines = ["| goal | measured | |", "|---|---:|---|"]
    return "\n".join(lines + [f"| {goal} | {value} | {'met' if met else '**missed**'} |" for goal, value, met in rows])


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
    ours = found["ours"]
    rows = {
        "ours, shipped weights": ours["shipped"]["link"],
        "ours, weights learned here (see the check below)": ours["learned"]["link"],
        "Splink, trained by itself": found["splink-trained"]["link"],
        "Splink, our weights": found["splink-exported"]["link"],
        "ours, shipped weights, with pairs inside each system": ours["shipped"]["both"],
    }
    lines = [
        "| engine | best F1 | P / R there | p >= 0.95: P / R | recall at P >= 0.995 | asked (right) |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, q in rows.items():
        lines.append(
            f"| {name} | {q['f1']:.4f} | {q['precision']:.4f} / {q['recall']:.4f} | "
            f"{q['auto_precision']:.4f} / {q['auto_recall']:.4f} | {q['precise_recall']:.4f} | "
            f"{q['asked']:,} ({q['asked_right']:.0%}) |"
        )
    met = ours["shipped"]["link"]["met"]
    return "\n".join(lines) + f"\n\nThe keys meet {met:.2%} of the true pairs; Splink has the same ones."


def _check(check: Found) -> str:
    if check["wrong"] is None:
        return "no id could be held out"
    verdict = "; ".join(check["objections"]) or "the weights may be used"
    return f"{check['checked']:,} pairs checked, {check['wrong']:.2%} differ: {verdict}"


def _left_out(ours: Found) -> str:
    kinds = ", ".join(
        f"{row['keys']:,} of kind {row['kind']} (the largest {row['largest']:,})" for row in ours["left out"]
    )
    return f"{ours['keys']:,} keys make {ours['pairs']:,} pairs; left out were {kinds or 'none'}."


def _calibration(bins: list[Found]) -> str:
    lines = ["| p from | to | pairs | mean p | really one |", "|---:|---:|---:|---:|---:|"]
    lines += [f"| {b['from']} | {b['to']} | {b['pairs']:,} | {b['mean']:.3f} | {b['right']:.3f} |" for b in bins]
    return "\n".join(lines)


def _clusters(found: Found) -> str:
    return f"P {found['precision']:.4f} / R {found['recall']:.4f} (F1 {found['f1']:.4f})"


def _incremental(found: Found) -> str:
    times = ", ".join(f"{size} records {seconds:.2f} s" for size, seconds in found["incremental"].items())
    return (
        f"{times} (of ten the median of five times, {found['incremental processor']:.2f} s of the processor; the first "
        f"ones, on a file just opened, {found['incremental first']:.2f} s)"
    )


def _public(found: Found) -> str:
    lines = ["| data | what | figure |", "|---|---|---|"]
    return "\n".join(lines + [f"| {row['data']} | {row['what']} | {row['figure']} |" for row in found["rows"]])


def _models() -> str:
    """The measure that each entity's weights ship with."""
    lines = ["| entity | weights | learned from | best F1 | p >= 0.95: P / R |", "|---|---|---|---:|---:|"]
    for model in map(shipped, SPECS):
        made: Found = dict(model.made)
        q = made["pairs across systems"]
        lines.append(
            f"| {model.entity} | `{model.version}` | {made['learned from']}; measured on {made['measured on']} | "
            f"{q['best F1']:.4f} | {q['precision from p 0.95']:.4f} / {q['recall from p 0.95']:.4f} |"
        )
    return "\n".join(lines)
