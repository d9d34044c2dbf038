"""Confirming and cancelling orders: not values to write but steps to take, and only from the right state.

An order is made as a quotation by one call and confirmed by the next. Should the second be lost or refused, the order
is not one that is read or found by its key (see Reader): the write is sent again, which updates the same quotation
and confirms it. Confirming dates an order now; the day of the deal is put back after it. Once an order is confirmed
the write is never sent again as it was: a confirmed order takes no pricelist.

What a step answers says little: until version 18 `action_cancel` opens a window that asks, and does nothing. So the
state is read again after every step, and it alone counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from crmerp_assets.connectors.errors import ConnectorError, Gone, Rejected, Unknown
from crmerp_assets.connectors.odoo.answers import SYSTEM
from crmerp_assets.connectors.odoo.api import OdooApi, chunks
from crmerp_assets.connectors.odoo.drafts import Draft
from crmerp_assets.connectors.odoo.views import QUOTES, View
from crmerp_assets.connectors.protocol import Result

Results = dict[str, Result]
Ids = Mapping[str, str]
_REACHED: Mapping[str, tuple[str, ...]] = {"sale": ("sale", "done"), "cancel": ("cancel",)}
AT_ONCE = 100
"""Orders that are confirmed in a call, within the 120 seconds that a worker of a self-hosted server has: it books."""
_SILENT = {"disable_cancel_warning": True}


class Actions:
    """Takes the steps that the writes of a batch ask for. With `confirms`, a new order is a confirmed one."""

    def __init__(self, api: OdooApi, confirms: bool) -> None:
        self._api, self._confirms = api, confirms

    def after(self, view: View, drafts: Sequence[Draft], ids: Ids, results: Results) -> None:
        """Steps for drafts that were loaded; `ids` are record ids by write id."""
        wanted = {draft.write.id: self._wanted(draft) for draft in drafts} if view.model == "sale.order" else {}
        stepping = [draft for draft in drafts if wanted.get(draft.write.id)]
        if not stepping:
            return
        try:
            states = self._states([ids[draft.write.id] for draft in stepping])
        except ConnectorError as failure:
            _all_failed(stepping, ids, failure, results)
            return
        confirm = [d for d in stepping if wanted[d.write.id] == "sale" and states.get(ids[d.write.id]) in QUOTES]
        cancel = [d for d in stepping if wanted[d.write.id] == "cancel" and states.get(ids[d.write.id]) != "cancel"]
        for some in chunks(confirm, AT_ONCE):
            self._step("action_confirm", some, ids, results)
        for some in chunks(cancel, AT_ONCE):
            self._step("action_cancel", some, ids, results, _SILENT)
        taken = [draft for draft in [*confirm, *cancel] if results[draft.write.id].error is None]
        self._reached(taken, {d.write.id: wanted[d.write.id] or "" for d in taken}, ids, results)
        self._dates([draft for draft in confirm if results[draft.write.id].error is None], ids, results)

    def confirmed(self, ids: Mapping[str, str]) -> set[str]:
        """The keys (of key -> order id) whose order is confirmed."""
        states = self._states(list(ids.values())) if ids else {}
        return {key for key, id_ in ids.items() if states.get(id_) in _REACHED["sale"]}

    def _wanted(self, draft: Draft) -> str | None:
        if draft.creates and self._confirms:
            return draft.state or "sale"
        return draft.state

    def _states(self, ids: Sequence[str]) -> dict[str, str]:
        return {str(row["id"]): str(row["state"]) for row in self._api.some("sale.order", ids, ["state"])}

    def _step(
        self,
        method: str,
        drafts: Sequence[Draft],
        ids: Ids,
        results: Results,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        """One call for all; where one order refuses or is gone, halves are tried, so that the others get through."""
        if not drafts:
            return
        params = {"ids": [int(ids[draft.write.id]) for draft in drafts]}
        try:
            self._api.call("sale.order", method, params, context=context)
        except (Rejected, Gone) as refused:
            if len(drafts) == 1:
                _all_failed(drafts, ids, refused, results)
                return
            half = len(drafts) // 2
            self._step(method, drafts[:half], ids, results, context)
            self._step(method, drafts[half:], ids, results, context)
        except ConnectorError as failure:
            _all_failed(drafts, ids, failure, results)

    def _reached(self, drafts: Sequence[Draft], wanted: Mapping[str, str], ids: Ids, results: Results) -> None:
        """An order that took its step and is not in the state it leads to is refused, whatever the step answered."""
        if not drafts:
            return
        try:
            states = self._states([ids[draft.write.id] for draft in drafts])
        except ConnectorError as failure:
            _unsure(drafts, ids, failure, results)
            return
        for draft in drafts:
            state, aim = states.get(ids[draft.write.id], "gone"), wanted[draft.write.id]
            if state not in _REACHED.get(aim, (aim,)):
                _all_failed([draft], ids, self._stayed(state, aim), results)

    def _stayed(self, state: str, aim: str) -> Rejected:
        reason = f"the order is {state} and not {aim} after it was to become that"
        now = "look at the order in Odoo (an approval or an automation may hold it); then `crmerp retry`"
        message = f"{self._api.name}: {reason}; {now}."
        return Rejected(message, system=SYSTEM, reason=reason, code="STATE")

    def _dates(self, drafts: Sequence[Draft], ids: Ids, results: Results) -> None:
        """Every failure leaves the orders confirmed all the same: it is settled by the key, and nothing sent again."""
        dated = [draft for draft in drafts if draft.day]
        if not dated:
            return
        rows = [[ids[draft.write.id], draft.day or ""] for draft in dated]
        try:
            answer = self._api.call("sale.order", "load", {"fields": [".id", "date_order"], "data": rows})
        except ConnectorError as failure:
            _unsure(dated, ids, failure, results)
            return
        if not answer["ids"]:
            message = f"{self._api.name} confirmed the order and did not take its day; it is settled by its key."
            _all_failed(dated, ids, Unknown(message, system=SYSTEM), results)


def _unsure(drafts: Sequence[Draft], ids: Ids, failure: ConnectorError, results: Results) -> None:
    """Something failed after the step itself was taken."""
    message = f"The order took its step, and then: {failure} It is settled by its key."
    _all_failed(drafts, ids, Unknown(message, system=SYSTEM), results)


def _all_failed(drafts: Sequence[Draft], ids: Ids, failure: ConnectorError, results: Results) -> None:
    for draft in drafts:
        error = copy(failure)
        error.object, error.record = draft.write.object, draft.write.key
        results[draft.write.id] = Result(draft.write.id, ids.get(draft.write.id), error)
