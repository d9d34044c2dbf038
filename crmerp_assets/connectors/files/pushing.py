"""Pushing: note, tell, put in place, wait for the acknowledgement a while, and leave the rest to settling.

| what is known of a write id      | what a push does                                         |
|----------------------------------|----------------------------------------------------------|
| nothing                          | a row in the next import file                            |
| acknowledged as applied          | nothing; that is its result                              |
| acknowledged as rejected or gone | a new row: whoever sends it again wants it tried again    |
| noted, never put in place        | the same file under the same number; a new row where not  |
|                                  | all of its writes come again: the others were withdrawn   |
| in place or taken, no answer yet | nothing; waits like the others                           |
| missed for a day, no answer      | a new row: the file is lost                              |
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from crmerp_assets.connectors.errors import ConfigError, ConnectorError, Gone, Rejected, Transient, Unknown
from crmerp_assets.connectors.files import importfile
from crmerp_assets.connectors.files.acknowledgements import STATUSES, Acknowledgements, Answer
from crmerp_assets.connectors.files.journal import Journal, Sent
from crmerp_assets.connectors.files.layout import SYSTEM, ObjectLayout
from crmerp_assets.connectors.files.overlay import Applied
from crmerp_assets.connectors.protocol import Accepted, Result, Write

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0


class Pusher:
    """Writes import files of one connection. `patience`: how many seconds a push waits for acknowledgements."""

    def __init__(
        self,
        name: str,
        journal: Journal,
        answers: Acknowledgements,
        sleep: Callable[[float], None] = time.sleep,
        patience: float = 30.0,
    ) -> None:
        self._name = name
        self._journal = journal
        self._answers = answers
        self._sleep = sleep
        self._patience = patience

    def push(self, object: str, layout: ObjectLayout, writes: Sequence[Write], accepted: Accepted) -> list[Result]:
        self._ready(object, layout)
        refused = {one.id: result for one in writes if (result := self._unwritable(layout, one)) is not None}
        known = {one.write_id: one for one in self._journal.sent(object)}
        open_, fresh = self._sorted([one for one in writes if one.id not in refused], known)
        self._place_again(layout, open_, accepted)
        sent = {one.write_id: one for one in open_}
        failed: dict[str, Result] = {}
        for group in importfile.alike(layout, fresh):
            self._send(object, layout, group, accepted, sent, failed)
        answers = self._awaited(list(sent.values()))
        self._forget(list(known.values()))
        results = {write.id: self._result(write, sent, answers) for write in writes if write.id in sent}
        return [(refused | failed | results)[write.id] for write in writes]

    def unfinished(self, jobs: Sequence[str]) -> set[str]:
        """Files that wait, or were taken and not acknowledged whole; one that was never placed changes nothing."""
        wanted, waiting = set(jobs), self._journal.waiting()
        sent = [one for one in self._journal.sent() if one.stem in wanted]
        answers = self._said(sent)
        return {
            one.stem
            for one in sent
            if one.write_id not in answers
            and not self._journal.never_placed(one, waiting)
            and not self._lost(one, waiting)
        }

    def _ready(self, object: str, layout: ObjectLayout) -> None:
        """ConfigError, before anything is sent, where a write could not be followed."""
        self._journal.ready()
        if layout.full is None:
            what = f"{object} of {self._name} has extracts of changes only, which never show that a record is gone"
            raise ConfigError(f"{what}; add full to its layout before it is written to.", system=SYSTEM)

    def _forget(self, known: Sequence[Sent]) -> None:
        """Files may stand there by now, so an error here must not look like one before them."""
        with suppress(OSError):
            self._journal.forget(self._said(known).keys())

    def applied(self, object: str) -> list[Applied]:
        """Every acknowledged write to an object, in the order in which they were sent."""
        sent = self._journal.sent(object)
        answers = self._answers.of([one.stem for one in sent])
        found = [(one, answers.get((one.stem, one.write_id))) for one in sent]
        applied = [Applied(one, said) for one, said in found if said is not None and said.status == "applied"]
        return [one for one in applied if one.native_id is not None]

    def _sorted(self, writes: Sequence[Write], known: dict[str, Sent]) -> tuple[list[Sent], list[Write]]:
        """(sent before and open or applied, to be sent)."""
        before = [known[one.id] for one in writes if one.id in known]
        answers, waiting = self._said(before), self._journal.waiting()
        refused = {write_id for write_id, said in answers.items() if said.status != "applied"}
        lost = {one.write_id for one in before if one.write_id not in answers and self._lost(one, waiting)}
        again = refused | lost | self._parted(before, answers, waiting)
        open_ = [one for one in before if one.write_id not in again]
        return open_, [one for one in writes if one.id not in known or one.id in again]

    def _lost(self, one: Sent, waiting: set[str]) -> bool:
        return not self._journal.never_placed(one, waiting) and self._journal.lost(one, waiting)

    def _parted(self, before: Sequence[Sent], answers: dict[str, Answer], waiting: set[str]) -> set[str]:
        """Writes of files that were never placed and can never be: the rest of them does not come again."""
        coming = {(one.stem, one.write_id) for one in before}
        gone = {one.stem for one in self._journal.sent() if (one.stem, one.write_id) not in coming}
        unplaced = [one for one in before if self._journal.never_placed(one, waiting)]
        return {one.write_id for one in unplaced if one.write_id not in answers and one.stem in gone}

    def _place_again(self, layout: ObjectLayout, open_: Sequence[Sent], accepted: Accepted) -> None:
        """A file that cannot be placed this time either stays open like one without an answer."""
        answers, waiting = self._said(open_), self._journal.waiting()
        stems = dict.fromkeys(one.stem for one in open_ if one.write_id not in answers)
        for stem in stems:
            accepted([one.write_id for one in open_ if one.stem == stem], stem)
            rows = [one for one in open_ if one.stem == stem]
            if self._journal.never_placed(rows[0], waiting):
                with suppress(OSError):
                    self._journal.place(rows[0].file, importfile.content(layout, rows))

    def _send(
        self,
        object: str,
        layout: ObjectLayout,
        group: Sequence[Write],
        accepted: Accepted,
        sent: dict[str, Sent],
        failed: dict[str, Result],
    ) -> None:
        """One file. Where it cannot be put in place nothing has happened, and its number waits for the next push."""
        try:
            noted = self._journal.note(object, layout.writes, [importfile.noted(one) for one in group])
            accepted([one.id for one in group], noted[0].stem)
            self._journal.place(noted[0].file, importfile.content(layout, noted))
        except OSError as failure:
            what = f"The import file of {self._name} could not be written ({type(failure).__name__})"
            for one in group:
                error = Transient(f"{what}; check the folder's rights and space.", system=SYSTEM, record=one.key)
                failed[one.id] = Result(one.id, one.native_id, error)
            return
        sent |= {one.write_id: one for one in noted}

    def _awaited(self, sent: Sequence[Sent]) -> dict[str, Answer]:
        """What was said to the writes, once all have an answer or patience ends."""
        waited, pause = 0.0, FIRST_PAUSE
        answers = self._heard(sent)
        while len(answers) < len(sent) and waited < self._patience:
            self._sleep(pause)
            waited, pause = waited + pause, min(LONGEST_PAUSE, pause * 1.5)
            answers = self._heard(sent)
        return answers

    def _heard(self, sent: Sequence[Sent]) -> dict[str, Answer]:
        """What was said; nothing while that cannot be read: the files stand there, so nobody may think they do not."""
        try:
            return self._said(sent)
        except OSError as failure:
            logger.warning("acknowledgements of %s cannot be read (%s)", self._name, type(failure).__name__)
            return {}

    def _said(self, sent: Sequence[Sent]) -> dict[str, Answer]:
        """By write id. A status that is not understood is no answer."""
        found = self._answers.of([one.stem for one in sent])
        pairs = [(one.write_id, found.get((one.stem, one.write_id))) for one in sent]
        return {write_id: said for write_id, said in pairs if said is not None and said.status in STATUSES}

    def _result(self, write: Write, sent: dict[str, Sent], answers: dict[str, Answer]) -> Result:
        said, one = answers.get(write.id), sent[write.id]
        native_id = (said.native_id if said else None) or write.native_id
        if said is not None and said.status == "applied" and native_id is not None:
            return Result(write.id, native_id, None)
        return Result(write.id, write.native_id, self._error(write, one, said))

    def _error(self, write: Write, one: Sent, said: Answer | None) -> ConnectorError:
        about = {"system": SYSTEM, "object": write.object, "record": write.key}
        if said is None:
            text = f"{self._name} has not acknowledged {one.file} yet; it is asked again before anything is sent."
            return Unknown(text, **about)
        if said.status == "applied":
            text = f"{said.place} says applied without an id; add the id, or settle it by its key."
            return Unknown(text, **about)
        if said.status == "gone":
            return Gone(f"{self._name} has no {write.object} {write.native_id} any more ({said.place}).", **about)
        reason = said.reason.rstrip(".")
        text = f"{self._name} rejected {write.object} {write.key} ({said.place}): {reason}; correct it, then retry it."
        return Rejected(text, reason=said.reason, code=said.code, field=said.field, **about)

    def _unwritable(self, layout: ObjectLayout, write: Write) -> Result | None:
        field = importfile.unwritable(layout, write)
        if field is None:
            return None
        reason = f"{field} holds a character that {layout.encoding} lacks"
        text = f"{write.object} {write.key} was not sent: {reason}; change the value, or the encoding of the layout."
        error = Rejected(
            text, reason=reason, code="ENCODING", field=field, system=SYSTEM, object=write.object, record=write.key
        )
        return Result(write.id, write.native_id, error)
