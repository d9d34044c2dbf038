"""What the ledger raises, named by what to do next.

    LedgerError
        LedgerBusy          another process holds the lock: try again
        LedgerFull          no space is left: free some, then try again
        LedgerUnavailable   the database cannot be reached, read or understood: mend it first
        IllegalTransition   an intent is not in a state that allows this
        NotFound            no such intent or review (also a LookupError)

Messages are sentences with the next step. They never hold the values of a statement: those can be personal data.
"""


class LedgerError(RuntimeError):
    """Something the ledger could not do; nothing of the transaction was stored."""


class LedgerBusy(LedgerError):
    """Another process held the ledger's lock for longer than the ledger waits."""


class LedgerFull(LedgerError):
    """The disk, or the space the database may use, is full."""


class LedgerUnavailable(LedgerError):
    """The database cannot be reached, opened, read or understood."""


class IllegalTransition(LedgerError):
    """An intent was to move to a state that its present state does not lead to."""


class NotFound(LedgerError, LookupError):
    """No intent or review has this id."""
