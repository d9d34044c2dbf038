"""Sales that were taken back to draft to be changed, and what becomes of them when something fails on the way.

Each button is a transaction of its own. When a later one fails, the sale is brought back to the state from which it was
taken; but where the change itself gave no answer, the sale waits for it to be sent again: confirmed without it, it
would be processed at once, and could be changed no more. One that Tryton does not confirm any more stays a draft: as a
quotation it would look as if somebody had wanted no more of it. One that was to be cancelled stays a draft, too. What
fails on the way back as well, or dies, leaves a sale open (opened.py); its next change brings it back, or `finish`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from crmerp_assets.connectors.errors import ConnectorError, Duplicate, Rejected, Unknown, VersionConflict
from crmerp_assets.connectors.tryton.opened import ASKED, left_open
from crmerp_assets.connectors.tryton.rpc import Rpc, ids_in
from crmerp_assets.connectors.tryton.salesteps import MODEL, OPEN, Step, stamps, too_late
from crmerp_assets.connectors.tryton.values import text

CANCELLED = "cancelled"


def bring_back(rpc: Rpc, steps: Sequence[Step]) -> None:
    """Quote and confirm again what was taken back to draft and did not come through. What fails here is left to the
    next change of the sale: the error that led here is the one to tell."""
    hanging = [step for step in steps if step.opened and step.state != step.target and step.target != CANCELLED]
    if not hanging:
        return
    with suppress(ConnectorError):
        rows = rpc.search_read(MODEL, [["id", "in", ids_in([step.id for step in hanging])]], ["id", "state"])
        states = {text(row["id"]): str(row["state"]) for row in rows}
        for step in hanging:
            _bring_back(rpc, step.id, states.get(step.id), step.opened)


def finish(rpc: Rpc, ids: Sequence[str]) -> set[str]:
    """Quote and confirm again those of the sales that we left open; the ids of those that Tryton does not."""
    rows = rpc.search_read(MODEL, [["id", "in", ids_in(ids)]], ["id", *ASKED])
    states = {str(row["id"]): str(row["state"]) for row in rows}
    opened = left_open(rpc, rows)
    return {one for one, state in opened.items() if not _bring_back(rpc, one, states[one], state)}


def _bring_back(rpc: Rpc, sale: str, state: str | None, opened: str | None) -> bool:
    """Whether it is back. Only what the one sale suffers is passed over; where the server is ill, the others are not
    tried either."""
    try:
        if state == "draft":
            _press(rpc, "quote", [sale])
            state = "quotation"
        if state == "quotation" and opened == "confirmed":
            _confirm(rpc, sale)
    except (Rejected, VersionConflict, Duplicate):
        return False
    return True


def _confirm(rpc: Rpc, sale: str) -> None:
    try:
        _press(rpc, "confirm", [sale])
    except Rejected:
        _press(rpc, "draft", [sale])
        raise


def press(rpc: Rpc, button: str, steps: Sequence[Step], timestamps: Mapping[str, str] | None = None) -> None:
    if steps:
        _press(rpc, button, [step.id for step in steps], timestamps)


def _press(rpc: Rpc, button: str, sales: Sequence[str], timestamps: Mapping[str, str] | None = None) -> None:
    rpc.write(f"model.{MODEL}.{button}", [int(sale) for sale in sales], timestamps=timestamps)


def take_back(rpc: Rpc, steps: Sequence[Step]) -> None:
    """Back to draft, all of them or none; not if somebody has changed one since it was read."""
    for step in steps:
        if step.state not in OPEN:
            raise too_late(rpc.name, step)
    try:
        press(rpc, "draft", steps, stamps(steps))
    except Unknown:
        _note(steps)
        raise
    _note(steps)


def _note(steps: Sequence[Step]) -> None:
    for step in steps:
        step.open()
