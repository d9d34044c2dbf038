"""Circuit breakers and shared API budgets."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table of breakers; a budget's `used` as the system itself tells it, and when it told."""
    op.add_column("budgets", sa.Column("used", sa.BigInteger))
    op.add_column("budgets", sa.Column("told_at", sa.BigInteger))
    op.create_table(
        "breakers",
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("probe_at", sa.BigInteger),
        sa.Column("decided_at", sa.BigInteger),
        sa.CheckConstraint("state IN ('open', 'kept', 'released')", name="breakers_state"),
        sa.PrimaryKeyConstraint("connection", "entity", "cause", name="breakers_pkey"),
    )
