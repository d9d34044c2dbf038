"""Least privilege of the packaged mapping as the pages of docs/ show it: what `check --rights` asks for."""

from collections.abc import Iterable, Sequence

from crmerp_assets.connectors.protocol import Right
from crmerp_assets.mapping import FieldNeed
from crmerp_assets.sync.rights import reason

BEGIN, END = "<!-- rights of {0}: begin -->", "<!-- rights of {0}: end -->"
_GRANTED = "granted"


def rights_page(rights: Iterable[Right], needs: Sequence[FieldNeed]) -> str:
    """A Markdown table: on what, which rights, what for. Fields are counted; the command lists them."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for right in rights:
        on, _, verb = right.name.partition(": ")
        verbs, reasons = found.setdefault(on, ([], []))
        verbs.append(f"{verb} ({len(right.fields)})" if right.fields else verb or _GRANTED)
        reasons += [] if right.fields else [reason(right, needs)]
    rows = [(on, ", ".join(verbs), "; ".join(dict.fromkeys(filter(None, why)))) for on, (verbs, why) in found.items()]
    lines = [("on", "rights", "for"), ("---", "---", "---"), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def between_markers(page: str, system: str) -> str:
    """The generated part of a page. ValueError where a marker is missing."""
    begin, end = BEGIN.format(system), END.format(system)
    return page[page.index(begin) + len(begin) : page.index(end)].strip()
