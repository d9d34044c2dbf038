"""Which sales we took back to draft and did not bring back, by Tryton's own log of them.

The state of a sale does not tell: one that is a draft or a quotation because we died on the way looks like one that is
meant to be one. But Tryton logs every change of state, with its user, in the transaction that makes it, and lets
everybody read that (Tryton 7.0 and later). We left a sale open where we were the last to take it back to draft, it has
not been where it was since, and nobody else has touched it since: whoever did knew what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from crmerp_assets.connectors.tryton.fields import Record
from crmerp_assets.connectors.tryton.reading import PAGE
from crmerp_assets.connectors.tryton.rpc import Rpc
from crmerp_assets.connectors.tryton.salesteps import MODEL
from crmerp_assets.connectors.tryton.values import text

LOG = "ir.model.log"
ASKED = ("state", "number", "write_uid")
"""What tells of a sale that it may be one."""
_STATE = "state:"
_AHEAD = {"quotation": "quotation", "confirmed": "confirmed", "processing": "confirmed"}
"""Where a sale is brought back that was in such a state; Tryton itself processes what is confirmed."""
_OVER = ("confirmed", "processing", "done", "cancelled")


def left_open(rpc: Rpc, sales: Iterable[Record]) -> dict[str, str]:
    """The state in which each of those was that we left open, by its id. A call for each 1,000 that may be one."""
    user = rpc.user()
    ids = [str(row["id"]) for row in sales if _may_be(row, user)]
    events: dict[str, list[Record]] = {one: [] for one in ids}
    for start in range(0, len(ids), PAGE):
        names = [f"{MODEL},{one}" for one in ids[start : start + PAGE]]
        for event in rpc.search_read(LOG, [["resource", "in", names]], ["resource", "event", "target", "user"]):
            events[str(event["resource"]).rpartition(",")[2]].append(event)
    found = {one: _opened(its, user) for one, its in events.items()}
    return {one: state for one, state in found.items() if state is not None}


def _may_be(sale: Record, user: str | None) -> bool:
    """Only what was quoted once has a number."""
    return sale["state"] in ("draft", "quotation") and bool(sale["number"]) and text(sale["write_uid"]) == user


def _opened(events: Sequence[Record], user: str | None) -> str | None:
    """The state from which we took a sale back, as long as that is not over; `events` in their order."""
    opened = before = None
    for event in events:
        ours, state = text(event["user"]) == user, _reached(event)
        if ours and state == "draft":
            opened = opened or _AHEAD.get(before or "")
        elif not ours or state in (opened, *_OVER):
            opened = None
        before = state or before
    return opened


def _reached(event: Record) -> str | None:
    """The state that a sale came to by this event."""
    target = str(event["target"])
    told = event["event"] == "transition" and target.startswith(_STATE)
    return target.removeprefix(_STATE) if told else None
