"""Confirming and cancelling orders: not values to write but steps to take, and only from the right state.

An order is made as a quotation by one call and confirmed by the next. Should the second be lost, the order is not one
that is found by its key (see Reader): the write is sent again, which updates the same quotation and confirms it.
Confirming dates an order now; the day of the deal is put back after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy

from crmerp_assets.connectors.errors import ConnectorError, Rejected
from crmerp_assets.connectors.odoo.api import OdooApi
from crmerp_assets.connectors.odoo.drafts import Draft
from crmerp_assets.connectors.odoo.views import View
from crmerp_assets.connectors.protocol import Result

Results = dict[str, Result]
_QUOTES = ("draft", "sent")


class Actions:
    """Takes the steps that the writes of a batch ask for. With `confirms`, a new order is a confirmed one."""

    def __init__(self, api: OdooApi, confirms: bool) -> None:
        self._api, self._confirms = api, confirms

    def after(self, view: View, drafts: Sequence[Draft], ids: Mapping[str, str], results: Results) -> None:
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
        confirm = [d for d in stepping if wanted[d.write.id] == "sale" and states.get(ids[d.write.id]) in _QUOTES]
        cancel = [d for d in stepping if wanted[d.write.id] == "cancel" and states.get(ids[d.write.id]) != "cancel"]
        self._step("action_confirm", confirm, ids, results)
        self._step("action_cancel", cancel, ids, results)
        self._dates([draft for draft in confirm if results[draft.write.id].error is None], ids, results)

    def _wanted(self, draft: Draft) -> str | None:
        if draft.creates and self._confirms:
            return draft.state or "sale"
        return draft.state

    def _states(self, ids: Sequence[str]) -> dict[str, str]:
        return {str(row["id"]): str(row["state"]) for row in self._api.some("sale.order", ids, ["state"])}

    def _step(self, method: str, drafts: Sequence[Draft], ids: Mapping[str, str], results: Results) -> None:
        """One call for all; where one order refuses, halves are tried, so that the others get through."""
        if not drafts:
            return
        try:
            self._api.call("sale.order", method, {"ids": [int(ids[draft.write.id]) for draft in drafts]})
        except Rejected as refused:
            if len(drafts) == 1:
                _all_failed(drafts, ids, refused, results)
                return
            half = len(drafts) // 2
            self._step(method, drafts[:half], ids, results)
            self._step(method, drafts[half:], ids, results)
        except ConnectorError as failure:
            _all_failed(drafts, ids, failure, results)

    def _dates(self, drafts: Sequence[Draft], ids: Mapping[str, str], results: Results) -> None:
        dated = [draft for draft in drafts if draft.day]
        if not dated:
            return
        rows = [[ids[draft.write.id], draft.day or ""] for draft in dated]
        try:
            self._api.call("sale.order", "load", {"fields": [".id", "date_order"], "data": rows})
        except ConnectorError as failure:
            _all_failed(dated, ids, failure, results)


def _all_failed(drafts: Sequence[Draft], ids: Mapping[str, str], failure: ConnectorError, results: Results) -> None:
    for draft in drafts:
        error = copy(failure)
        error.object, error.record = draft.write.object, draft.write.key
        results[draft.write.id] = Result(draft.write.id, ids.get(draft.write.id), error)
