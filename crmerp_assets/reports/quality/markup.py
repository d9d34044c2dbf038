"""Tables, bars and lines as HTML in which every value is escaped."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import polars as pl

RUNS = 30  # in a line of scores
STYLE = """
:root { color-scheme: light dark; --good: #2e8540; --low: #c9302c; --bar: #4a7ebb; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { margin-bottom: .2rem; } h2 { margin-top: 2.4rem; } h3 { margin: 1.4rem 0 .3rem; }
.about, td.quiet { color: color-mix(in srgb, CanvasText 65%, Canvas); }
nav a { margin-right: 1rem; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
td.long { overflow-wrap: anywhere; }
th, td { border-bottom: 1px solid #8885; padding: .3rem .6rem; text-align: left; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.id { font-family: ui-monospace, monospace; } td.id, td.word { white-space: nowrap; }
tbody tr:hover { background: #8882; }
.bar { display: inline-block; width: 6rem; height: .7rem; background: #8883; margin-right: .5rem; }
.bar i { display: block; height: 100%; background: var(--bar); }
.low { color: var(--low); font-weight: 600; } .bar.low i { background: var(--low); }
.up { color: var(--good); } .down { color: var(--low); }
svg { vertical-align: middle; } polyline { fill: none; stroke: var(--bar); stroke-width: 1.5; }
details { margin: .6rem 0; } summary { cursor: pointer; font-weight: 600; }
"""
"""Of every page: follows the light or dark of the reader's machine, and loads nothing."""
_MARKS = {"record": "id", "system": "id", "entity": "word", "field": "word", "name": "long", "why": "long"}


class Html(str):
    """Text that is HTML already; everything else is escaped."""

    __slots__ = ()


def many(count: int, what: str) -> str:
    """1 record, 2 records."""
    return f"1 {what}" if count == 1 else f"{count:,} {what}s"


def table(header: Sequence[str], rows: Iterable[Sequence[Any]], numbers: Sequence[str] = ()) -> Html:
    """Columns in `numbers` stand to the right; ids and short words are not broken, names and reasons anywhere."""
    marks = ["n" if name in numbers else _MARKS.get(name, "") for name in header]
    head = "".join(
        f'<th scope="col" class="{mark}">{escape(name)}</th>' for name, mark in zip(header, marks, strict=True)
    )
    body = "\n".join(
        "<tr>"
        + "".join(f'<td class="{mark}">{_cell(cell)}</td>' for cell, mark in zip(row, marks, strict=True))
        + "</tr>"
        for row in rows
    )
    return Html(f'<div class="table"><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>')


def _cell(value: Any) -> str:
    if isinstance(value, Html):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    return escape("" if value is None else str(value))


def bar(percent: float | None, low: bool = False) -> Html:
    """A share of 100 as a bar with its figure; `low` marks it."""
    if percent is None:
        return Html("no records")
    mark = " low" if low else ""
    shown = f'<span class="bar{mark}"><i style="width:{max(0.0, min(100.0, percent)):.1f}%"></i></span>'
    return Html(f'{shown}<span class="{mark.strip()}">{percent:.1f}</span>')


def spark(trend: pl.DataFrame, system: str, entity: str) -> Html:
    """The scores of the last run days as a line; a single one is no line."""
    mine = trend.filter((pl.col("system") == system) & (pl.col("entity") == entity)).sort("day").tail(RUNS)
    values = mine["score"].to_list()
    if len(values) < 2:
        return Html("")
    low, high = min(values), max(values)
    step, span = 118 / (len(values) - 1), (high - low) or 1.0
    dots = " ".join(f"{1 + n * step:.1f},{20 - (value - low) / span * 18:.1f}" for n, value in enumerate(values))
    said = f"{len(values)} runs since {mine['day'][0]:%Y-%m-%d}, from {low:.1f} to {high:.1f}"
    line = f'<polyline points="{dots}"/>'
    return Html(f'<svg width="120" height="22" role="img" aria-label="{said}"><title>{said}</title>{line}</svg>')
