"""Let a connection rest that cannot work now, and only that one.

Whatever calls an API does it inside `resting_on_failure`, and asks `paused` first: a pull, a push or a sensor's
question of a resting connection does nothing. The rest ends by itself, or because somebody put things right.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl

from crmerp_assets.canonical import MIRRORS
from crmerp_assets.connectors.errors import ConfigError, ConnectorError, ShareSpent
from crmerp_assets.sync.platform import Platform
from crmerp_assets.sync.retries import PAUSING, paused_until

logger = logging.getLogger(__name__)

FIXABLE = ["AuthFailed", "ConfigError"]
"""What a person puts right in the system; a spent quota only time does."""


@contextmanager
def resting_on_failure(platform: Platform, connection: str) -> Iterator[None]:
    """Pause the connection when the body raises QuotaSpent, AuthFailed or ConfigError, and raise it on.

    ShareSpent stops one kind of work; the connection goes on with more urgent ones.
    """
    try:
        yield
    except ShareSpent:
        raise
    except PAUSING as error:
        pause(platform, connection, error)
        raise


@contextmanager
def beside(entity: str) -> Iterator[list[str]]:
    """What only shows documents of the other side stops alone where its object, or a right to it, is missing.

    The reason is in the list. Everything that the connection is there for goes on.
    """
    why: list[str] = []
    try:
        yield why
    except ConfigError as error:
        if entity not in MIRRORS:
            raise
        logger.warning("%s is left out: %s", entity, error)
        why.append(str(error))


def pause(platform: Platform, connection: str, error: ConnectorError) -> None:
    """Let the connection rest for as long as the error says."""
    until, again = paused_until(error, platform.policy, platform.clock())
    with platform.ledger.begin() as tx:
        tx.pauses.put(connection, type(error).__name__, str(error), until, again)


def paused(platform: Platform, connection: str) -> bool:
    """Whether the connection rests now."""
    with platform.ledger.read() as tx:
        return connection in tx.pauses.list()["connection"].to_list()


def pauses(platform: Platform) -> pl.DataFrame:
    """Every pause that is on: connection, error_class, error, paused_at, until, times."""
    with platform.ledger.read() as tx:
        return tx.pauses.list()


def put_right(platform: Platform, connection: str) -> None:
    """The system is as it should be again: end its rest, and send what was refused for that reason."""
    with platform.ledger.begin() as tx:
        tx.pauses.lift(connection, FIXABLE)
        refused = tx.intents.open(connection, states=["rejected"]).filter(pl.col("error_class") == "ConfigError")
        tx.intents.retry(refused["id"].to_list(), by="check")
