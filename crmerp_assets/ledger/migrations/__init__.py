"""Alembic migrations of the ledger, applied by `Ledger.open`."""
