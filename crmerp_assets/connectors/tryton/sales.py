"""Sales: made, quoted and confirmed, in steps that can each be the last before this process dies.

Tryton has no way to make a sale and confirm it in one transaction. So a sale carries its key with UNFINISHED behind it
until it is as far as it must be, and no reading shows it before: whoever looks the key up finds nothing and sends the
create again, which goes on with the sale that it finds. A button is pressed only in the state that it starts from,
because a second confirm fails.

Nothing but what is sent gets into a sale over JSON-RPC. Addresses and payment term come from the party, unit and taxes
from the product, as Tryton's own client would fill them in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crmerp_assets.connectors.errors import ConnectorError, Gone, Rejected
from crmerp_assets.connectors.protocol import Write
from crmerp_assets.connectors.tryton.batching import Batches
from crmerp_assets.connectors.tryton.bodies import Draft
from crmerp_assets.connectors.tryton.fields import SYSTEM, NativeObject, Record
from crmerp_assets.connectors.tryton.metadata import Metadata
from crmerp_assets.connectors.tryton.objects import UNFINISHED
from crmerp_assets.connectors.tryton.reading import Reader
from crmerp_assets.connectors.tryton.rpc import Rpc, ids_in
from crmerp_assets.connectors.tryton.saledefaults import SaleDefaults
from crmerp_assets.connectors.tryton.values import number, text

BATCH = 50
MODEL = "sale.sale"
_NEXT = {"draft": "quote", "quotation": "confirm"}
_OPEN = ("draft", "quotation", "confirmed")
_FIELDS = ("state", "reference", "party", "currency", "_timestamp")
_LINE = ("type", "product", "quantity", "unit_price", "description")
Outcome = str | ConnectorError


@dataclass(slots=True)
class Step:
    """A sale on its way: its id once there is one, its state, and the state that it must come to."""

    draft: Draft
    target: str | None
    current: Record | None
    id: str = ""
    state: str = "draft"


class Sales:
    def __init__(self, rpc: Rpc, reader: Reader, metadata: Metadata) -> None:
        self._rpc = rpc
        self._reader = reader
        self._metadata = metadata
        self._defaults = SaleDefaults(rpc)

    def send(self, native: NativeObject, drafts: Sequence[Draft], batches: Batches) -> dict[str, Outcome]:
        """What became of each write, by its id."""
        held = {name for draft in drafts for name in draft.values}
        found = self._found([draft.write for draft in drafts], held)
        steps = [self._step(draft, found) for draft in drafts]
        outcomes: dict[str, Outcome] = {
            d.write.id: s for d, s in zip(drafts, steps, strict=True) if isinstance(s, ConnectorError)
        }
        going = [step for step in steps if isinstance(step, Step)]
        self._defaults.learn([step.draft for step in going])
        for phase in (self._make, self._change, self._quote, self._confirm, self._cancel, self._finish):
            going = self._through(phase, going, outcomes, batches)
        return outcomes | {step.draft.write.id: step.id for step in going}

    def _through(
        self,
        phase: Callable[[Sequence[Step]], Sequence[Step]],
        going: Sequence[Step],
        outcomes: dict[str, Outcome],
        batches: Batches,
    ) -> list[Step]:
        """The steps that came through a phase; what befell the others is noted."""
        left: list[Step] = []
        for step, done in zip(going, batches.send(going, BATCH, phase), strict=True):
            if isinstance(done, ConnectorError):
                outcomes[step.draft.write.id] = done
            else:
                left.append(done)
        return left

    def _step(self, draft: Draft, found: Mapping[str, Record]) -> Step | ConnectorError:
        write = draft.write
        current = found.get(write.native_id or "") if write.operation == "update" else _by_key(write, found)
        target = draft.values.pop("state", None)
        if write.operation == "update" and current is None:
            message = f"{self._rpc.name}: the sale does not exist any more; its link must follow."
            return Gone(message, system=SYSTEM, object=write.object, record=write.key)
        draft.party = draft.values.get("party") or (int(current["party"]) if current else None)
        if current is None:
            return Step(draft, target, None)
        _drop_unchanged(draft, current)
        return Step(draft, target, current, str(current["id"]), str(current["state"]))

    def _found(self, writes: Sequence[Write], held: Collection[str]) -> dict[str, Record]:
        """With the fields `held`: the sales that are there, by id, and those of creates by their reference too."""
        keys = [write.key for write in writes if write.operation == "create"]
        ids = ids_in([write.native_id or "" for write in writes if write.operation == "update"])
        names = [*keys, *(f"{key}{UNFINISHED}" for key in keys)]
        asks = ["id", *_FIELDS, *sorted(held), *(f"lines.{name}" for name in _LINE)]
        rows = self._rpc.search_read(MODEL, [["OR", ["reference", "in", names], ["id", "in", ids]]], asks)
        found = {str(row["id"]): row for row in rows}
        for row in reversed(rows):
            found[f"key {row['reference']}"] = row
        return found

    def _make(self, steps: Sequence[Step]) -> list[Step]:
        new = [step for step in steps if not step.id]
        if new:
            bodies = [self._body(step) for step in new]
            for step, one in zip(new, self._rpc.write(f"model.{MODEL}.create", bodies), strict=True):
                step.id = str(one)
        return list(steps)

    def _body(self, step: Step) -> dict[str, Any]:
        draft = step.draft
        mark = UNFINISHED if step.target else ""
        lines = [["create", self._defaults.lines(draft)]] if draft.lines else []
        named = {"reference": f"{draft.write.key}{mark}", "lines": lines}
        return {**self._defaults.header(draft), **draft.values, **named}

    def _change(self, steps: Sequence[Step]) -> list[Step]:
        """Write what differs, in a draft: a sale that nobody works on goes back to one, and on again."""
        changed = [step for step in steps if step.current is not None and _to_write(step.draft)]
        reopened = [step for step in changed if step.state != "draft" and _in_draft_only(step.draft)]
        for step in reopened:
            if step.state not in _OPEN:
                raise _too_late(self._rpc.name, step)
        self._press("draft", reopened)
        for step in reopened:
            step.target, step.state = step.target or step.state, "draft"
        if changed:
            params: list[Any] = []
            for step in changed:
                params += [[int(step.id)], self._changes(step)]
            untouched = [step for step in changed if step not in reopened]
            stamps = {f"{MODEL},{step.id}": str((step.current or {})["_timestamp"]) for step in untouched}
            self._rpc.write(f"model.{MODEL}.write", *params, timestamps=stamps)
        return list(steps)

    def _changes(self, step: Step) -> dict[str, Any]:
        values = dict(step.draft.values)
        if step.state == "draft" and _unfinished(step):
            values = {**self._defaults.header(step.draft), **values}
        if step.current is not None and str(step.current["reference"] or "").endswith(UNFINISHED):
            values.pop("reference", None)
        if step.draft.lines is None or step.current is None:
            return values
        old = [int(row["id"]) for row in step.current["lines."]]
        commands = [["delete", old]] if old else []
        return {**values, "lines": [*commands, ["create", self._defaults.lines(step.draft)]]}

    def _quote(self, steps: Sequence[Step]) -> list[Step]:
        return self._advance("draft", "quotation", steps)

    def _confirm(self, steps: Sequence[Step]) -> list[Step]:
        return self._advance("quotation", "confirmed", steps)

    def _advance(self, state: str, to: str, steps: Sequence[Step]) -> list[Step]:
        ahead = {"quotation": ("quotation", "confirmed", "processing"), "confirmed": ("confirmed", "processing")}[to]
        due = [step for step in steps if step.state == state and step.target in ahead]
        self._press(_NEXT[state], due)
        for step in due:
            step.state = to
        return list(steps)

    def _cancel(self, steps: Sequence[Step]) -> list[Step]:
        due = [step for step in steps if step.target == "cancelled" and step.state != "cancelled"]
        for step in due:
            if step.state not in _OPEN:
                raise _too_late(self._rpc.name, step)
        self._press("draft", [step for step in due if step.state == "confirmed"])
        self._press("cancel", due)
        return list(steps)

    def _finish(self, steps: Sequence[Step]) -> list[Step]:
        """Give the key its final form."""
        due = [step for step in steps if _unfinished(step)]
        if due:
            params: list[Any] = []
            for step in due:
                params += [[int(step.id)], {"reference": step.draft.write.key}]
            self._rpc.write(f"model.{MODEL}.write", *params)
        return list(steps)

    def _press(self, button: str, steps: Sequence[Step]) -> None:
        if steps:
            self._rpc.write(f"model.{MODEL}.{button}", [int(step.id) for step in steps])


def _by_key(write: Write, found: Mapping[str, Record]) -> Record | None:
    return found.get(f"key {write.key}") or found.get(f"key {write.key}{UNFINISHED}")


def _unfinished(step: Step) -> bool:
    if step.draft.write.operation != "create":
        return False
    if step.current is None:
        return step.target is not None
    return str(step.current["reference"] or "").endswith(UNFINISHED)


def _to_write(draft: Draft) -> bool:
    return bool(draft.values) or draft.lines is not None


def _in_draft_only(draft: Draft) -> bool:
    """Tryton lets nobody change more than the reference of a sale that is past its draft."""
    return draft.lines is not None or bool(draft.values.keys() - {"reference"})


def _text(value: Any) -> str | None:
    """A value as it goes out, in the form of one that came in."""
    return text({name: str(part) for name, part in value.items()} if isinstance(value, Mapping) else value)


def _drop_unchanged(draft: Draft, current: Record) -> None:
    """Leave out what the sale holds already, so that it is not opened again for nothing."""
    for name, value in list(draft.values.items()):
        if _text(value) == text(current[name]):
            del draft.values[name]
    if draft.lines is not None:
        held = [_compared(row) for row in current["lines."] if row["type"] == "line"]
        if [_compared(line) for line in draft.lines] == held:
            draft.lines = None


def _compared(line: Record) -> tuple[Any, ...]:
    quantity, price = number(line.get("quantity")), number(line.get("unit_price"))
    return text(line.get("product")), quantity, price, text(line.get("description"))


def _too_late(name: str, step: Step) -> Rejected:
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
