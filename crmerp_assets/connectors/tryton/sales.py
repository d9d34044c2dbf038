"""Sales: made, quoted and confirmed, in steps that can each be the last before this process dies.

Tryton has no way to make a sale and confirm it in one transaction. So a sale carries its key with UNFINISHED behind it
until it is as far as it must be, and no reading shows it before: whoever looks the key up finds nothing and sends the
create again, which goes on with the sale that it finds. A button is pressed only in the state that it starts from,
because a second confirm fails.

The reference is not unique. A create whose answer was lost may still run when it is looked for and sent again, so that
two sales come of it; a look behind every create finds both. The one that is further on its way is kept, as another
process may be about to confirm it, or the older of two drafts; the other is cancelled under a reference that no reading
shows, unless somebody has changed it since the look.

Nothing but what is sent gets into a sale over JSON-RPC. Addresses and payment term come from the party, unit and taxes
from the product, as Tryton's own client would fill them in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crmerp_assets.connectors.errors import ConnectorError, Gone, Rejected, Transient, Unknown
from crmerp_assets.connectors.protocol import Write
from crmerp_assets.connectors.tryton.batching import Batches
from crmerp_assets.connectors.tryton.bodies import Draft
from crmerp_assets.connectors.tryton.failures import sent_texts, without
from crmerp_assets.connectors.tryton.fields import SYSTEM, Record
from crmerp_assets.connectors.tryton.objects import UNFINISHED
from crmerp_assets.connectors.tryton.opened import left_open
from crmerp_assets.connectors.tryton.reading import PAGE
from crmerp_assets.connectors.tryton.reopening import bring_back, press, take_back
from crmerp_assets.connectors.tryton.rpc import Rpc, ids_in
from crmerp_assets.connectors.tryton.saledefaults import SaleDefaults
from crmerp_assets.connectors.tryton.salesteps import MODEL, Step, stamps

BATCH = 50
FINISHED = 200
"""Sales whose key is given its final form in a call, which books nothing."""
TWICE = f" (made twice){UNFINISHED}"
_WAY = {"draft": 1, "quotation": 2, "confirmed": 3, "processing": 4, "done": 5}
_GIVEN_UP = ("draft", "quotation")
_NEXT = {"draft": "quote", "quotation": "confirm"}
_FIELDS = ("state", "number", "reference", "party", "party.rec_name", "currency", "write_uid", "_timestamp")
_LINE = ("type", "product", "quantity", "unit_price", "description", "_timestamp")
Outcome = str | ConnectorError


class Sales:
    """The sales of one push."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self._defaults = SaleDefaults(rpc)
        self._held: frozenset[str] = frozenset()

    def send(self, drafts: Sequence[Draft], batches: Batches, outcomes: dict[str, Outcome]) -> None:
        """What became of each write goes into `outcomes`, by its id."""
        self._held = frozenset(name for draft in drafts for name in draft.values)
        rows = self._rows([draft.write for draft in drafts])
        found, opened = _by_name(rows), left_open(self._rpc, rows)
        steps = [step for draft in drafts if (step := self._step(draft, found, opened, outcomes))]
        going = self._prepared(steps, outcomes)
        try:
            for phase, size in (
                (self._make, BATCH),
                (self._alone, PAGE),
                *((phase, BATCH) for phase in (self._change, self._quote, self._confirm, self._cancel)),
                (self._finish, FINISHED),
            ):
                going = self._through(phase, size, going, outcomes, batches)
        finally:
            bring_back(self._rpc, [one for one in steps if not _comes_again(one, outcomes.get(one.draft.write.id))])
        outcomes |= {step.draft.write.id: step.id for step in going}

    def _through(
        self,
        phase: Callable[[Sequence[Step]], Sequence[Step]],
        size: int,
        going: Sequence[Step],
        outcomes: dict[str, Outcome],
        batches: Batches,
    ) -> list[Step]:
        """The steps that came through a phase; what befell the others is noted."""
        left: list[Step] = []
        for step, done in zip(going, batches.send(going, size, phase), strict=True):
            if isinstance(done, ConnectorError):
                outcomes[step.draft.write.id] = self._unnamed(done, step)
            else:
                left.append(done)
        return left

    def _step(
        self, draft: Draft, found: Mapping[str, Record], opened: Mapping[str, str], outcomes: dict[str, Outcome]
    ) -> Step | None:
        write = draft.write
        current = found.get(write.native_id or "") if write.operation == "update" else _by_key(write, found)
        step = Step(draft, draft.values.pop("state", None), None)
        if write.operation == "update" and current is None:
            message = f"{self._rpc.name}: the sale does not exist any more; its link must follow."
            outcomes[write.id] = Gone(message, system=SYSTEM, object=write.object, record=write.key)
            return None
        draft.party = draft.values.get("party") or (int(current["party"]) if current else None)
        if current is not None:
            step.found(current, opened.get(str(current["id"])) if write.operation == "update" else None)
        return step

    def _prepared(self, steps: Sequence[Step], outcomes: dict[str, Outcome]) -> list[Step]:
        """The steps with all that is to be sent. What Tryton cannot work out is an error for its sale alone."""
        self._defaults.learn([step.draft for step in steps])
        ready: list[Step] = []
        for step in steps:
            try:
                step.header, step.lines = self._defaults.header(step.draft), self._defaults.lines(step.draft)
                ready.append(step)
            except Rejected as refused:
                outcomes[step.draft.write.id] = self._unnamed(refused, step)
        return ready

    def _unnamed(self, error: ConnectorError, step: Step) -> ConnectorError:
        names = [*step.names(), self._defaults.name(step.draft)]
        return without(error, sent_texts([name for name in names if name]))

    def _rows(self, writes: Sequence[Write]) -> list[Record]:
        """The sales that are there of these ids, and of the keys of creates."""
        keys = [write.key for write in writes if write.operation == "create"]
        ids = ids_in([write.native_id or "" for write in writes if write.operation == "update"])
        names = [*keys, *(f"{key}{UNFINISHED}" for key in keys)]
        asks = ["id", *_FIELDS, *sorted(self._held), *(f"lines.{name}" for name in _LINE)]
        return self._rpc.search_read(MODEL, [["OR", ["reference", "in", names], ["id", "in", ids]]], asks)

    def _make(self, steps: Sequence[Step]) -> list[Step]:
        new = [step for step in steps if not step.id]
        if new:
            bodies = [self._body(step) for step in new]
            for step, one in zip(new, self._rpc.write(f"model.{MODEL}.create", bodies), strict=True):
                step.id = str(one)
        return list(steps)

    def _body(self, step: Step) -> dict[str, Any]:
        mark = UNFINISHED if step.target else ""
        lines = [["create", step.lines]] if step.lines else []
        named = {"reference": f"{step.draft.write.key}{mark}", "lines": lines}
        return {**step.header, **step.draft.values, **named}

    def _alone(self, steps: Sequence[Step]) -> list[Step]:
        """Go on with one of two sales of one key, and give up the other."""
        made = [step for step in steps if step.current is None or step.unfinished()]
        rows = self._rows([step.draft.write for step in made]) if made else []
        found = _by_name(rows)
        kept = {step.id: row for step in made if (row := _by_key(step.draft.write, found))}
        keep = {row["id"] for row in kept.values()}
        self._give_up([row for row in rows if row["id"] not in keep and row["state"] in _GIVEN_UP])
        for step in made:
            if step.id in kept and step.id != str(kept[step.id]["id"]):
                step.found(kept[step.id])
        return list(steps)

    def _give_up(self, doubles: Sequence[Record]) -> None:
        if not doubles:
            return
        params: list[Any] = []
        for row in doubles:
            params += [[int(row["id"])], {"reference": f"{str(row['reference']).removesuffix(UNFINISHED)}{TWICE}"}]
        seen = {f"{MODEL},{row['id']}": str(row["_timestamp"]) for row in doubles}
        self._rpc.write(f"model.{MODEL}.write", *params, timestamps=seen)
        self._rpc.write(f"model.{MODEL}.cancel", [int(row["id"]) for row in doubles])

    def _change(self, steps: Sequence[Step]) -> list[Step]:
        """Write what differs, in a draft: a sale that nobody works on goes back to one, and on again."""
        changed = [step for step in steps if step.changed()]
        take_back(self._rpc, [step for step in changed if step.state != "draft" and step.needs_draft()])
        if changed:
            params: list[Any] = []
            for step in changed:
                params += [[int(step.id)], _changes(step)]
            self._rpc.write(f"model.{MODEL}.write", *params, timestamps=stamps(changed))
        for step in changed:
            step.touched = True
        for step in steps:
            step.written = True
        return list(steps)

    def _quote(self, steps: Sequence[Step]) -> list[Step]:
        return self._advance("draft", "quotation", steps)

    def _confirm(self, steps: Sequence[Step]) -> list[Step]:
        return self._advance("quotation", "confirmed", steps)

    def _advance(self, state: str, to: str, steps: Sequence[Step]) -> list[Step]:
        ahead = {"quotation": ("quotation", "confirmed", "processing"), "confirmed": ("confirmed", "processing")}[to]
        due = [step for step in steps if step.state == state and step.target in ahead]
        press(self._rpc, _NEXT[state], due)
        for step in due:
            step.state = to
        return list(steps)

    def _cancel(self, steps: Sequence[Step]) -> list[Step]:
        """Tryton cancels a draft or a quotation."""
        due = [step for step in steps if step.target == "cancelled" and step.state != "cancelled"]
        take_back(self._rpc, [step for step in due if step.state not in ("draft", "quotation")])
        press(self._rpc, "cancel", due)
        for step in due:
            step.state = "cancelled"
        return list(steps)

    def _finish(self, steps: Sequence[Step]) -> list[Step]:
        """Give the key its final form."""
        due = [step for step in steps if step.unfinished()]
        if due:
            params: list[Any] = []
            for step in due:
                params += [[int(step.id)], {"reference": step.draft.write.key}]
            self._rpc.write(f"model.{MODEL}.write", *params)
        return list(steps)


def _comes_again(step: Step, outcome: Outcome | None) -> bool:
    """Whether the change itself is sent once more: then that confirms the sale. Confirmed without it the sale would be
    worked on at once, and could be changed no more."""
    return not step.written and isinstance(outcome, Unknown | Transient)


def _by_name(rows: Sequence[Record]) -> dict[str, Record]:
    """Sales by id, and of each reference the one that is furthest on its way; of two as far, the older."""
    found = {str(row["id"]): row for row in rows}
    ranked = sorted(rows, key=lambda row: (_WAY.get(row["state"], 0), -int(row["id"])))
    return found | {f"key {row['reference']}": row for row in ranked}


def _by_key(write: Write, found: Mapping[str, Record]) -> Record | None:
    return found.get(f"key {write.key}") or found.get(f"key {write.key}{UNFINISHED}")


def _changes(step: Step) -> dict[str, Any]:
    values = dict(step.draft.values)
    if step.state == "draft" and step.unfinished():
        values = {**step.header, **values}
    if step.reference().endswith(UNFINISHED):
        values.pop("reference", None)
    if step.draft.lines is None or step.current is None:
        return values
    old = [int(row["id"]) for row in step.current["lines."] if row["type"] == "line"]
    commands = [["delete", old]] if old else []
    return {**values, "lines": [*commands, ["create", step.lines]]}
