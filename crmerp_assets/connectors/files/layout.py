"""What the files of a system look like, as its configuration says.

A pattern is a path below the root with at most one `*`, in its last part: `extracts/customers_*.csv`. What stands for
the `*` is the file's stamp; files sort by it, numbers in it by their value, so later files must have later stamps.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Format: TypeAlias = Literal["csv", "xlsx", "jsonl", "parquet"]
_SUFFIXES: Mapping[str, Format] = {
    "csv": "csv",
    "txt": "csv",
    "tsv": "csv",
    "xlsx": "xlsx",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "parquet": "parquet",
}
SYSTEM = "files"
ObjectName: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
"""It stands between dots in the names of import files and acknowledgements."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Children(_Model):
    """A child list, such as the lines of an order: in files of its own, or without a pattern as a list in the row.

    A file of the parent counts once the child's file with the same stamp is there. `parent` is the child's column that
    holds the parent's id.
    """

    pattern: str | None = None
    parent: str | None = None

    @model_validator(mode="after")
    def _both(self) -> Children:
        if (self.pattern is None) != (self.parent is None):
            raise ValueError("give pattern together with parent, the column with the id of the record it belongs to")
        if self.pattern is not None:
            checked_pattern(self.pattern)
        return self


class ObjectLayout(_Model):
    """The extracts of one kind of record and the import files for it.

    `full`: files that hold every record; the newest one counts. `changes`: files that hold what changed; those after
    the newest full one count on top of it; an object that is written to needs `full`. `control`: beside each file, also
    of acknowledgements, stands `<file>.count` with its number of rows, and without it the file is not complete.
    `columns` lists columns that a JSON Lines file may lack. `writes` is the form of import files.
    """

    id: str
    full: str | None = None
    changes: str | None = None
    modified: str | None = None
    modified_by: str | None = None
    timezone: str = "UTC"
    format: Format | None = None
    encoding: str = "utf-8"
    delimiter: str = ","
    sheet: str | None = None
    control: bool = False
    columns: tuple[str, ...] = ()
    children: Mapping[str, Children] = {}
    writes: Literal["csv", "jsonl"] = "csv"

    @field_validator("full", "changes")
    @classmethod
    def _pattern(cls, value: str | None) -> str | None:
        return checked_pattern(value) if value is not None else None

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            codecs.lookup(value)
        except LookupError as error:
            raise ValueError(f"'{value}' is not an encoding; say utf-8, windows-1252, latin-1 or utf-16") from error
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (LookupError, ValueError) as error:
            raise ValueError(f"'{value}' is not a time zone; say UTC or Europe/Zurich") from error
        return value

    @model_validator(mode="after")
    def _something_to_read(self) -> ObjectLayout:
        if self.full is None and self.changes is None:
            raise ValueError("give full, changes, or both: the name pattern of the extracts")
        if len(self.delimiter) != 1:
            raise ValueError("delimiter is one character, such as ';'")
        for name in (self.full, self.changes):
            if name is not None and self.format is None and name.rpartition(".")[2].lower() not in _SUFFIXES:
                raise ValueError(
                    f"the format of {name} is not clear; give format: {', '.join(set(_SUFFIXES.values()))}"
                )
        return self

    @property
    def decoding(self) -> str:
        """The encoding to read with: a mark of UTF-8 at the start is no text, however the encoding is spelt."""
        return "utf-8-sig" if codecs.lookup(self.encoding).name == "utf-8" else self.encoding

    @property
    def patterns(self) -> list[str]:
        """Every pattern, children's among them."""
        own = (self.full, self.changes, *(child.pattern for child in self.children.values()))
        return [pattern for pattern in own if pattern is not None]

    def format_of(self, name: str) -> Format:
        """The format of a file, as given or as its name says."""
        return self.format or _SUFFIXES[name.rpartition(".")[2].lower()]

    def inside(self, field: str) -> str | None:
        """The child list that a field such as `lines.product` belongs to; None for one of the record's own."""
        return next((name for name in self.children if field.startswith(f"{name}.")), None)


class Folders(_Model):
    """Folders below the root: where import files are put, where acknowledgements come, and where we keep our notes."""

    imports: str = "import"
    acknowledgements: str = "ack"
    notes: str = "crmerp"

    @model_validator(mode="after")
    def _apart(self) -> Folders:
        names = [self.imports, self.acknowledgements, self.notes]
        for name in names:
            if any(part in ("", ".", "..") for part in name.split("/")):
                raise ValueError(f"'{name}' is not understood; a folder is a path below the root")
        if len(set(names)) < len(names):
            raise ValueError("imports, acknowledgements and notes are three different folders")
        return self


def checked_pattern(value: str) -> str:
    """The pattern; ValueError for one that is not understood."""
    folder, _, name = value.rpartition("/")
    if "*" in folder or name.count("*") > 1 or not name or value.startswith("/") or ".." in folder.split("/"):
        raise ValueError(f"'{value}' is not understood; a pattern is a path below the root with one * in its last part")
    return value


def stamp(pattern: str, name: str) -> str | None:
    """What stands for the `*` in a file's name; None where the name does not fit."""
    before, star, after = pattern.rpartition("/")[2].partition("*")
    if not star:
        return "" if name == before else None
    fits = len(name) >= len(before) + len(after) and name.startswith(before) and name.endswith(after)
    return name[len(before) : len(name) - len(after)] if fits else None


def by_stamp(text: str) -> list[Any]:
    """A key that sorts stamps: runs of digits by their value, everything else as text."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text) if part]
