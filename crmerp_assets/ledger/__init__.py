"""The ledger: identity, agreed values, the outbox of intents, reviews and cursors, all transactional.

It is the only state that cannot be recomputed from the systems. `Ledger.open(url, clock)`, then
`with ledger.begin() as tx:` gives one transaction; every subject hangs off it (`tx.links`, `tx.intents`, ...).
"""

from crmerp_assets.ledger.breakers import Breaker
from crmerp_assets.ledger.budgets import Budget
from crmerp_assets.ledger.errors import (
    IllegalTransition,
    LedgerBusy,
    LedgerError,
    LedgerFull,
    LedgerUnavailable,
    NotFound,
)
from crmerp_assets.ledger.ledger import Ledger, Transaction
from crmerp_assets.ledger.links import Linked
from crmerp_assets.ledger.planning import Replaced
from crmerp_assets.ledger.transitions import TRANSITIONS

__all__ = [
    "TRANSITIONS",
    "Breaker",
    "Budget",
    "IllegalTransition",
    "Ledger",
    "LedgerBusy",
    "LedgerError",
    "LedgerFull",
    "LedgerUnavailable",
    "Linked",
    "NotFound",
    "Replaced",
    "Transaction",
]
