"""Which extracts count now, and the records that they hold together.

The newest full extract counts, and every extract of changes behind it, in their order: of several rows of one record
the last one holds. A file counts once it is complete: renamed to its name, its control file there, and its children's.
Of changes with the stamp of the full extract those count that appeared with it or later.

A line of an order whose order number cannot be read may be missing in any order of its file. So orders whose lines are
not the same as in the full extract before are held back; of a file of changes, all are.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from crmerp_assets.connectors.errors import ConfigError, Transient
from crmerp_assets.connectors.files.csvfile import read_csv
from crmerp_assets.connectors.files.layout import SYSTEM, Children, ObjectLayout, by_stamp, stamp
from crmerp_assets.connectors.files.otherfiles import read_jsonl, read_parquet, read_xlsx
from crmerp_assets.connectors.files.store import File, Store
from crmerp_assets.connectors.files.table import Checks, Table
from crmerp_assets.connectors.files.times import exact, instants
from crmerp_assets.connectors.protocol import Misread

logger = logging.getLogger(__name__)

PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Between attempts to read a file that is shorter than its control file says: it may still be copied."""
CHANGED_AT, FILED_AT, FULL = "#changed", "#filed", "#full"
INTERNAL = (CHANGED_AT, FILED_AT, FULL)
_NOBODY = pl.Series("_id", [], dtype=pl.String)


@dataclass(frozen=True, slots=True)
class Extract:
    """One file of an object, with its children's files."""

    full: bool
    stamp: str
    file: File
    children: Mapping[str, File]

    @property
    def mark(self) -> str:
        """Changes when any of its files does."""
        return "|".join(f"{file.path} {file.mark}" for file in (self.file, *self.children.values()))


@dataclass(frozen=True, slots=True)
class State:
    """Rows with every column as text, and the rows that cannot be used. `#changed` is the record's own time of change,
    null for a day without a time; `#filed`, when the file appeared; `#full`, whether it is a full extract.

    `full_at`: when the newest full extract appeared. `held`: records that exist, but may lack one of their lines.
    """

    frame: pl.DataFrame
    misread: tuple[Misread, ...] = ()
    full_at: datetime | None = None
    held: pl.Series = field(default_factory=lambda: _NOBODY)

    @property
    def ids(self) -> pl.Series:
        """The records that exist, those with an unusable row among them."""
        unusable = [one.record for one in self.misread if one.record is not None]
        others = pl.Series("_id", unusable, dtype=pl.String)
        return pl.concat([self.frame["_id"], others, self.held]).unique(maintain_order=True)


class Extracts:
    """The extracts of one connection. A file belongs to its closest pattern: `order_lines_*` before `order_*`."""

    def __init__(
        self, store: Store, name: str, layouts: Iterable[ObjectLayout], sleep: Callable[[float], None]
    ) -> None:
        self._store = store
        self._name = name
        self._patterns = [pattern for layout in layouts for pattern in layout.patterns]
        self._sleep = sleep

    def all(self, layout: ObjectLayout) -> list[Extract]:
        """Every complete extract, oldest first."""
        listed: dict[str, list[File]] = {}
        found = self._matching(layout, layout.full, full=True, listed=listed)
        found += self._matching(layout, layout.changes, full=False, listed=listed)
        return sorted(found, key=lambda one: (by_stamp(one.stamp), not one.full))

    @staticmethod
    def counting(layout: ObjectLayout, extracts: Sequence[Extract]) -> list[Extract]:
        """Those that hold what is known now."""
        newest = next((one for one in reversed(extracts) if one.full), None)
        if newest is None:
            return [one for one in extracts if not one.full]
        dated = "*" in (layout.full or "")
        later = [one for one in extracts if not one.full and _behind(one, newest, dated)]
        return [newest, *later]

    def state(self, layout: ObjectLayout, extracts: Sequence[Extract], fields: Sequence[str]) -> State:
        """The records of these extracts: `_id`, `_modified`, `_modified_by` and the fields."""
        parts = [self._records(layout, one, fields) for one in extracts]
        if not parts:
            return State(_empty(layout, fields))
        frame, misread = parts[0].frame, _standing(parts)
        if len(parts) > 1 or not extracts[0].full:
            frame = pl.concat([part.frame for part in parts]).unique("_id", keep="last", maintain_order=True)
        full_at = next((one.file.at for one in reversed(extracts) if one.full), None)
        unusable, held = [one.record for one in misread if one.record is not None], _held(parts)
        good = frame.filter(~pl.col("_id").is_in(unusable), ~pl.col("_id").is_in(held.implode()))
        return State(good, misread, full_at, held)

    def header(self, layout: ObjectLayout) -> list[str]:
        """The columns of the newest extract, children's as `child.column`."""
        counting = self.counting(layout, self.all(layout))
        if not counting:
            return []
        newest = counting[-1]
        names = self._table(layout, newest.file, None).columns
        for child, file in newest.children.items():
            names += [f"{child}.{name}" for name in self._table(layout, file, None).columns]
        return names

    def _matching(
        self, layout: ObjectLayout, pattern: str | None, *, full: bool, listed: dict[str, list[File]]
    ) -> list[Extract]:
        if pattern is None:
            return []
        found = []
        for text, file in self._fitting(pattern, layout.control, listed):
            children = self._children(layout, text, listed)
            if children is not None:
                found.append(Extract(full, text, file, children))
        return found

    def _fitting(self, pattern: str, control: bool, listed: dict[str, list[File]]) -> list[tuple[str, File]]:
        folder = pattern.rpartition("/")[0]
        if folder not in listed:
            listed[folder] = self._store.files(folder)
        names = {file.name for file in listed[folder]}
        stamped = [(stamp(pattern, file.name), file) for file in listed[folder]]
        closer = [one for one in self._patterns if one.rpartition("/")[0] == folder and len(one) > len(pattern)]
        return [
            (text, file)
            for text, file in stamped
            if text is not None
            and not file.name.endswith(".count")
            and (not control or f"{file.name}.count" in names)
            and all(stamp(one, file.name) is None for one in closer)
        ]

    def _children(self, layout: ObjectLayout, text: str, listed: dict[str, list[File]]) -> dict[str, File] | None:
        """The children's files of that stamp; None where one of them is not there yet."""
        found: dict[str, File] = {}
        for name, child in layout.children.items():
            if child.pattern is not None:
                files = dict(self._fitting(child.pattern, layout.control, listed))
                if text not in files:
                    return None
                found[name] = files[text]
        return found

    def _records(self, layout: ObjectLayout, extract: Extract, fields: Sequence[str]) -> State:
        table = self._table(layout, extract.file, layout.id)
        if layout.id not in table.columns:
            if table.count == 0:
                return State(_empty(layout, fields), table.misread)
            raise _missing(extract.file, layout.id)
        own = _own(layout, fields)
        for name in [*own, *filter(None, (layout.modified, layout.modified_by))]:
            if name not in table.columns and name not in layout.columns:
                raise _missing(extract.file, name)
        checked = self._checked(layout, table, extract.full)
        frame = _shaped(layout, checked.frame, own, extract)
        misread, nameless = checked.misread, list[str]()
        for name, child in layout.children.items():
            wanted = [field.partition(".")[2] for field in fields if layout.inside(field) == name]
            if wanted and child.pattern is None:
                frame = frame.with_columns(checked.frame.select(_column(checked.frame, name).alias(name)).to_series())
            elif wanted:
                lists, bad = self._lists(layout, child, extract.children[name], wanted)
                frame = frame.join(lists.rename({"list": name}), on="_id", how="left", maintain_order="left")
                frame = frame.with_columns(pl.col(name).fill_null("[]"))
                misread = (*misread, *bad)
                nameless += [name] if any(one.record is None for one in bad) else []
        if not nameless:
            return State(frame, misread)
        held = self._uncertain(layout, extract, fields, frame.select("_id", *nameless))
        return State(frame.filter(~pl.col("_id").is_in(held.implode())), misread, held=held)

    def _uncertain(
        self, layout: ObjectLayout, extract: Extract, fields: Sequence[str], lists: pl.DataFrame
    ) -> pl.Series:
        """The records whose lists are not known to be whole."""
        earlier = [one for one in self.all(layout) if one.full and by_stamp(one.stamp) < by_stamp(extract.stamp)]
        if not extract.full or not earlier:
            return lists["_id"]
        before = self.state(layout, earlier[-1:], fields).frame.select(lists.columns)
        return lists.join(before, on=lists.columns, how="anti")["_id"]

    def _checked(self, layout: ObjectLayout, table: Table, full: bool) -> Table:
        checks = Checks(layout.id, table).ids().encoding(layout.encoding)
        parsed = instants(pl.col(layout.modified), layout.timezone) if layout.modified else pl.lit(None)
        checks = checks.times(layout.modified if layout.modified in table.columns else None, parsed)
        return checks.once().table if full else checks.table

    def _lists(
        self, layout: ObjectLayout, child: Children, file: File, wanted: Sequence[str]
    ) -> tuple[pl.DataFrame, tuple[Misread, ...]]:
        """(_id, list): each parent's rows as JSON text. A row that is not usable makes its parent unusable."""
        assert child.parent is not None
        table = self._table(layout, file, child.parent)
        if table.count == 0:
            return pl.DataFrame(schema={"_id": pl.String, "list": pl.String}), table.misread
        for name in (child.parent, *wanted):
            if name not in table.columns:
                raise _missing(file, name)
        checked = Checks(child.parent, table).ids().encoding(layout.encoding).table
        rows = checked.frame.select(
            pl.col(child.parent).alias("_id"), pl.struct(list(wanted)).struct.json_encode().alias("row")
        )
        joined = (pl.lit("[") + pl.col("row").str.join(",") + pl.lit("]")).alias("list")
        return rows.group_by("_id", maintain_order=True).agg(joined), checked.misread

    def _table(self, layout: ObjectLayout, file: File, id_column: str | None) -> Table:
        """The file as a table. Waits a little for one that is shorter than its control file says."""
        for pause in (*PAUSES, None):
            table = self._read(layout, file, id_column)
            due = self._due(file) if layout.control else table.count
            if table.count == due:
                return table
            logger.info("%s: %s holds %s of %s rows", self._name, file.path, table.count, due)
            if pause is None:
                what = f"{file.path} of {self._name} holds {table.count} rows, and its control file says {due}"
                raise Transient(f"{what}; it is read again later. If this stays, write the file again.", system=SYSTEM)
            self._sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _due(self, file: File) -> int:
        text = self._store.read(f"{file.path}.count").decode("utf-8", "replace").strip()
        if not text.isdigit():
            message = f"{file.path}.count of {self._name} holds no number of rows; write the number of rows into it."
            raise ConfigError(message, system=SYSTEM)
        return int(text)

    def _read(self, layout: ObjectLayout, file: File, id_column: str | None) -> Table:
        with tempfile.TemporaryDirectory(prefix="crmerp-files-") as folder:
            path = Path(folder) / "extract"
            self._store.copy_to(file.path, path)
            table = _parsed(path, file, layout, id_column)
        logger.debug("%s: read %s, %s rows", self._name, file.path, table.count)
        return table


def _parsed(path: Path, file: File, layout: ObjectLayout, id_column: str | None) -> Table:
    match layout.format_of(file.name):
        case "csv":
            return read_csv(path, file.path, layout, id_column)
        case "jsonl":
            return read_jsonl(path, file.path, layout)
        case "xlsx":
            return read_xlsx(path, file.path, layout, id_column)
        case "parquet":
            return read_parquet(path, file.path, layout)


def _behind(one: Extract, newest: Extract, dated: bool) -> bool:
    if not dated:
        return one.file.at > newest.file.at
    if one.stamp == newest.stamp:
        return one.file.at >= newest.file.at
    return by_stamp(one.stamp) > by_stamp(newest.stamp)


def _own(layout: ObjectLayout, fields: Sequence[str]) -> list[str]:
    """The requested columns of the record itself."""
    return list(dict.fromkeys(field for field in fields if layout.inside(field) is None))


def _column(frame: pl.DataFrame, name: str | None) -> pl.Expr:
    return pl.col(name) if name in frame.columns else pl.lit(None, dtype=pl.String)


def _shaped(layout: ObjectLayout, frame: pl.DataFrame, own: Sequence[str], extract: Extract) -> pl.DataFrame:
    moment = instants(_column(frame, layout.modified), layout.timezone)
    return frame.select(
        pl.col(layout.id).alias("_id"),
        moment.dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias("_modified"),
        _column(frame, layout.modified_by).alias("_modified_by"),
        *(_column(frame, name).alias(name) for name in own),
        exact(_column(frame, layout.modified), layout.timezone).alias(CHANGED_AT),
        pl.lit(extract.file.at).dt.cast_time_unit("us").alias(FILED_AT),
        pl.lit(extract.full).alias(FULL),
    )


def _empty(layout: ObjectLayout, fields: Sequence[str]) -> pl.DataFrame:
    lists = dict.fromkeys(name for field in fields if (name := layout.inside(field)))
    texts: dict[str, Any] = dict.fromkeys(["_id", "_modified", "_modified_by", *_own(layout, fields)], pl.String)
    times = dict.fromkeys([CHANGED_AT, FILED_AT], pl.Datetime("us", "UTC"))
    return pl.DataFrame(schema={**texts, **times, FULL: pl.Boolean, **dict.fromkeys(lists, pl.String)})


def _standing(parts: Sequence[State]) -> tuple[Misread, ...]:
    """What is unusable still: a record that a later file holds well is not."""
    found: list[Misread] = []
    for part in parts:
        good = set(part.frame["_id"]) - {one.record for one in part.misread}
        found = [one for one in found if one.record is None or one.record not in good]
        found += part.misread
    return tuple(found)


def _held(parts: Sequence[State]) -> pl.Series:
    """Records that are held back still: one that a later file holds well is not."""
    held = _NOBODY
    for part in parts:
        waiting = held.filter(~held.is_in(part.frame["_id"].implode()))
        held = pl.concat([waiting, part.held]).unique(maintain_order=True)
    return held


def _missing(file: File, name: str) -> ConfigError:
    message = f"{file.path} has no column {name}; add it to the extract, or correct the layout or the mapping."
    return ConfigError(message, system=SYSTEM)
