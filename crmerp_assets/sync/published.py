"""The published reconciliation: files that people and the CLI read, because a run may hold the warehouse.

`reconciliation.json` for scripts, `reconciliation.xlsx` and a CSV file a table for people, and Parquet files from which
`crmerp reconcile` makes any part of it again.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from crmerp_assets.reports import TABLES, Reconciliation
from crmerp_assets.reports.export import csv, workbook

NAME = "reconciliation"
PUBLISHED_DEALS = 5_000  # in the workbook that every run writes; a larger sheet takes seconds
_FRAMES = ("deals", "strays", "lines", "counts", "drift", "drift_totals")


def publish(result: Reconciliation, folder: Path) -> Path:
    """Write every file into `folder`; returns the JSON file, which is written last."""
    parts = folder / NAME
    parts.mkdir(parents=True, exist_ok=True)
    for name in _FRAMES:
        draft = parts / f"{name}.parquet.new"
        getattr(result, name).write_parquet(draft)
        draft.replace(parts / f"{name}.parquet")
    write_csv(result, parts)
    write_workbook(result, folder / f"{NAME}.xlsx", PUBLISHED_DEALS)
    target = folder / f"{NAME}.json"
    _write(target, json.dumps(as_data(result), indent=1).encode())
    return target


def published(folder: Path) -> Reconciliation | None:
    """The last published reconciliation, None before the first one."""
    try:
        said = json.loads((folder / f"{NAME}.json").read_text(encoding="utf-8"))
        frames = {name: pl.read_parquet(folder / NAME / f"{name}.parquet") for name in _FRAMES}
        made_at, earlier = said["made_at"], said["compared_with"]
    except (FileNotFoundError, KeyError):
        return None
    tolerance: Mapping[str, Decimal] = {name: Decimal(value) for name, value in said["tolerance"].items()}
    when = datetime.fromisoformat(earlier) if earlier else None
    return Reconciliation(**frames, tolerance=tolerance, made_at=datetime.fromisoformat(made_at), compared_with=when)


def as_data(result: Reconciliation) -> dict[str, Any]:
    """All of it as plain data; of the deals, those that are not ordered (all of them are in deals.csv)."""
    tables = {name: getattr(result, name) for name in (*TABLES, "strays")}
    tables["deals"] = result.deals.filter(pl.col("place") != "ordered")
    return {
        "made_at": result.made_at.isoformat(),
        "compared_with": result.compared_with.isoformat() if result.compared_with else None,
        "explained": result.explained,
        "agrees": result.agrees,
        "tolerance": {name: str(value) for name, value in result.tolerance.items()},
        **{name: json.loads(frame.write_json()) for name, frame in tables.items()},
    }


def write_csv(result: Reconciliation, folder: Path) -> list[Path]:
    """One file a table into `folder`, which is made; returns them."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(folder / f"{name}.csv", csv(getattr(result, name))) for name in TABLES]


def write_workbook(result: Reconciliation, file: Path, most_deals: int | None = None) -> Path:
    """One workbook; with `most_deals` it leaves a longer list of deals to deals.csv."""
    file.parent.mkdir(parents=True, exist_ok=True)
    return _write(file, workbook(result) if most_deals is None else workbook(result, most_deals))


def _write(target: Path, content: bytes) -> Path:
    """A reader sees the old file or the new one."""
    draft = target.with_name(f"{target.name}.new")
    draft.write_bytes(content)
    draft.replace(target)
    return target
