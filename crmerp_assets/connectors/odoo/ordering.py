"""Which line of an order in Odoo is which line of the deal.

A confirmed order lets no line be deleted and no line get another product. So a line goes on as the line with the same
product, and one that is no more in the deal stays with the quantity 0.
"""

from __future__ import annotations

from collections.abc import Sequence

from crmerp_assets.connectors.odoo.api import MODULE, Record
from crmerp_assets.connectors.odoo.drafts import Cells


def matched(order: str, lines: Sequence[Cells], there: Sequence[Record]) -> list[Cells]:
    """The cells of every line with its external id, then what is left over, emptied."""
    left = list(there)
    names: list[str | None] = [_taken(left, line.get("product_id/.id", "")) for line in lines]
    used = {str(line["key"]) for line in there}
    fresh = (f"{order}_line_{number}" for number in range(1, len(lines) + len(there) + len(used) + 2))
    found: list[Cells] = []
    for line, name in zip(lines, names, strict=True):
        key = name or next(one for one in fresh if one not in used)
        found.append({"id": f"{MODULE}.{key}", **line})
    gone = [line for line in left if float(line["product_uom_qty"])]
    return found + [_emptied(line) for line in gone]


def _emptied(line: Record) -> Cells:
    """The line as it is, without a quantity: a cell that is left out of a row would be emptied too."""
    product = str(line["product_id"][0]) if line["product_id"] else ""
    return {
        "id": f"{MODULE}.{line['key']}",
        "product_id/.id": product,
        "name": str(line["name"]),
        "sequence": str(line["sequence"]),
        "price_unit": str(line["price_unit"]),
        "product_uom_qty": "0",
    }


def _taken(left: list[Record], product: str) -> str | None:
    """The first free line with that product."""
    for line in left:
        if (str(line["product_id"][0]) if line["product_id"] else "") == product:
            left.remove(line)
            return str(line["key"])
    return None
