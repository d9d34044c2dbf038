"""The runbook's table of what may change after the close is the one that the gates look up."""

from pathlib import Path

from crmerp_assets.merge.order_changes import SAID, TABLE
from crmerp_assets.merge.order_changes_page import BEGIN, END, order_changes_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operating.md"


def test_the_runbook_shows_the_table_of_changes() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page[page.index(BEGIN) + len(BEGIN) : page.index(END)].strip() == order_changes_page()


def test_every_status_and_every_change_is_told_once() -> None:
    rows = order_changes_page().splitlines()[2:]
    assert sorted(status for row in rows for status in TABLE if f"`{status}`" in row) == sorted(TABLE)
    for row in rows:
        for said in SAID.values():
            assert row.count(said.replace(" was changed", "").replace(" was ", " ")) == 1, (row, said)
