"""The remote job under which a system took a sent intent, and when it did."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("intents", sa.Column("job", sa.Text))
    op.add_column("intents", sa.Column("job_at", sa.BigInteger))
