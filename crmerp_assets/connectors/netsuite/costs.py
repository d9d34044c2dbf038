"""About how many calls a push or a fetch takes, so that a plan's cost is known before it is sent.

Lookups that a process makes once (currencies, terms, custom fields) are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from crmerp_assets.connectors.netsuite.batches import BATCH
from crmerp_assets.connectors.netsuite.objects import native_object
from crmerp_assets.connectors.netsuite.pushing import FEW
from crmerp_assets.connectors.netsuite.suiteql import PAGE


def push_calls(object: str, creates: int, updates: int) -> int:
    """Few writes go one by one. Many go as jobs: a submission and about one look each, the server's time before, and
    one query for each 1,000 to confirm them."""
    types = _pages(updates, PAGE) if native_object(object).record_types else 0
    if creates + updates <= FEW:
        return creates + updates + types
    jobs = _pages(creates, BATCH) + _pages(updates, BATCH)
    return 1 + 2 * jobs + _pages(creates, PAGE) + _pages(updates, PAGE) + types


def fetch_calls(object: str, fields: Sequence[str], count: int) -> int:
    """Queries of 1,000 records, and as many for each child list."""
    native = native_object(object)
    children = {path.partition(".")[0] for path in fields if path not in native.columns} & set(native.children)
    return _pages(count, PAGE) * (1 + len(children))


def _pages(count: int, size: int) -> int:
    return -(-count // size)
