"""A pusher's sign of life: while a long call runs, the leases of what it holds are renewed.

The lease may be short then, so that what a dead pusher held is settled soon, and a batch may still take an hour. The
renewing thread ends with the block and dies with the process; a pusher that was stopped for longer than its lease
finds its claims gone, sends nothing of them, and its late results only go into the history.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Thread

from crmerp_assets.ledger import Ledger, LedgerError

BEATS_PER_LEASE = 4


@contextmanager
def heartbeat(ledger: Ledger, ids: Sequence[str], worker: str, lease_seconds: float) -> Iterator[None]:
    """Keep the claims of `worker` on these intents alive until the block ends."""
    stop = Event()
    beating = Thread(target=_beat, args=(ledger, ids, worker, lease_seconds, stop), name="heartbeat", daemon=True)
    beating.start()
    try:
        yield
    finally:
        stop.set()
        beating.join()


def _beat(ledger: Ledger, ids: Sequence[str], worker: str, lease_seconds: float, stop: Event) -> None:
    """Renew until told to stop, or until nothing is held any more; a ledger that is busy is asked again."""
    held: Sequence[str] = ids
    while held and not stop.wait(lease_seconds / BEATS_PER_LEASE):
        with suppress(LedgerError), ledger.begin() as tx:
            held = tx.intents.renew(ids, worker, lease_seconds)
