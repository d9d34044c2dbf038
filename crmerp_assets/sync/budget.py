"""One budget of API calls per connection, shared by every process, with the more urgent kinds of work ahead.

Each kind may use the day's calls up to its share of them; beyond it stops, and those with a larger share go on. What
is being done is told by `spending`, so that connectors need not know of it.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

import polars as pl

from crmerp_assets.canonical import MIRRORS
from crmerp_assets.connectors.errors import ShareSpent
from crmerp_assets.ledger import Budget, Ledger, LedgerError
from crmerp_assets.merge import guards
from crmerp_assets.merge.guards import CallClass
from crmerp_assets.merge.three_way import Role
from crmerp_assets.sync.platform import Platform

logger = logging.getLogger(__name__)

BLOCK = 20
FINEST = 200
RECHECK = timedelta(minutes=10)
_WORDS: dict[CallClass, str] = {
    "order": "orders",
    "status": "order and cash status",
    "master": "master data",
    "enrichment": "enrichment",
}
_CASH = ("invoice", "payment", *MIRRORS)
_DOING: ContextVar[CallClass] = ContextVar("crmerp_spending", default="order")


@contextmanager
def spending(kind: CallClass) -> Iterator[None]:
    """Calls made inside count as this kind of work; outside of any, they are as urgent as orders."""
    token = _DOING.set(kind)
    try:
        yield
    finally:
        _DOING.reset(token)


@contextmanager
def stopping() -> Iterator[list[str]]:
    """End quietly where the share of the day's calls does not reach, with the reason in the list."""
    why: list[str] = []
    try:
        yield why
    except ShareSpent as stop:
        why.append(str(stop))


def call_class(name: str | None) -> CallClass | None:
    """A kind of work by its name; None for any other text."""
    return next((kind for kind in _WORDS if kind == name), None)


def pulling(entity: str, role: Role) -> CallClass:
    """The kind of work that reading this entity from a side is: won deals come from the CRM, their status back."""
    return _kind(entity, urgent=role == "crm")


def pushing(entity: str, role: Role) -> CallClass:
    """The kind of work that writing this entity to a side is."""
    return _kind(entity, urgent=role == "erp")


def _kind(entity: str, *, urgent: bool) -> CallClass:
    if entity == "order":
        return "order" if urgent else "status"
    if entity in _CASH:
        return "status"
    return "enrichment" if entity == "contact" else "master"


class SharedBudget:
    """A connection's meter in one process (connectors.http.Meter). Threads share it.

    It reserves calls in blocks, fewer where the allowance is small. A kind whose share is spent by old news may make
    one call in ten minutes, to hear whether that is still so.
    """

    def __init__(
        self, ledger: Ledger, connection: str, system: str, policy: guards.Budget, clock: Callable[[], datetime]
    ) -> None:
        self._ledger, self._connection, self._system = ledger, connection, system
        self._policy, self._clock = policy, clock
        self._lock = threading.Lock()
        self._now = Budget(connection, "")
        self._left = self._owed = 0
        self._news = self._warned = False

    def spend(self) -> None:
        """Count one call. Raises ShareSpent, with nothing counted, where this kind of work may make none now."""
        kind = _DOING.get()
        with self._lock:
            self._new_day()
            if self._left == 0:
                self._reserve()
            if self._beyond(kind):
                self._look()
            if self._beyond(kind) and not self._old_news():
                raise ShareSpent(self._spent(kind), system=self._system, until=self._midnight())
            self._left -= 1
            self._set(used=None if self._now.used is None else self._now.used + 1)

    def told(self, used: int, allowed: int) -> None:
        """What the system itself says about the day's calls: the truth."""
        with self._lock:
            self._news = True
            self._set(used=used, allowed=allowed, told_at=self._clock())
            self._warn()

    def close(self) -> None:
        """Give back what was reserved and not used, and leave what the system said to the other processes."""
        with self._lock, contextlib.suppress(LedgerError):
            if self._left or self._news:
                self._give_back()

    def _reserve(self) -> None:
        """A ledger that cannot be written now must not stop a call; what it was not told is told with the next."""
        allowed = self._now.allowed
        block = BLOCK if allowed is None else max(1, min(BLOCK, allowed // FINEST))
        try:
            with self._ledger.begin() as tx:
                if self._news and self._now.used is not None and allowed is not None and self._now.told_at is not None:
                    tx.budgets.told(self._connection, self._now.used, allowed, self._now.told_at)
                self._adopt(tx.budgets.reserve(self._connection, block + self._owed), block)
            self._news, self._owed = False, 0
        except LedgerError as failure:
            logger.warning("%s: calls cannot be counted now (%s)", self._connection, type(failure).__name__)
            self._owed += block
        self._left = block

    def _give_back(self) -> None:
        with self._ledger.begin() as tx:
            tx.budgets.give_back(self._connection, self._now.day, self._left)
            if self._news and self._now.used is not None and self._now.allowed and self._now.told_at:
                tx.budgets.told(self._connection, self._now.used, self._now.allowed, self._now.told_at)
        self._left, self._news = 0, False

    def _look(self) -> None:
        """Take over what other processes heard later than this one."""
        with contextlib.suppress(LedgerError), self._ledger.read() as tx:
            found = tx.budgets.today(self._connection)
            known = self._now.told_at
            if found.told_at is not None and (known is None or found.told_at > known):
                self._adopt(found, self._left)
                self._news = False

    def _adopt(self, found: Budget, reserved: int) -> None:
        """The shared count, less what this process has reserved in it and not used."""
        used = None if found.used is None else max(0, found.used - reserved)
        self._now = Budget(found.connection, found.day, found.calls, found.allowed, used, found.told_at)

    def _set(self, **values: object) -> None:
        now = self._now
        known = {"allowed": now.allowed, "used": now.used, "told_at": now.told_at} | values
        self._now = Budget(now.connection, now.day, now.calls, **known)  # type: ignore[arg-type]

    def _beyond(self, kind: CallClass) -> bool:
        return is_spent(self._now, self._policy.shares[kind])

    def _old_news(self) -> bool:
        if self._now.told_at is not None and self._clock() - self._now.told_at < RECHECK:
            return False
        self._set(told_at=self._clock())
        return True

    def _new_day(self) -> None:
        day = self._clock().astimezone(UTC).date().isoformat()
        if day == self._now.day:
            return
        if self._now.day and self._left:
            self._return_unused()
        self._now, self._left, self._news, self._warned = Budget(self._connection, day), 0, False, False

    def _return_unused(self) -> None:
        with contextlib.suppress(LedgerError), self._ledger.begin() as tx:
            tx.budgets.give_back(self._connection, self._now.day, self._left)

    def _midnight(self) -> datetime:
        today = self._clock().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return today + timedelta(days=1)

    def _spent(self, kind: CallClass) -> str:
        share = self._policy.shares[kind]
        return (
            f"{self._connection}: {self._now.used:,} of {self._now.allowed:,} daily API calls are used, and "
            f"{_WORDS[kind]} may use {share:.0%} of them; this goes on after {self._midnight():%Y-%m-%d %H:%M} UTC, or "
            "once calls are back. More urgent work goes on now."
        )

    def _warn(self) -> None:
        share = self._now.share
        if share is not None and share >= self._policy.warn_share and not self._warned:
            self._warned = True
            logger.warning("%s: %s", self._connection, shown(self._now))


def is_spent(budget: Budget, share: float) -> bool:
    """Whether one more call is more than a share allows. The whole allowance is for the system to refuse."""
    return share < 1 and budget.share is not None and budget.share >= share


def spent(platform: Platform) -> list[tuple[str, str]]:
    """(connection, entity) of the queues that may make no call now, because their share is spent by recent news."""
    shares, now = platform.policy.budget.shares, platform.clock()
    found = [(side, today(platform, name)) for name, side in platform.connections.items()]
    return [
        (side.name, entity)
        for side, budget in found
        if budget.told_at is not None and now - budget.told_at < RECHECK
        for entity in platform.governance
        if is_spent(budget, shares[pushing(entity, side.role)])
    ]


def shown(budget: Budget) -> str:
    """A day's calls in words."""
    if budget.used is None or not budget.allowed:
        return f"{budget.calls:,} calls today, no daily limit known"
    return f"{budget.used:,} of {budget.allowed:,} calls used today ({budget.used / budget.allowed:.0%})"


def today(platform: Platform, connection: str) -> Budget:
    """What is used of a connection's budget today, by every process."""
    with platform.shared.read() as tx:
        return tx.budgets.today(connection)


def budgets(platform: Platform) -> pl.DataFrame:
    """(connection, calls, used, allowed, warn, what) of today; `warn` where more than the policy's share is used."""
    found = [today(platform, name) for name in platform.connections]
    rows = [(one.connection, one.calls, one.used, one.allowed, warns(platform, one), shown(one)) for one in found]
    numbers = dict.fromkeys(("calls", "used", "allowed"), pl.Int64)
    schema = {"connection": pl.String, **numbers, "warn": pl.Boolean, "what": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def warns(platform: Platform, budget: Budget) -> bool:
    """Whether so much of the day's calls is used that somebody should know."""
    return budget.share is not None and budget.share >= platform.policy.budget.warn_share
