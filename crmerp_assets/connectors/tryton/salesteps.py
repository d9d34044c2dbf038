"""A sale on its way, and what of it must still be written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crmerp_assets.connectors.errors import Rejected
from crmerp_assets.connectors.tryton.bodies import Draft
from crmerp_assets.connectors.tryton.fields import SYSTEM, Record, behind, versions
from crmerp_assets.connectors.tryton.objects import SALE, UNFINISHED
from crmerp_assets.connectors.tryton.values import number, text

MODEL = SALE.model
OPEN = ("draft", "quotation", "confirmed")


@dataclass(slots=True)
class Step:
    """A sale: its id once there is one, its state, and the state that it must come to.

    `opened` is the state from which we took it back to draft, now or before (opened.py). `touched`:
    it was written since it was read, so that its version is another. `written`: it holds all that it was to be
    given. `header` and `lines` are worked out before anything is sent, because a read that fails between two writes
    would leave a sale half way.
    """

    draft: Draft
    target: str | None
    current: Record | None
    id: str = ""
    state: str = "draft"
    opened: str | None = None
    touched: bool = False
    written: bool = False
    header: dict[str, Any] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)

    def found(self, record: Record, opened: str | None = None) -> None:
        """Go on with a sale that is there, and that we had left open if it was `opened`."""
        self.current, self.id, self.state = record, str(record["id"]), str(record["state"])
        _drop_unchanged(self.draft, record)
        self.opened, self.target = opened, self.target or opened

    def open(self) -> None:
        """It is a draft now, to be brought back where it was."""
        self.opened = self.opened or self.state
        self.target, self.state, self.touched = self.target or self.opened, "draft", True

    def reference(self) -> str:
        return str((self.current or {}).get("reference") or "")

    def unfinished(self) -> bool:
        if self.draft.write.operation != "create":
            return False
        return self.target is not None if self.current is None else self.reference().endswith(UNFINISHED)

    def changed(self) -> bool:
        return self.current is not None and (bool(self.draft.values) or self.draft.lines is not None)

    def needs_draft(self) -> bool:
        """Tryton lets nobody change more than the reference of a sale that is past its draft."""
        return self.draft.lines is not None or bool(self.draft.values.keys() - {"reference"})

    def names(self) -> list[str | None]:
        """Tryton's texts name the customer."""
        return [text(behind(self.current or {}, "party.rec_name"))]


def stamps(steps: Iterable[Step]) -> dict[str, str]:
    """The versions that were read, by what Tryton calls the records; of a sale that was touched only its lines'."""
    return {
        name: version
        for step in steps
        if step.current is not None
        for name, version in versions(SALE, step.current).items()
        if not (step.touched and name.startswith(f"{MODEL},"))
    }


def too_late(name: str, step: Step) -> Rejected:
    reason = f"Tryton has the sale in state {step.state} already, in which it takes no such change"
    now = "win an amendment deal, credit the invoice, or put the deal back"
    return Rejected(
        f"{name}: {reason}; {now}.",
        system=SYSTEM,
        reason=reason,
        code="SALE_STARTED",
        object=MODEL,
        record=step.draft.write.key,
    )


def _drop_unchanged(draft: Draft, current: Record) -> None:
    """Leave out what the sale holds already, so that it is not opened again for nothing."""
    for name, value in list(draft.values.items()):
        if _text(value) == text(current[name]):
            del draft.values[name]
    if draft.lines is not None:
        held = [_compared(row) for row in current["lines."] if row["type"] == "line"]
        if [_compared(line) for line in draft.lines] == held:
            draft.lines = None


def _text(value: Any) -> str | None:
    """A value as it goes out, in the form of one that came in."""
    return text({name: str(part) for name, part in value.items()} if isinstance(value, Mapping) else value)


def _compared(line: Record) -> tuple[Any, ...]:
    quantity, price = number(line.get("quantity")), number(line.get("unit_price"))
    return text(line.get("product")), quantity, price, text(line.get("description"))
