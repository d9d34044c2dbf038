"""Pushing writes: looked up and prepared in bulk, then sent in batches, creates before updates.

Tryton has no upsert. A create looks first whether a record has its key already, and then changes that one: so a create
that is sent again makes nothing new, as long as one process at a time writes a key, which the ledger's claims see to.
An update reads the records first, because their parts have ids, and writes with the version that it read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crmerp_assets.connectors.errors import ConfigError, ConnectorError, Duplicate, Gone, Rejected, Throttled, Transient
from crmerp_assets.connectors.protocol import Result, Write
from crmerp_assets.connectors.tryton.batching import Batches
from crmerp_assets.connectors.tryton.bodies import Bodies, Draft
from crmerp_assets.connectors.tryton.deleting import Deletions
from crmerp_assets.connectors.tryton.failures import about, sent_texts, without
from crmerp_assets.connectors.tryton.fields import SYSTEM, NativeObject, Record, versions
from crmerp_assets.connectors.tryton.metadata import Metadata
from crmerp_assets.connectors.tryton.objects import native_object
from crmerp_assets.connectors.tryton.parties import commands
from crmerp_assets.connectors.tryton.reading import Reader, of_parts
from crmerp_assets.connectors.tryton.reopening import finish
from crmerp_assets.connectors.tryton.rpc import Rpc
from crmerp_assets.connectors.tryton.sales import Sales
from crmerp_assets.connectors.tryton.values import text

BATCH = 100
Outcome = str | ConnectorError
"""A native id, or what went wrong."""


class Pusher:
    def __init__(self, rpc: Rpc, metadata: Metadata, reader: Reader, deletions: Deletions) -> None:
        self._rpc = rpc
        self._metadata = metadata
        self._reader = reader
        self._deletions = deletions

    def push(self, object: str, writes: Sequence[Write]) -> list[Result]:
        native = native_object(object)
        if not native.writeable:
            raise ConfigError(f"{native.name} is only read; leave its operations empty in the mapping.", system=SYSTEM)
        batches, outcomes = Batches(), dict[str, Outcome]()
        for turn in _turns(writes):
            try:
                self._turn(native, turn, batches, outcomes)
            except ConnectorError as failure:
                if not (batches.sent or isinstance(failure, (Transient, Throttled))):
                    raise
                outcomes |= {write.id: failure for write in turn if write.id not in outcomes}
        return [self._result(write, outcomes[write.id]) for write in writes]

    def finish(self, object: str, ids: Sequence[str]) -> set[str]:
        return finish(self._rpc, ids) if native_object(object).workflow else set()

    def _turn(
        self, native: NativeObject, writes: Sequence[Write], batches: Batches, outcomes: dict[str, Outcome]
    ) -> None:
        """Notes the outcomes of writes on records that differ from one another, each as soon as it is there: a read
        that fails later is no word on what was sent."""
        ready: list[Draft] = []
        drafts = Bodies(self._rpc, self._metadata, self._reader).drafts(native, writes)
        for write, draft in zip(writes, drafts, strict=True):
            if isinstance(draft, ConnectorError):
                outcomes[write.id] = draft
            else:
                ready.append(draft)
        if native.workflow:
            Sales(self._rpc).send(ready, batches, outcomes)
            return
        existing = self._existing(native, ready)
        if not native.creatable:
            made_there = [d for d in ready if d.write.operation == "create" and d.write.key not in existing]
            outcomes |= {draft.write.id: _by_people(self._rpc.name, draft.write) for draft in made_there}
            ready = [draft for draft in ready if draft not in made_there]
        updates = [draft for draft in ready if draft.write.operation == "update" or draft.write.key in existing]
        creates = [draft for draft in ready if draft not in updates]
        self._create(native, creates, batches, outcomes)
        targets = {d.write.id: d.write.native_id or existing.get(d.write.key, "") for d in updates}
        self._update(native, updates, targets, batches, outcomes)

    def _existing(self, native: NativeObject, drafts: Sequence[Draft]) -> dict[str, str]:
        """Ids by key of those creates that were made before."""
        creates = [draft.write for draft in drafts if draft.write.operation == "create"]
        if not creates:
            return {}
        found = self._reader.find_by_key(native.name, creates[0].key_field, [write.key for write in creates], ())
        return {key: row["_id"] or "" for key, row in found.items()}

    def _create(
        self, native: NativeObject, drafts: Sequence[Draft], batches: Batches, outcomes: dict[str, Outcome]
    ) -> None:
        def call(some: Sequence[Draft]) -> list[str]:
            bodies = [{**draft.values, **commands(None, draft.parts)} for draft in some]
            return [str(one) for one in self._rpc.write(f"model.{native.model}.create", bodies)]

        sent = batches.send(drafts, BATCH, call)
        outcomes |= {draft.write.id: outcome for draft, outcome in zip(drafts, sent, strict=True)}
        self._overtaken(native, drafts, batches, outcomes)

    def _overtaken(
        self, native: NativeObject, drafts: Sequence[Draft], batches: Batches, outcomes: dict[str, Outcome]
    ) -> None:
        """Creates that met a record with their key, made since it was looked for: they change that one."""
        doubles = [draft for draft in drafts if isinstance(outcomes[draft.write.id], Duplicate)]
        refused = {draft.write.id: outcomes.pop(draft.write.id) for draft in doubles}
        existing = self._existing(native, doubles)
        outcomes |= {draft.write.id: refused[draft.write.id] for draft in doubles if draft.write.key not in existing}
        found = [draft for draft in doubles if draft.write.key in existing]
        self._update(native, found, {d.write.id: existing[d.write.key] for d in found}, batches, outcomes)

    def _update(
        self,
        native: NativeObject,
        drafts: Sequence[Draft],
        targets: Mapping[str, str],
        batches: Batches,
        outcomes: dict[str, Outcome],
    ) -> None:
        if not drafts:
            return
        current = self._current(native, list(targets.values()))
        there = [draft for draft in drafts if targets[draft.write.id] in current]

        def call(some: Sequence[Draft]) -> list[str]:
            ids = [targets[draft.write.id] for draft in some]
            stamps = {name: version for one in ids for name, version in versions(native, current[one]).items()}
            params: list[Any] = []
            for draft, one in zip(some, ids, strict=True):
                params += [[int(one)], {**_changeable(draft), **commands(current[one], draft.parts)}]
            self._rpc.write(f"model.{native.model}.write", *params, timestamps=stamps)
            return ids

        sent = batches.send(there, BATCH, call)
        outcomes |= {
            draft.write.id: _unnamed(outcome, current[targets[draft.write.id]])
            for draft, outcome in zip(there, sent, strict=True)
        }
        lost = [draft.write for draft in drafts if targets[draft.write.id] not in current]
        outcomes |= self._gone(native, lost, targets)

    def _current(self, native: NativeObject, ids: Sequence[str]) -> dict[str, Any]:
        """The records to be changed, with their parts and versions."""
        paths = [path for path, column in native.columns.items() if column.part not in (None, "field", "named")]
        selection = self._metadata.select(native, paths)
        extra = ["_timestamp", "rec_name", *of_parts(selection, ("_timestamp",))]
        found = self._reader.records(selection, ids, extra)
        return {text(record["id"]) or "": record for record in found}

    def _gone(self, native: NativeObject, writes: Sequence[Write], targets: Mapping[str, str]) -> dict[str, Outcome]:
        survivors = self._deletions.survivors(native, [targets[write.id] for write in writes])
        return {write.id: _lost(self._rpc.name, write, survivors.get(targets[write.id])) for write in writes}

    @staticmethod
    def _result(write: Write, outcome: Outcome) -> Result:
        if isinstance(outcome, ConnectorError):
            return Result(write.id, write.native_id, about(outcome, write))
        return Result(write.id, outcome, None)


def _changeable(draft: Draft) -> dict[str, Any]:
    """The values of an update: a create that finds its record made already leaves the code as it is."""
    return {name: value for name, value in draft.values.items() if name != "code"}


def _turns(writes: Sequence[Write]) -> list[list[Write]]:
    """Writes of one record go one after the other; creates come first within a turn."""
    turns: list[list[Write]] = []
    seen: dict[str, int] = {}
    for write in writes:
        name = write.native_id or write.key
        turn = seen.get(name, -1) + 1
        seen[name] = turn
        turns.extend([] for _ in range(turn + 1 - len(turns)))
        turns[turn].append(write)
    return turns


def _unnamed(outcome: Outcome, record: Record) -> Outcome:
    """Tryton's texts name the record, and that is a customer's name."""
    return without(outcome, sent_texts([text(record["rec_name"])])) if isinstance(outcome, ConnectorError) else outcome


def _by_people(name: str, write: Write) -> Rejected:
    reason = f"{write.object} is made in Tryton, where it needs accounts and taxes"
    message = f"{name}: {reason}; make it there with the same code, then it is linked."
    return Rejected(message, system=SYSTEM, reason=reason, code="NOT_MADE_HERE", object=write.object, record=write.key)


def _lost(name: str, write: Write, survivor: str | None) -> Gone:
    if survivor:
        message = f"{name}: it was replaced by {survivor}; link it there and plan it again."
    else:
        message = f"{name}: it does not exist any more; its link must follow."
    return Gone(message, system=SYSTEM, merged_into=survivor, object=write.object, record=write.key)
