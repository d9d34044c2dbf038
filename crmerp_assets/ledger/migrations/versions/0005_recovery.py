"""Undo, backup and rebuilding: which intents a reverse write undoes, and records that a person holds."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("intents", sa.Column("undoes", sa.Text))
    op.create_table(
        "holds",
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("golden_id", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("entity", "golden_id", name="holds_pkey"),
    )
