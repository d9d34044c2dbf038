"""The published reconciliation: files that people and the CLI read, because a run may hold the warehouse.

`reconciliation.json` for scripts, `reconciliation.xlsx` and a CSV file a table for people, and Parquet files from which
`crmerp reconcile` makes any part of it again.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import polars as pl

from crmerp_assets.reports import TABLES, Reconciliation
from crmerp_assets.reports.export import MOST_ROWS, csv, workbook
from crmerp_assets.sync.files import put

NAME = "reconciliation"
PUBLISHED_ROWS = 5_000  # in a sheet of the workbook that every run writes; a longer one takes seconds
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
    write_workbook(result, folder / f"{NAME}.xlsx", PUBLISHED_ROWS)
    target = folder / f"{NAME}.json"
    put(target, document(result).encode())
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


def document(result: Reconciliation) -> str:
    """All of it; of the deals, those that are not ordered (all of them are in deals.csv)."""
    tables = {name: getattr(result, name) for name in (*TABLES, "strays")}
    tables["deals"] = result.deals.filter(pl.col("place") != "ordered")
    said = {
        "made_at": result.made_at.isoformat(),
        "compared_with": result.compared_with.isoformat() if result.compared_with else None,
        "explained": result.explained,
        "agrees": result.agrees,
        "tolerance": {name: str(value) for name, value in result.tolerance.items()},
    }
    texts = {name: json.dumps(value) for name, value in said.items()}
    texts |= {name: frame.write_json() for name, frame in tables.items()}
    return "{\n" + ",\n".join(f'"{name}": {text}' for name, text in texts.items()) + "\n}\n"


def write_csv(result: Reconciliation, folder: Path) -> list[Path]:
    """One file a table into `folder`, which is made; returns them."""
    folder.mkdir(parents=True, exist_ok=True)
    return [put(folder / f"{name}.csv", csv(getattr(result, name))) for name in TABLES]


def write_workbook(result: Reconciliation, file: Path, most_rows: int = MOST_ROWS) -> Path:
    """One workbook; it leaves tables with more rows to their CSV files, and says so."""
    file.parent.mkdir(parents=True, exist_ok=True)
    return put(file, workbook(result, most_rows))
