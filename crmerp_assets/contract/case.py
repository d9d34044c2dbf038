"""The words in which a system describes itself to the contract suite."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

import httpx
import pytest

from crmerp_assets.connectors.protocol import Connector, Write


@dataclass(frozen=True, slots=True)
class Gap:
    """A part of the contract that the system cannot keep: the error it gives instead, and why."""

    raises: type[BaseException]
    reason: str


Changed: TypeAlias = Literal["right", "field", "value", "required"]


class Admin:
    """The sandbox's back door: faults, call counts, seeding, the clock. Its calls are never metered.

    Over plain HTTP nothing is verified, and not loading the trust store saves most of a short test's time.
    """

    def __init__(self, url: str, verify: bool | str = False) -> None:
        self._client = httpx.Client(base_url=url, verify=verify, timeout=60)

    def seed(self, object: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
        answer = self._post("records", {"object": object, "records": list(records)})
        ids: list[str] = answer["ids"]
        return ids

    def fault(self, kind: str, match: str = "", **options: Any) -> None:
        self._post("faults", {"kind": kind, "match": match, "times": 1, **options})

    def no_faults(self) -> None:
        """Everything works again."""
        self._client.delete("/_sandbox/faults").raise_for_status()

    def field_rule(self, object: str, field: str, **rule: Any) -> None:
        """`required=True`, `values=[...]` or `removed=True`; nothing ends the rule."""
        self._post("fieldrules", {"object": object, "field": field, **rule})

    def does(self, path: str, body: Mapping[str, Any]) -> None:
        """An admin call that only this system has."""
        self._post(path, dict(body))

    def withdrawn(
        self,
        path: str,
        granted: Mapping[str, Any],
        withdrawn: Mapping[str, Any],
        write: Callable[[int], Write],
        named: str,
    ) -> Change:
        """The right to write, taken away and given back by an admin call; nothing can be written without it."""
        refuse, allow = {**granted, **withdrawn}, dict(granted)
        return Change(lambda: self.does(path, refuse), lambda: self.does(path, allow), write, named, None)

    def fault_hits(self) -> int:
        faults = self._client.get("/_sandbox/faults").raise_for_status().json()
        return sum(int(fault["hits"]) for fault in (faults if isinstance(faults, list) else faults["faults"]))

    def daily_limit(self, calls: int) -> None:
        self._post("limits", {"daily_limit": calls})

    def late(self, object: str, native_id: str, seconds_ago: int) -> None:
        self._post("late", {"object": object, "id": native_id, "seconds_ago": seconds_ago})

    def clock(self, offset_seconds: int) -> None:
        self._post("clock", {"offset_seconds": offset_seconds})

    def count(self, object: str) -> int:
        return int(self._client.get("/_sandbox/count", params={"object": object}).raise_for_status().json()["count"])

    def calls(self, user: str = "integration") -> int:
        by_user = self._client.get("/_sandbox/calls").raise_for_status().json()["by_user"]
        return int(by_user.get(user, 0))

    def reset_calls(self) -> None:
        self._client.delete("/_sandbox/calls").raise_for_status()

    def person(self, user: str = "ann") -> str:
        token: str = self._post("token", {"user": user})["access_token"]
        return token

    def close(self) -> None:
        self._client.close()

    def _post(self, path: str, body: object) -> Any:
        response = self._client.post(f"/_sandbox/{path}", json=body)
        assert response.status_code < 300, response.text
        return response.json() if response.content else None


@dataclass(frozen=True, slots=True)
class Change:
    """What an administrator changes in a system that is in use; `undo` takes it back.

    `write` is a create that works before and after, and `named` what its refusal must name in between. `sound` is a
    create that works all the time; None where nothing does.
    """

    apply: Callable[[], object]
    undo: Callable[[], object]
    write: Callable[[int], Write]
    named: str
    sound: Callable[[int], Write] | None


@dataclass(frozen=True, slots=True)
class Fewest:
    """How few calls n records can take, `calls(n)`, and why not fewer: the pages and batches that the vendor's own
    limits leave, and each call more that a rule of ours takes."""

    calls: Callable[[int], int]
    why: str


def one_for(size: int, more: int = 0) -> Callable[[int], int]:
    """One call for each `size` records, and `more` however many there are."""
    return lambda count: -(-count // size) + more


@dataclass(frozen=True, slots=True)
class BestCase:
    """The fewest calls for each way in which `count` records of one kind are written and read.

    `changed` reads what changed since; `fetch` reads by id, `find` by key. `count` is 1,000 where the system makes so
    many in seconds.
    """

    create: Fewest
    pull: Fewest
    changed: Fewest
    fetch: Fewest
    find: Fewest
    update: Fewest | None = None
    count: int = 1000


def no_lines(_order_ids: Sequence[str]) -> None:
    """The orders have all their lines."""


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders of `lines` lines each, for a customer and of products that are there.

    `create(n)` makes one, with its lines where the mapping has them written: `add_lines` adds them to orders where they
    are people's. `update(n, id)` is a change that a sync makes; None, as in `best`, where the system takes none of an
    order that is made. `fields` hold those of the child list `child`.
    """

    object: str
    key_field: str
    fields: tuple[str, ...]
    child: str
    lines: int
    create: Callable[[int], Write]
    best: BestCase
    update: Callable[[int, str], Write] | None = None
    add_lines: Callable[[Sequence[str]], None] = no_lines


class Connect(Protocol):
    """A new connector on the sandbox; `sleep` records the pauses instead of taking them."""

    def __call__(self, sleep: Callable[[float], None] = ..., overlap_seconds: int = ...) -> Connector: ...


@dataclass(frozen=True, slots=True)
class ConnectorCase:
    """One system under test.

    `object` is a kind of record that can be pulled, keyed, edited and deleted; `seed(n, start)` gives n valid ones
    for the admin API, stamped well in the past, a second apart every few rows. `create(n)` and `update(n, id, text)`
    are valid writes, `bad(n)` is one that the system rejects. `edit`, `delete` and `merge(winner, loser)` are what a
    person does through the vendor's own API. `next_page` and `push_call` are patterns for faults: the request for a
    page behind the first, and the call that writes. `best` says how few calls these records can take;
    `orders(connector)` makes what orders lean on and says the same of them. `changes` are an administrator's;
    `connect_to` makes a connector for another address, which trusts what the machine trusts, and `hasty` one that
    gives up every call after so many seconds. `parts`: a batch is no transaction, so that the sandbox can carry out a
    part of one (the fault `partial`).
    """

    system: str
    admin: Admin
    connect: Connect
    object: str
    key_field: str
    text_field: str
    page_size: int
    seed: Callable[[int], list[dict[str, Any]]]
    create: Callable[[int], Write]
    update: Callable[[int, str, str], Write]
    bad: Callable[[int], Write]
    edit: Callable[[str, str], None]
    delete: Callable[[str], None]
    merge: Callable[[str, str], None]
    missing_field: str
    next_page: str
    any_read: str
    push_call: str
    throttle_wait: float
    secrets: tuple[str, ...]
    fields: tuple[str, ...] = ()
    best: BestCase | None = None
    orders: Callable[[Connector], Orders] | None = None
    changes: Mapping[Changed, Change] = field(default_factory=dict)
    connect_to: Callable[[str], Connector] | None = None
    hasty: Callable[[float], Connector] | None = None
    parts: bool = False
    gaps: Mapping[str, Gap] = field(default_factory=dict)


def with_gaps(request: pytest.FixtureRequest, case: ConnectorCase) -> ConnectorCase:
    """The case; where the system cannot keep the part that is asked for now, that must fail as its gap says."""
    gap = case.gaps.get(request.function.__name__)
    if gap is not None:
        request.applymarker(pytest.mark.xfail(raises=gap.raises, reason=gap.reason, strict=True))
    return case
