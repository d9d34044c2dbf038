"""The one shape every system has for the rest of the platform.

Connectors speak native object and field names and know nothing of the canonical model, so that a new system is
one new folder. Everything read is text: numbers keep the digits they had on the wire, because a float on the way
would change money. Timestamps are `YYYY-MM-DDTHH:MM:SSZ`, dates `YYYY-MM-DD`, booleans `true` and `false`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from crmerp_assets.connectors.errors import ConnectorError

Row: TypeAlias = dict[str, str | None]
"""`_id`, `_modified`, `_modified_by` and every requested field path; a child list is JSON text under its name."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to another record, by its native id or by our external key."""

    object: str
    native_id: str | None = None
    key_field: str | None = None
    key: str | None = None


Value: TypeAlias = "str | bool | Decimal | Ref | list[dict[str, Value]] | None"


@dataclass(frozen=True, slots=True)
class Misread:
    """A row that came and cannot be used: its record where that can be told, its place, the column, and what is wrong.

    `record` is a native id, `place` names file and line; the reason holds no value.
    """

    record: str | None
    place: str
    column: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and the opaque cursor with which `pull` resumes right after them.

    The last page's cursor is where the next incremental pull starts; the overlap is inside it. `misread` is for systems
    whose rows can be unusable on their own: what was found since the last time it was told. With `reread` it is all
    that there is, and nothing that was told before counts any more.
    """

    rows: list[Row]
    cursor: str
    misread: tuple[Misread, ...] | None = None
    reread: bool = False


@dataclass(frozen=True, slots=True)
class Deletion:
    native_id: str
    deleted_at: str
    merged_into: str | None


@dataclass(frozen=True, slots=True)
class Write:
    """One intent in native words; `id` is the intent's id.

    A create is an upsert on `key_field` = `key`, so that sending it twice makes one record. An update goes by
    `native_id` and may also set `values[key_field]`.
    """

    id: str
    object: str
    operation: Literal["create", "update"]
    key_field: str
    key: str
    native_id: str | None
    values: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Result:
    """No error means applied; an `Unknown` error means that the outcome must be settled."""

    write_id: str
    native_id: str | None
    error: ConnectorError | None


Accepted: TypeAlias = Callable[[Sequence[str], str], None]
"""Told the ids of writes and the job under which the system took them, before anything is known of their outcome."""


def unheard(_write_ids: Sequence[str], _job: str) -> None:
    """For callers that will not ask about a job later."""


@dataclass(frozen=True, slots=True)
class FieldInfo:
    name: str
    label: str
    type: str
    length: int | None = None
    scale: int | None = None
    required: bool = False
    unique: bool = False
    custom: bool = False
    readable: bool = True
    writeable: bool = True
    values: tuple[str, ...] = ()
    reference_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A custom field that the mapping needs and the system may lack."""

    object: str
    name: str
    label: str
    type: Literal["text", "number", "currency", "date", "checkbox", "picklist", "url"]
    length: int | None = None
    scale: int | None = None
    external_id: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProvisionStep:
    """`manual` is the exact step for an administrator where the API cannot do it; `place` says where a field that the
    API makes can be seen then, and by whom."""

    spec: FieldSpec
    done: bool
    manual: str | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Needs:
    """The native fields of one object that the mapping reads and writes, and how records with them are written."""

    read: frozenset[str] = frozenset()
    write: frozenset[str] = frozenset()
    creates: bool = True
    updates: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing checked; `now` says what to do about it. A `warning` is nothing that stops the work."""

    ok: bool
    what: str
    now: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Right:
    """One right of the connection's user, in the system's own words; `where` it is granted, or taken away.

    `granted` is None where the system does not tell. One that is not `needed` is more than the work takes. `object` and
    `fields` name the needs of the mapping that it serves; `why` says what else it is for.
    """

    name: str
    where: str
    granted: bool | None = None
    needed: bool = True
    object: str | None = None
    fields: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    used: int | None = None
    allowed: int | None = None
    concurrent: int | None = None


class Connector(Protocol):
    """One connection to one system.

    `push` returns one result per write in the given order and never raises for one record; AuthFailed, QuotaSpent
    and ConfigError raise before anything is sent, and once something was sent every affected write gets its error.

    A system may take writes as a job that it carries out later, even after `push` has given up or its process died.
    `push` says so through `accepted` as soon as the system has answered; `unfinished` says which jobs are not over.
    """

    @property
    def name(self) -> str: ...

    @property
    def system(self) -> str: ...

    def check(self, needs: Mapping[str, Needs]) -> list[Finding]: ...

    def describe(self, object: str) -> dict[str, FieldInfo]: ...

    def pull(self, object: str, fields: Sequence[str], since: str | None) -> Iterator[Page]: ...

    def deletions(self, object: str, since: str | None) -> tuple[list[Deletion], str]: ...

    def ids(self, object: str) -> list[str]: ...

    def fetch(self, object: str, fields: Sequence[str], ids: Sequence[str]) -> list[Row]: ...

    def find_by_key(
        self, object: str, key_field: str, keys: Sequence[str], fields: Sequence[str] = ()
    ) -> dict[str, Row]: ...

    def push(self, object: str, writes: Sequence[Write], accepted: Accepted = unheard) -> list[Result]: ...

    def unfinished(self, jobs: Sequence[str]) -> set[str]:
        """Those of these jobs that may still change records, or of which the system does not say. One that it does
        not know any more is over."""

    def provision(self, specs: Sequence[FieldSpec], dry_run: bool) -> list[ProvisionStep]: ...

    def limits(self) -> Limits: ...

    def push_calls(self, object: str, creates: int, updates: int) -> int:
        """About how many calls one `push` of so many writes takes."""

    def fetch_calls(self, object: str, fields: Sequence[str], count: int) -> int:
        """About how many calls one `fetch` of so many records takes."""

    def calls(self) -> int: ...

    def close(self) -> None: ...


@runtime_checkable
class Unstamped(Protocol):
    """A connector to a system that lets records change without stamping them, or stamps them with a time long before
    the change can be seen, so that no pull shows it."""

    def unstamped(self, object: str, known: Sequence[Row]) -> list[str]:
        """Ids of the rows, given as they were last read with `_modified`, that are others now as no pull shows."""


@runtime_checkable
class OneLog(Protocol):
    """A connector to a system that keeps one log of deletions for all of its objects."""

    def logged(self, since: Mapping[str, str | None]) -> dict[str, tuple[list[Deletion], str]]:
        """What `deletions` gives for each of these objects and its cursor, asked for in one go."""


@runtime_checkable
class Stepwise(Protocol):
    """A connector that changes a record in steps, each of which can be the last before its process dies."""

    def finish(self, object: str, ids: Sequence[str]) -> set[str]:
        """Bring those of the records to an end that an update of ours left on its way. They hold what it wrote.

        The ids of those that the system refuses to; an update that writes nothing new tells why.
        """


@runtime_checkable
class Privileged(Protocol):
    """A connector that knows which rights its system has, and what of them the connection's user was given."""

    def rights(self, needs: Mapping[str, Needs]) -> list[Right]:
        """Every right that these needs take, granted or not, then what the user has beyond them. Nothing is changed."""
