"""Each steward's own work list: what to do about which record, the costliest first, then the most money."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from crmerp_assets.reports.export import csv, sheets
from crmerp_assets.reports.quality.audit import Audit
from crmerp_assets.reports.quality.kinds import KINDS

MOST_ROWS = 10_000  # in the sheet of a workbook; a longer one takes seconds to write and nobody works through it
_COLUMNS = ("system", "entity", "native_id", "name", "finding", "field", "value", "reason", "next_step", "survivor")
_MONEY = ("amount", "currency", "cost")


@dataclass(frozen=True, slots=True)
class WorkList:
    """One steward's findings. `name` is what its files are called."""

    steward: str
    name: str
    rows: pl.DataFrame
    clusters: pl.DataFrame
    scores: pl.DataFrame
    made_at: str
    personal: bool

    def csv(self) -> bytes:
        """Every row."""
        return csv(self.rows)

    def workbook(self, most_rows: int = MOST_ROWS) -> bytes:
        """A summary, the first rows, the clusters of doubles whole, and the scores."""
        left = max(0, self.rows.height - most_rows)
        said = [
            ("work list of", self.steward),
            ("made at", self.made_at),
            ("findings", f"{self.rows.height:,}"),
            ("not in this workbook", f"{left:,} of the least costly: see {self.name}.csv" if left else "nothing"),
            ("personal data", "names of people: for the steward only" if self.personal else "none"),
            ("cost", "points of 100 that a record takes off its score, at its worst finding only"),
        ]
        tables = {"worklist": self.rows.head(most_rows), "duplicates": self.clusters.head(most_rows)}
        return sheets(said, tables | {"scores": self.scores})


def work_lists(audit: Audit) -> list[WorkList]:
    """One for each steward, by name; of those without a finding, too."""
    stewards = sorted(set(audit.scores["steward"]))
    return [_list(audit, steward, name) for steward, name in zip(stewards, _names(stewards), strict=True)]


def _list(audit: Audit, steward: str, name: str) -> WorkList:
    mine = pl.col("steward") == steward
    findings = audit.findings.filter(mine)
    titles = {kind: known.title for kind, known in KINDS.items()}
    steps = {kind: known.next_step for kind, known in KINDS.items()}
    told = findings.with_columns(
        pl.col("kind").replace_strict(titles, default=None, return_dtype=pl.String).alias("finding"),
        pl.col("kind").replace_strict(steps, default=None, return_dtype=pl.String).alias("next_step"),
    )
    here = audit.scores.filter(mine)
    return WorkList(
        steward=steward,
        name=name,
        rows=told.select(*_COLUMNS, *_MONEY),
        clusters=audit.clusters.filter(mine).drop("steward"),
        scores=here.select("system", "entity", "score", "before", "before_day", "records", "faultless", "cost"),
        made_at=f"{audit.made_at:%Y-%m-%d %H:%M} UTC",
        personal=any((row[0], row[1]) in audit.named_in_person for row in here.select("system", "entity").iter_rows()),
    )


def _names(stewards: list[str]) -> Iterator[str]:
    """Names for files: what a steward is called is free text."""
    taken: set[str] = set()
    for steward in stewards:
        plain = re.sub(r"[^a-z0-9]+", "-", steward.lower()).strip("-")[:60] or "steward"
        name = next(n for n in (plain, *(f"{plain}-{i}" for i in range(2, len(stewards) + 2))) if n not in taken)
        taken.add(name)
        yield name
