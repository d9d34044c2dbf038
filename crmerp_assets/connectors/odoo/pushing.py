"""Pushing writes: as imports by external id, all or nothing to a call, with the refused ones taken out and told.

`load` is the only call that creates or updates many records with values of their own, and the only one that can be
repeated: the same external ids update what is there. Confirming and cancelling orders are calls of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from itertools import groupby
from typing import Any

from crmerp_assets.connectors.errors import (
    AuthFailed,
    ConfigError,
    ConnectorError,
    Dependent,
    Gone,
    QuotaSpent,
    Rejected,
    Throttled,
    Transient,
    Unknown,
)
from crmerp_assets.connectors.odoo.actions import Actions
from crmerp_assets.connectors.odoo.answers import SYSTEM, locked, reason_without_values
from crmerp_assets.connectors.odoo.api import OdooApi
from crmerp_assets.connectors.odoo.drafts import Draft, grid, referenced_keys, sent_values
from crmerp_assets.connectors.odoo.keys import Keys
from crmerp_assets.connectors.odoo.preparing import Preparer
from crmerp_assets.connectors.odoo.rights import may
from crmerp_assets.connectors.odoo.views import View
from crmerp_assets.connectors.protocol import Result, Write

BATCH = 200
"""Below the 120 seconds that a worker of a self-hosted server has for one call."""
ATTEMPTS = 3
ERRORS = 10
"""So many bad records end an import where they are one in ten."""
STOPPING = (AuthFailed, QuotaSpent, ConfigError)
"""Errors of the whole push, raised for as long as nothing came through."""
Results = dict[str, Result]
Message = Mapping[str, Any]


class Pusher:
    """Sends the writes of one object. Creates go first, so that no update leans on a record still to come."""

    def __init__(self, connection: str, api: OdooApi, keys: Keys, preparer: Preparer, actions: Actions) -> None:
        self._connection, self._api, self._keys = connection, api, keys
        self._preparer, self._actions = preparer, actions

    def push(self, view: View, writes: Sequence[Write]) -> list[Result]:
        if not writes:
            return []
        try:
            prepared = self._preparer.prepare(view, writes)
        except (Transient, Throttled) as failure:
            return [_failed(write, failure) for write in writes]
        results = {w.id: _failed(w, one) for w, one in zip(writes, prepared, strict=True) if not isinstance(one, Draft)}
        ready = sorted((one for one in prepared if isinstance(one, Draft)), key=lambda draft: not draft.creates)
        self._link(view, [draft for draft in ready if draft.link and not draft.creates], results)
        for batch in _batches([draft for draft in ready if draft.write.id not in results]):
            self._carry(view, batch, results)
        self._late(view, ready, results)
        self._excuse(writes, results)
        self._follow(view, writes, results)
        return [results[write.id] for write in writes]

    def _link(self, view: View, drafts: Sequence[Draft], results: Results) -> None:
        """Existing records get our key."""
        if not drafts:
            return
        try:
            self._keys.link(view.model, {d.write.key: d.write.native_id or "" for d in drafts})
        except ConnectorError as failure:
            _stop(failure, drafts, results)

    def _carry(self, view: View, batch: Sequence[Draft], results: Results) -> None:
        """Load a batch without those that are refused, until it is through or nothing is left of it."""
        left = [draft for draft in batch if not _empty(draft)]
        done = {draft.write.id: draft.write.native_id or "" for draft in batch if _empty(draft)}
        for _ in range(len(batch) + ATTEMPTS):
            if not left:
                break
            try:
                answer = self._load(view, left)
                if answer["ids"]:
                    done |= self._saved(left, answer["ids"])
                    break
                refused = self._refused(left, answer.get("messages") or [])
                if len(refused) + 1 >= min(len(left), ERRORS):
                    self._may(view, left)
            except ConnectorError as failure:
                _stop(failure, left, results)
                break
            results |= refused
            left = [draft for draft in left if draft.write.id not in refused]
        results |= {id_: Result(id_, native, None) for id_, native in done.items()}
        self._actions.after(view, [draft for draft in batch if draft.write.id in done], done, results)

    def _load(self, view: View, drafts: Sequence[Draft]) -> Mapping[str, Any]:
        """One import. Another transaction in the way shows as a message here; nothing was saved, so it is repeated."""
        columns, rows = grid(drafts)
        answer: Mapping[str, Any] = {}
        for _ in range(ATTEMPTS):
            answer = self._api.call(view.model, "load", {"fields": columns, "data": rows})
            if answer["ids"] or not any(locked(str(one.get("message"))) for one in answer.get("messages") or []):
                return answer
        raise Transient(f"{self._connection}: other transactions were in the way; it is tried again.", system=SYSTEM)

    def _saved(self, drafts: Sequence[Draft], ids: Sequence[Any]) -> dict[str, str]:
        """Record id by write id; Unknown where the ids are not as many as the records, so that none is another's."""
        if len(ids) != len(drafts):
            message = f"{self._connection} saved {len(drafts)} records and named {len(ids)}; settle them by their keys."
            raise Unknown(message, system=SYSTEM)
        return {draft.write.id: str(id_) for draft, id_ in zip(drafts, ids, strict=True)}

    def _may(self, view: View, drafts: Sequence[Draft]) -> None:
        """ConfigError where it is the user that is refused: an import says that record by record."""
        verb = "create" if drafts[0].creates else "write"
        if may(self._api, view.model, verb) is False:
            now = "give the user the access right in Settings, Users (`crmerp check` says which)"
            message = f"{self._connection}: not allowed to {verb} {view.name}; {now}."
            raise ConfigError(message, system=SYSTEM, object=view.name)

    def _refused(self, drafts: Sequence[Draft], messages: Sequence[Message]) -> Results:
        """The results of the records that messages are about; all of them where a message names none."""
        found: Results = {}
        owner = [number for number, draft in enumerate(drafts) for _ in draft.rows]
        for message in _about_records(messages):
            at = _row(message)
            if at < len(owner):
                write = drafts[owner[at]].write
                found.setdefault(write.id, Result(write.id, write.native_id, self._error(write, message)))
        if found:
            return found
        return {d.write.id: Result(d.write.id, d.write.native_id, self._error(d.write, {})) for d in drafts}

    def _error(self, write: Write, message: Message) -> ConnectorError:
        text, field = str(message.get("message") or ""), message.get("field")
        about = {"system": SYSTEM, "object": write.object, "record": write.key}
        if text.startswith("Unknown database identifier") and field in (".id", None, False):
            return Gone(f"{write.object} {write.key} in {self._connection} does not exist any more.", **about)
        if "No matching record found for external id" in text:
            return Dependent(
                f"{self._connection}: {write.object} {write.key} waits for a record it refers to.", **about
            )
        reason = reason_without_values(text, sent_values(write))
        name = str(field) if field else None
        where = f" ({name})" if name else ""
        now = "correct the record, it is sent again when it changes"
        what = f"{self._connection} refuses {write.object} {write.key}{where}: {reason}; {now}."
        return Rejected(what, reason=reason, code="LOAD", field=name, **about)

    def _late(self, view: View, drafts: Sequence[Draft], results: Results) -> None:
        """A new order that is refused because it is confirmed by now: an earlier attempt, whose answer nobody waited
        for, got through after it had been settled. It is settled by its key once more."""
        refused = [d.write for d in drafts if d.creates and isinstance(results[d.write.id].error, Rejected)]
        if view.model != "sale.order" or not refused:
            return
        try:
            there = self._actions.confirmed(self._keys.find(view.model, [write.key for write in refused]))
        except ConnectorError:
            return
        for write in refused:
            if write.key in there:
                message = (
                    f"{self._connection}: {write.object} {write.key} was confirmed meanwhile; settle it by its key."
                )
                error = Unknown(message, system=SYSTEM, object=write.object, record=write.key)
                results[write.id] = Result(write.id, write.native_id, error)

    def _excuse(self, writes: Sequence[Write], results: Results) -> None:
        """A record refused because the one it refers to failed in this very push is not at fault."""
        failed = {write.key for write in writes if results[write.id].error is not None}
        for write in writes:
            if isinstance(results[write.id].error, Rejected) and failed & referenced_keys(write):
                message = f"{self._connection}: {write.object} {write.key} waits for a record it refers to."
                error = Dependent(message, system=SYSTEM, object=write.object, record=write.key)
                results[write.id] = Result(write.id, write.native_id, error)

    def _follow(self, view: View, writes: Sequence[Write], results: Results) -> None:
        """Where the key of a record that is gone leads tells which one it was merged into."""
        gone = [write for write in writes if isinstance(results[write.id].error, Gone)]
        if not gone or not view.merges:
            return
        try:
            now = self._keys.find(view.model, [write.key for write in gone])
        except ConnectorError:
            return
        for write in gone:
            error = results[write.id].error
            if isinstance(error, Gone):
                error.merged_into = now.get(write.key)


def _batches(drafts: Sequence[Draft]) -> Iterator[list[Draft]]:
    """Records with the same columns go together; the second write of a key goes after the first."""

    def shape(draft: Draft) -> tuple[bool, list[str]]:
        return not draft.creates, sorted({name for row in draft.rows for name in row})

    for _, group in groupby(sorted(drafts, key=shape), key=shape):
        batch: list[Draft] = []
        for draft in group:
            if len(batch) == BATCH or draft.write.key in {one.write.key for one in batch}:
                yield batch
                batch = []
            batch.append(draft)
        yield batch


def _about_records(messages: Sequence[Message]) -> list[Message]:
    """The errors of single records.

    Odoo saves a batch as one, then, where that fails, record by record. What stopped the batch goes before all other
    messages under the row of the first record, which may have no fault: it is heard only where no other row is named.
    A first record that is bad is refused when it goes again.
    """
    errors = [one for one in messages if one.get("type") == "error" and _row(one) >= 0]
    others = [one for one in errors if _row(one) > 0]
    whole = bool(errors) and _row(errors[0]) == 0 and not errors[0].get("field")
    return others if whole and others else errors


def _row(message: Message) -> int:
    """The first row that a message is about, -1 where it names none."""
    return int((message.get("rows") or {}).get("from", -1))


def _stop(failure: ConnectorError, drafts: Sequence[Draft], results: Results) -> None:
    """The failure of a call as that of its writes; raised where it is one of all and nothing came through so far."""
    through = any(one.error is None or isinstance(one.error, Unknown) for one in results.values())
    if isinstance(failure, STOPPING) and not through:
        raise failure
    results |= {draft.write.id: _failed(draft.write, failure) for draft in drafts}


def _empty(draft: Draft) -> bool:
    """Nothing to import: only a key, or only a step of an order."""
    return not draft.creates and draft.rows == [{".id": draft.write.native_id}]


def _failed(write: Write, failure: ConnectorError) -> Result:
    """One error object per record: each names its own."""
    error = copy(failure)
    error.object, error.record = write.object, write.key
    return Result(write.id, write.native_id, error)
