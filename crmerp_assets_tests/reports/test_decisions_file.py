"""Decisions in a spreadsheet come back as they were written, whatever program saved the file; a bad file is refused
whole."""

from pathlib import Path

import polars as pl
import pytest

from crmerp_assets.reports.decisions_file import Unreadable, read
from crmerp_assets.reports.export import csv, one_sheet

FRAME = pl.DataFrame(
    {
        "id": ["a1", "b2", "c3"],
        "decision": ["same", None, "=different"],
        "why": ["=HYPERLINK('x')", None, "-2 points"],
        "street": ["One\nTwo; Three, Four", "@cmd", None],
        "p": [0.5, 0.25, None],
    }
)


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_what_is_written_reads_back_with_its_row_and_texts_that_cannot_act(tmp_path: Path, kind: str) -> None:
    file = tmp_path / f"open.{kind}"
    file.write_bytes(one_sheet("matches", FRAME) if kind == "xlsx" else csv(FRAME))
    assert read(file) == [(2, "a1", "same", "=HYPERLINK('x')"), (4, "c3", "=different", "-2 points")]
    if kind == "csv":
        assert "'=HYPERLINK" in file.read_text(encoding="utf-8-sig")


def test_semicolons_other_columns_and_short_rows_are_read(tmp_path: Path) -> None:
    file = tmp_path / "open.csv"
    file.write_text("DECISION; note;Id\nsame;x;a1\ndifferent\n;;b2\n", encoding="utf-8")
    assert read(file) == [(2, "a1", "same", ""), (3, "", "different", "")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("none.xlsx", None),
        ("broken.xlsx", b"PK but no workbook"),
        ("empty.csv", b""),
        ("latin.csv", "id;decision\nü;same".encode("latin-1")),
        ("other.csv", b"id,answer\na1,same\n"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_whole(tmp_path: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(Unreadable, match="nothing was taken"):
        read(tmp_path / name)
