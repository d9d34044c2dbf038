"""Weights that matching learned, with what checked them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "match_models",
        sa.Column("number", _SERIAL, primary_key=True, autoincrement=True),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("report", sa.Text, nullable=False),
        sa.Column("adopted", sa.Boolean, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Index("match_models_of_entity", "entity", "number"),
    )
