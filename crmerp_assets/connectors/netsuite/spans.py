"""Spans of internal ids that are read at the same time.

A record keeps its id whatever happens to it, so that a row is in one span only, and no change made meanwhile moves a
row out of a span that is still to be read: offsets would do that. The last span has no end, for records made meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from crmerp_assets.connectors.netsuite.suiteql import PAGE

FROM_PAGES = 10
"""Where no more than this is left, it is read page by page: the spans cost about a tenth more calls."""
FILLED = 0.95
"""How full a page is meant to be. Ids have gaps, and a span with a row too many costs a second page."""


@dataclass(frozen=True, slots=True)
class Span:
    """Ids above `after`, up to and with `upto`; None: all that there are."""

    after: int
    upto: int | None

    def holds(self, id: int) -> bool:
        return id > self.after and (self.upto is None or id <= self.upto)


def split(rest: Span, last: int, rows: int) -> list[Span]:
    """`rest` in spans of about a page each, where `rows` of ids up to `last` are spread evenly."""
    count = -(-rows // int(PAGE * FILLED))
    width = max(1, -(-(last - rest.after) // count))
    edges = [*range(rest.after, max(last, rest.after + 1), width), rest.upto]
    return [Span(after, upto) for after, upto in pairwise(edges) if after is not None]
