"""The mapping document reads the same in every format, and no value in it can act."""

import io
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest

from crmerp_assets.canonical import ENTITIES
from crmerp_assets.mapping import Matrix, load_governance, load_matrix
from crmerp_assets.mapping.render import html, markdown, xlsx

GOVERNANCE = load_governance()
EVIL = """=HYPERLINK("http://evil.example")|<script>"""


@pytest.fixture
def matrix(tmp_path: Path) -> Matrix:
    path = tmp_path / "mapping" / "matrix" / "customer.salesforce.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(f"fields: {{name: {{native: '{EVIL}'}}}}\n")
    return load_matrix(tmp_path)


class Cells(HTMLParser):
    """The texts of table cells, and every tag met."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.cells: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells:
            self.cells[-1] += data


def test_markdown_tables_have_one_row_a_field_and_as_many_cells_as_columns(matrix: Matrix) -> None:
    text = markdown(matrix, GOVERNANCE)
    tables = [line for line in text.splitlines() if line.startswith("|")]
    customer = tables[: len(ENTITIES["customer"].fields) + 2]
    assert {line.replace("\\|", "").count("|") for line in customer} == {7 + len(matrix.systems)}
    assert customer[2].startswith("| name | Name the company trades under | shared | newest | keep | no |")


def test_html_is_one_file_that_escapes_what_it_shows(matrix: Matrix) -> None:
    text = html(matrix, GOVERNANCE)
    found = Cells(text)
    assert "script" not in found.tags
    assert "link" not in found.tags
    assert f"{EVIL}, company_name, up to 255, required" in [cell.strip() for cell in found.cells]


MIRRORS = ["Order mirror", "Invoice mirror"]


def test_the_workbook_has_a_sheet_an_entity_and_no_formula(matrix: Matrix) -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx(matrix, GOVERNANCE)))
    assert book.sheetnames == [
        "Customer",
        "Contact",
        "Product",
        "Order",
        "Invoice",
        "Payment",
        "Exchange rate",
        *MIRRORS,
    ]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.hyperlink is None for cell in cells)
    assert any(str(cell.value).startswith("=HYPERLINK") for cell in cells)


def test_every_format_shows_every_mapped_native_field() -> None:
    matrix = load_matrix()
    natives = {path for m in matrix.all() for f in m.fields.values() for path in f.native}
    text, page = markdown(matrix, GOVERNANCE), html(matrix, GOVERNANCE)
    assert [path for path in natives if path not in text or path not in page] == []
