"""Survivors of merges and what deletions mean."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STANDING = "state IN ('over', 'double', 'waiting', 'undone')"


def upgrade() -> None:
    op.create_table(
        "survivors",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("loser", sa.Text, nullable=False),
        sa.Column("survivor", sa.Text, nullable=False),
        sa.Column("loser_golden", sa.Text, nullable=False),
        sa.Column("survivor_golden", sa.Text),
        sa.Column("golden_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("ended_by", sa.Text),
        sa.Column("why", sa.Text),
        sa.CheckConstraint("state IN ('over', 'double', 'waiting', 'undone', 'back')", name="survivors_state"),
    )
    op.create_index(
        "survivors_one_standing",
        "survivors",
        ["entity", "connection", "loser"],
        unique=True,
        sqlite_where=sa.text(STANDING),
        postgresql_where=sa.text(STANDING),
    )
