"""What may be changed of an order, as the runbook shows it: rendered from the table that the gates look up."""

from collections.abc import Mapping

from crmerp_assets.merge.order_changes import SAID, TABLE, Cell

BEGIN, END = "<!-- order changes: begin -->", "<!-- order changes: end -->"


def order_changes_page() -> str:
    """A Markdown table: by state of the order, what is changed in place, and what a person does about the rest."""
    same: dict[str, list[str]] = {}
    for status, row in TABLE.items():
        same.setdefault(_row(row), []).append(f"`{status}`")
    head = ["| the order is | changed in place | not changed: what to do instead |", "| --- | --- | --- |"]
    return "\n".join([*head, *(f"| {', '.join(statuses)} | {row} |" for row, statuses in same.items())])


def _row(row: Mapping[str, Cell]) -> str:
    free = [_short(change) for change, cell in row.items() if cell.in_place]
    steps: dict[str, list[str]] = {}
    for change, cell in row.items():
        if cell.step is not None:
            steps.setdefault(cell.step, []).append(_short(change))
    told = "; ".join(f"{', '.join(changes)}: *{step}*" for step, changes in steps.items())
    return f"{', '.join(free) or 'nothing'} | {told or 'nothing'}"


def _short(change: str) -> str:
    """A change without its verb: `a line added`, `the customer`."""
    return SAID[change].replace(" was changed", "").replace(" was ", " ")
