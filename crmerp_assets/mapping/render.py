"""The mapping document that people read, in Markdown, as one HTML file, and as a workbook."""

import io
from collections.abc import Mapping
from html import escape

import xlsxwriter

from crmerp_assets.mapping.governance import EntityRules
from crmerp_assets.mapping.matrix import Matrix
from crmerp_assets.mapping.tables import Section, sections

TITLE = "Mapping"
_SHEET_NAME, _WIDEST = 31, 60
_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 110rem; padding: 0 1rem; }
nav a { margin-right: 1rem; }
h2 { margin-top: 2.5rem; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8886; padding: .35rem .6rem; text-align: left; vertical-align: top; }
th { position: sticky; top: 0; background: Canvas; }
td:first-child { font-family: ui-monospace, monospace; white-space: nowrap; }
tbody tr:hover { background: #8882; }
"""


def markdown(matrix: Matrix, governance: Mapping[str, EntityRules]) -> str:
    """A heading and a table for each entity."""
    parts = [f"# {TITLE}\n"]
    for section in sections(matrix, governance):
        rows = [section.header, ("---",) * len(section.header), *section.rows]
        table = "\n".join(f"| {' | '.join(map(_markdown_cell, row))} |" for row in rows)
        parts.append(f"## {section.title}\n\n{section.about}\n\n{table}\n")
    return "\n".join(parts)


def _markdown_cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", "<br>")


def html(matrix: Matrix, governance: Mapping[str, EntityRules]) -> str:
    """One file without anything to load from elsewhere."""
    found = sections(matrix, governance)
    links = "".join(f'<a href="#{_anchor(section)}">{escape(section.title)}</a>' for section in found)
    body = "".join(map(_html_section, found))
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{TITLE}</title>'
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<style>{_STYLE}</style></head>\n'
        f"<body><h1>{TITLE}</h1><nav>{links}</nav>{body}</body></html>\n"
    )


def _anchor(section: Section) -> str:
    return section.title.lower().replace(" ", "-")


def _html_section(section: Section) -> str:
    header = "".join(f'<th scope="col">{escape(name)}</th>' for name in section.header)
    rows = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in section.rows)
    return (
        f'\n<h2 id="{_anchor(section)}">{escape(section.title)}</h2><p>{escape(section.about)}</p>'
        f'<div class="table"><table><thead><tr>{header}</tr></thead>\n<tbody>{rows}</tbody></table></div>'
    )


def xlsx(matrix: Matrix, governance: Mapping[str, EntityRules]) -> bytes:
    """A workbook with one sheet an entity. Every cell is text, so that no value can act as a formula or a link."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        plain = book.add_format({"text_wrap": True, "valign": "top"})
        for section in sections(matrix, governance):
            sheet = book.add_worksheet(section.title[:_SHEET_NAME])
            for column, name in enumerate(section.header):
                sheet.write_string(0, column, name, bold)
            for number, row in enumerate(section.rows, start=1):
                for column, cell in enumerate(row):
                    sheet.write_string(number, column, cell, plain)
            _fit(sheet, section)
    return buffer.getvalue()


def _fit(sheet: xlsxwriter.worksheet.Worksheet, section: Section) -> None:
    """Columns as wide as their text up to a limit; heading and field names stay in view."""
    for column in range(len(section.header)):
        widest = max(len(row[column]) for row in (section.header, *section.rows))
        sheet.set_column(column, column, min(widest + 2, _WIDEST))
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, len(section.rows), len(section.header) - 1)
