"""Runs the migrations in the transaction that `Ledger.open` hands over, so a failed one leaves nothing behind."""

from alembic import context

from crmerp_assets.ledger.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
