"""About how many calls a push or a fetch takes, so that a plan's cost is known before it is sent.

What a process asks once (version, fields, lists of countries and the like) is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from crmerp_assets.connectors.odoo.actions import AT_ONCE
from crmerp_assets.connectors.odoo.api import PAGE
from crmerp_assets.connectors.odoo.pushing import BATCH
from crmerp_assets.connectors.odoo.views import DELIVERY, KEY, view_of


def push_calls(object: str, creates: int, updates: int, confirms: bool) -> int:
    """An import for each batch. Orders are looked up by their key before, and confirmed and dated after."""
    orders = view_of(object).model == "sale.order"
    calls = _pages(creates, BATCH) + _pages(updates, BATCH)
    if not orders or not creates + updates:
        return calls
    steps = 3 * _pages(creates, BATCH) + _pages(creates, AT_ONCE) if confirms else 0
    return calls + steps + (2 if creates else 0) + (3 if updates else 0)


def fetch_calls(object: str, fields: Sequence[str], count: int) -> int:
    """Pages of 1,000, and for each the keys, the delivery addresses and each child list."""
    view = view_of(object)
    names = {path.partition(".")[0] for path in fields}
    lists = len((names & set(view.lists)) | {name for name, child in view.lists.items() if child.dates})
    return _pages(count, PAGE) * (1 + (KEY in fields) + 2 * (DELIVERY in names) + 2 * lists)


def _pages(count: int, size: int) -> int:
    return -(-count // size)
