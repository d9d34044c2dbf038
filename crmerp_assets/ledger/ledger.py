"""The ledger itself: open it, and do everything in transactions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Engine

from crmerp_assets.ledger.aliases import Aliases
from crmerp_assets.ledger.breakers import Breakers
from crmerp_assets.ledger.budgets import Budgets
from crmerp_assets.ledger.cursors import Cursors
from crmerp_assets.ledger.engine import BEGIN, database_url, make_engine, place, schema_of
from crmerp_assets.ledger.failures import translated
from crmerp_assets.ledger.holds import Holds
from crmerp_assets.ledger.intents import Intents
from crmerp_assets.ledger.links import Links
from crmerp_assets.ledger.migrate import migrate
from crmerp_assets.ledger.models import Models
from crmerp_assets.ledger.parked import Parked
from crmerp_assets.ledger.pauses import Pauses
from crmerp_assets.ledger.preferences import Preferences
from crmerp_assets.ledger.reviews import Reviews
from crmerp_assets.ledger.session import Session
from crmerp_assets.ledger.snapshots import Snapshots
from crmerp_assets.ledger.survivors import Survivors

BUSY_SECONDS = 30.0


class Transaction:
    """One transaction; what is done through it is stored together or not at all."""

    def __init__(self, session: Session) -> None:
        self.links = Links(session)
        self.snapshots = Snapshots(session)
        self.intents = Intents(session)
        self.reviews = Reviews(session)
        self.parked = Parked(session)
        self.cursors = Cursors(session)
        self.aliases = Aliases(session)
        self.budgets = Budgets(session)
        self.survivors = Survivors(session, self.links)
        self.pauses = Pauses(session)
        self.preferences = Preferences(session)
        self.breakers = Breakers(session)
        self.holds = Holds(session)
        self.models = Models(session)


class Ledger:
    """An open ledger. Safe to share between threads; each transaction has its own connection."""

    def __init__(self, engine: Engine, where: str, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._where = where
        self._clock = clock

    @classmethod
    def open(cls, url: str, clock: Callable[[], datetime], busy_seconds: float = BUSY_SECONDS) -> "Ledger":
        """Open (and create or migrate) the ledger at `sqlite:///path` or `postgresql://...`.

        `clock` gives UTC times with zone. Raises ValueError for another URL, LedgerUnavailable, LedgerBusy.
        """
        target = database_url(url)
        where = place(target)
        with translated(where):
            engine = make_engine(target, busy_seconds)
            try:
                migrate(engine, where, schema_of(target))
            except BaseException:
                engine.dispose()
                raise
        return cls(engine, where, clock)

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """One writing transaction. On SQLite it has the write lock from its start: keep it short."""
        with self._transaction("IMMEDIATE") as tx:
            yield tx

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """One reading transaction: it never waits for a writer and sees one moment of the ledger."""
        with self._transaction("DEFERRED") as tx:
            yield tx

    @contextmanager
    def _transaction(self, mode: str) -> Iterator[Transaction]:
        options = {BEGIN: mode}
        if mode == "DEFERRED" and self._engine.dialect.name == "postgresql":
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}  # type: ignore[dict-item]
        with translated(self._where), self._engine.connect() as connection:
            connection.execution_options(**options)
            with connection.begin():
                yield Transaction(Session(connection, self._clock))

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()
