"""What the nightly comparison of ids found, for people: published as a file that needs no warehouse."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from crmerp_assets.sync.deletions import Compared

SCHEMA = {
    "object": pl.String,
    "known": pl.Int64,
    "live": pl.Int64,
    "gone": pl.Int64,
    "missed": pl.Int64,
    "outcome": pl.String,
}


def frame(found: Sequence[Compared]) -> pl.DataFrame:
    """One row an object: known before, live in the system, gone (marked as deleted), missed (read now), outcome."""
    rows = [
        (one.native_object, one.known, one.live, one.gone, one.missed, "waits for a person" if one.refused else "done")
        for one in found
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def publish(table: pl.DataFrame, connection: str, folder: Path, at: datetime) -> None:
    """Write one connection's comparison; the last one counts."""
    folder.mkdir(parents=True, exist_ok=True)
    target, draft = folder / f"compared-{connection}.json", folder / f"compared-{connection}.json.new"
    body = {"connection": connection, "at": at.isoformat(timespec="seconds"), "objects": table.to_dicts()}
    draft.write_text(json.dumps(body, indent=1), encoding="utf-8")
    draft.replace(target)


def published(folder: Path) -> list[dict[str, Any]]:
    """The last comparison of each connection: connection, at, objects."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("compared-*.json"))]
