"""Parked work with its history, pauses of connections, and decisions that hold for a field."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _columns()
    _parked_history()
    _connections()
    _preferences()


def _columns() -> None:
    op.add_column("intents", sa.Column("edits", sa.Text))
    op.add_column("intents", sa.Column("assigned_to", sa.Text))
    op.add_column("attempts", sa.Column("note", sa.Text))
    op.add_column("parked", sa.Column("version", sa.Text))
    op.add_column("parked", sa.Column("assigned_to", sa.Text))
    op.add_column("parked", sa.Column("skipped_at", sa.BigInteger))
    op.add_column("parked", sa.Column("skipped_by", sa.Text))
    op.add_column("parked", sa.Column("skipped_why", sa.Text))
    op.add_column("parked", sa.Column("again_at", sa.BigInteger))


def _parked_history() -> None:
    """The history starts with what is known of the records that are parked now."""
    op.create_table(
        "parked_history",
        sa.Column("id", _SERIAL, primary_key=True, autoincrement=True),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("native_id", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("detail", sa.Text),
        sa.Column("version", sa.Text),
    )
    op.create_index("parked_history_record", "parked_history", ["entity", "connection", "native_id"])
    op.execute(
        "INSERT INTO parked_history (stage, entity, connection, native_id, event, at, reason, detail) "
        "SELECT stage, entity, connection, native_id, 'failed', last_seen, reason, detail FROM parked "
        "WHERE resolved_at IS NULL"
    )


def _connections() -> None:
    op.create_table(
        "pauses",
        sa.Column("connection", sa.Text, primary_key=True),
        sa.Column("error_class", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("paused_at", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("times", sa.BigInteger, nullable=False),
    )


def _preferences() -> None:
    op.create_table(
        "preferences",
        sa.Column("id", _SERIAL, primary_key=True, autoincrement=True),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("choice", sa.Text),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
