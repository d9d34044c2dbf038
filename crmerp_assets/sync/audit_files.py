"""The published audit: a page and JSON for everybody, a work list for each steward, frames for the command line.

Names of people are in the work lists only, which are readable by their owner alone.
"""

import json
from pathlib import Path

import polars as pl

from crmerp_assets.reports.quality import TABLES, Audit
from crmerp_assets.reports.quality.lists import MOST_ROWS, WorkList, work_lists
from crmerp_assets.reports.quality.page import page
from crmerp_assets.sync.files import put

NAME = "audit"


def publish(done: Audit, folder: Path) -> Path:
    """Write every file into `folder`; returns the JSON file, which is written last."""
    parts = folder / NAME
    parts.mkdir(parents=True, exist_ok=True)
    lists = work_lists(done)
    for one in lists:
        put(parts / f"{one.name}.csv", one.csv(), private=True)
        put(parts / f"{one.name}.xlsx", one.workbook(), private=True)
    _forget(parts, lists)
    public = done.public()
    public.scores.with_columns(pl.lit(public.warn_below).alias("warn_below")).write_parquet(parts / "scores.parquet")
    public.points.write_parquet(parts / "points.parquet")
    put(folder / f"{NAME}.html", page(public, lists, NAME).encode())
    return put(folder / f"{NAME}.json", document(public, lists).encode())


def _forget(parts: Path, lists: list[WorkList]) -> None:
    """The lists of stewards that there are no more hold names, so they do not stay behind."""
    kept = {f"{one.name}.{kind}" for one in lists for kind in ("csv", "xlsx")}
    for file in [*parts.glob("*.csv"), *parts.glob("*.xlsx")]:
        if file.name not in kept:
            file.unlink()


def document(public: Audit, lists: list[WorkList]) -> str:
    """The tables of an audit without the names of people, and where the work lists are.

    Of the findings the costliest; the CSV files of the work lists hold every one.
    """
    files = {one.steward: [f"{NAME}/{one.name}.xlsx", f"{NAME}/{one.name}.csv"] for one in lists}
    left_out = max(0, public.findings.height - MOST_ROWS)
    said: dict[str, object] = {
        "made_at": public.made_at.isoformat(),
        "warn_below": public.warn_below,
        "page": f"{NAME}.html",
    }
    said |= {"work_lists": files, "findings_left_out": left_out}
    texts = {name: json.dumps(value) for name, value in said.items()}
    texts |= {name: getattr(public, name).head(MOST_ROWS).write_json() for name in TABLES}
    return "{\n" + ",\n".join(f'"{name}": {text}' for name, text in texts.items()) + "\n}\n"


def published(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Scores (with `warn_below`) and points of the last published audit."""
    scores, points = (pl.read_parquet(folder / NAME / f"{name}.parquet") for name in ("scores", "points"))
    return scores, points


def files(folder: Path) -> list[Path]:
    """The page, then the work lists."""
    return [folder / f"{NAME}.html", *sorted((folder / NAME).glob("*.xlsx"))]
