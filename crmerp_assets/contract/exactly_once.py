"""Every fault in every form of writing, and the recovery that a sync does: in the end one record for each write.

All combinations share one system, each with records of its own, so that the whole matrix takes seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import product

from crmerp_assets.connectors.errors import ConnectorError, Rejected, Unknown
from crmerp_assets.connectors.protocol import Connector, Result, Write
from crmerp_assets.contract.case import ConnectorCase

BEFORE = ("cut_before", "throttle", "server_error", "html", "redirect", "revoke")
AFTER = ("error_after", "cut_after", "truncated", "wrong_type")
LATE, PARTIAL = ("slow", "late_answer"), "partial"
"""A call that is applied, or answered, after its sender gave up; and a batch that is applied in part."""
PATIENCE, LATER = 0.4, 0.6
"""Seconds: how long a call is waited for, and how long it takes."""
ONCE, ALWAYS = 1, 99
FORMS = (("create", 1), ("create", 12), ("update", 2))
ROUNDS = 3


@dataclass(frozen=True)
class Trial:
    """One combination; `first` is the number of its first record."""

    kind: str
    times: int
    operation: str
    count: int
    first: int

    def __str__(self) -> str:
        return f"{self.operation} of {self.count}, {self.kind} x {self.times}"


def trials(case: ConnectorCase) -> Iterator[Trial]:
    """Late calls take their time, so that they are tried once."""
    combined = list(product((*BEFORE, *AFTER), (ONCE, ALWAYS), FORMS))
    combined += product(LATE if case.hasty else (), (ONCE,), FORMS)
    combined += product((PARTIAL,) if case.parts else (), (ONCE, ALWAYS), FORMS)
    for number, (kind, times, (operation, count)) in enumerate(combined):
        yield Trial(kind, times, operation, count, 1000 + 20 * number)


def test_every_fault_in_every_form_of_writing_ends_with_one_record_for_each_write(
    case: ConnectorCase, connector: Connector
) -> None:
    for trial in trials(case):
        problem = tried(case, connector, trial)
        assert problem is None, f"{trial}: {problem}"
    assert case.admin.count(case.object) == sum(trial.count for trial in trials(case))


def tried(case: ConnectorCase, connector: Connector, trial: Trial) -> str | None:
    """What is wrong after a push with the fault and the recovery from it, None where nothing is."""
    numbers = range(trial.first, trial.first + trial.count)
    writes = [case.create(number) for number in numbers]
    if trial.operation == "update":
        made = connector.push(case.object, writes)
        writes = [case.update(n, str(one.native_id), f"New {n}") for n, one in zip(numbers, made, strict=True)]
    case.admin.fault(trial.kind, case.push_call, times=trial.times, seconds=LATER)
    with sender(case, connector, trial) as pusher:
        results = answers(pusher, case.object, writes)
    struck = case.admin.fault_hits()
    case.admin.no_faults()
    if not struck:
        return "the fault never struck"
    for result in results:
        if isinstance(result.error, Rejected):
            return f"a sound record was refused: {result.error}"
        if (
            isinstance(result.error, ConnectorError)
            and trial.kind in (*AFTER, *LATE)
            and not isinstance(result.error, Unknown)
        ):
            return f"it was applied, and this says that it was not: {result.error!r}"
    return recovered(case, connector, writes, results)


@contextmanager
def sender(case: ConnectorCase, connector: Connector, trial: Trial) -> Iterator[Connector]:
    """Who pushes: somebody without patience where a call is late."""
    if case.hasty is None or trial.kind not in LATE:
        yield connector
        return
    with closing(case.hasty(PATIENCE)) as hasty:
        yield hasty


def recovered(
    case: ConnectorCase, connector: Connector, writes: Sequence[Write], results: Sequence[Result]
) -> str | None:
    """Look up what is not known, send again what is not there, until nothing is left."""
    left = [write for write, result in zip(writes, results, strict=True) if result.error is not None]
    done = [write for write in writes if write not in left]
    for _ in range(ROUNDS):
        left = [write for write in left if not there(case, connector, write)]
        if not left:
            lost = [write.key for write in done if not there(case, connector, write)]
            return f"said to be done and not there: {lost}" if lost else None
        answers(connector, case.object, left)
    return f"{len(left)} of {len(writes)} never came through"


def there(case: ConnectorCase, connector: Connector, write: Write) -> bool:
    """Whether the system shows what the write says."""
    row = connector.find_by_key(case.object, case.key_field, [write.key], case.fields).get(write.key)
    return row is not None and row[case.text_field] == write.values[case.text_field]


def answers(connector: Connector, object: str, writes: Sequence[Write]) -> list[Result]:
    """The results; an error that stops the whole push is that of each."""
    try:
        return connector.push(object, list(writes))
    except ConnectorError as error:
        return [replace(Result(write.id, write.native_id, None), error=error) for write in writes]
