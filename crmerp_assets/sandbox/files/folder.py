"""The folder: extracts written, import files taken, acknowledgements given. Every file appears whole, by a rename."""

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from crmerp_assets.sandbox.files.books import Row
from crmerp_assets.sandbox.files.catalog import KINDS, Kind
from crmerp_assets.sandbox.kit.clock import Clock

KEPT = 20
_OWN = ("_write_id", "_operation", "_id")
_ACKNOWLEDGED = ("_write_id", "_status", "_id", "_reason", "_code", "_field", "_modified")


class Folder:
    """`extracts`, `import`, `ack` and `archive` below one root; files are dated by the ERP's clock."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self.root, self._clock = root, clock
        for name in ("extracts", "import", "ack", "archive"):
            (root / name).mkdir(parents=True, exist_ok=True)

    def waiting(self) -> list[Path]:
        """Import files in the order of their numbers."""
        found = (path for path in (self.root / "import").iterdir() if not path.name.startswith("."))
        return sorted(path for path in found if path.suffix in (".csv", ".jsonl"))

    def archive(self, file: Path) -> None:
        """Take an import file away."""
        file.replace(self.root / "archive" / file.name)

    def acknowledge(self, file: Path, rows: Sequence[Mapping[str, Any]], fault: str = "") -> None:
        """Say what became of each row, or have something else in its place by the fault's name."""
        names = list(dict.fromkeys([*_ACKNOWLEDGED, *(name for row in rows for name in row)]))
        path = self.root / "ack" / f"{file.stem}.csv"
        self.write(path.with_name(f"{path.name}.count"), f"{len(rows)}\n")
        self.write(path, _mangled(table(names, rows), fault))

    def extract(self, kind: Kind, number: int, records: Sequence[Mapping[str, Any]]) -> Path:
        """Every record of a kind, with its lines in a file of their own that comes first."""
        if kind.lines:
            lines = [{kind.id: one[kind.id], **line} for one in records for line in one.get("lines") or ()]
            self._counted(f"{kind.name}_lines", number, [kind.id, *kind.lines], lines)
        path = self._counted(kind.name, number, kind.header, records)
        self._forget(kind, number)
        return path

    def newest(self, kind: Kind) -> Path | None:
        """The newest extract of a kind."""
        return max((self.root / "extracts").glob(f"{kind.name}_[0-9]*.csv"), default=None)

    def write(self, path: Path, text: str) -> None:
        """Write under another name, date it, rename it."""
        temporary = path.with_name(f"{path.name}.tmp")
        temporary.write_text(text, encoding="utf-8")
        now = self._clock().timestamp()
        os.utime(temporary, (now, now))
        temporary.replace(path)

    def _counted(self, name: str, number: int, header: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Path:
        path = self.root / "extracts" / f"{name}_{number:08}.csv"
        self.write(path.with_name(f"{path.name}.count"), f"{len(rows)}\n")
        self.write(path, table(header, rows))
        return path

    def _forget(self, kind: Kind, number: int) -> None:
        """Only the newest extracts are kept."""
        for name in (kind.name, f"{kind.name}_lines"):
            old = self.root / "extracts" / f"{name}_{number - KEPT:08}.csv"
            old.unlink(missing_ok=True)
            old.with_name(f"{old.name}.count").unlink(missing_ok=True)


def _mangled(text: str, fault: str) -> str:
    """The text; its first half; a page, or XML."""
    strange = {"html": "<html>maintenance</html>\n", "wrong_type": "<?xml version='1.0'?><answer/>\n"}
    return text[: len(text) // 2] if fault == "truncated" else strange.get(fault, text)


def table(header: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """CSV text."""
    out = io.StringIO()
    writer = csv.DictWriter(out, header, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def rows_of(file: Path) -> Iterator[Row]:
    """The rows of an import file; those of one write stand together."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".jsonl":
        for line in text.splitlines():
            yield _of_json(json.loads(line))
        return
    for write_id, group in groupby(csv.DictReader(io.StringIO(text)), key=lambda row: row["_write_id"]):
        yield _of_csv(write_id, list(group))


def object_of(file: Path) -> str:
    """`00000042.order.csv` is about orders."""
    name = file.name.split(".")[1]
    if name not in KINDS:
        raise LookupError(f"{file.name} is about no object of this ERP")
    return name


def _of_csv(write_id: str, group: list[dict[str, str]]) -> Row:
    first = group[0]
    own = {name: value or None for name, value in first.items() if name not in _OWN and "." not in name}
    names = [name for name in first if name.startswith("lines.")]
    lines = [{name.removeprefix("lines."): row[name] or None for name in names} for row in group] if names else None
    return Row(write_id, first["_operation"], first["_id"] or None, own, lines)


def _of_json(record: dict[str, Any]) -> Row:
    own = {name: value for name, value in record.items() if name not in (*_OWN, "lines")}
    return Row(record["_write_id"], record["_operation"], record.get("_id"), own, record.get("lines"))
