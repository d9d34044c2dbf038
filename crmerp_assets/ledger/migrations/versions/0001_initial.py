"""Links, snapshots, intents, reviews, parked records, cursors, aliases and budgets."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

OPEN = "state IN ('planned', 'waiting', 'approved', 'claimed', 'sent', 'unknown', 'rejected')"
STATES = (
    "state IN ('planned', 'waiting', 'approved', 'claimed', 'sent', 'unknown', 'rejected', "
    "'superseded', 'applied', 'settled', 'cancelled')"
)


def upgrade() -> None:
    _links()
    _intents()
    _the_rest()


def _links() -> None:
    op.create_table(
        "counters", sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.BigInteger, nullable=False)
    )
    op.create_table(
        "links",
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("native_id", sa.Text, nullable=False),
        sa.Column("golden_id", sa.Text),
        sa.Column("method", sa.Text),
        sa.Column("evidence", sa.Text),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("entity", "connection", "native_id", name="links_pkey"),
        sa.UniqueConstraint("entity", "golden_id", "connection", name="links_one_record_per_side"),
    )
    op.create_index("links_version", "links", ["entity", "version"])
    op.create_table(
        "link_history",
        sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("native_id", sa.Text, nullable=False),
        sa.Column("golden_id", sa.Text),
        sa.Column("previous_golden_id", sa.Text),
        sa.Column("method", sa.Text),
        sa.Column("evidence", sa.Text),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    op.create_index("link_history_record", "link_history", ["entity", "native_id"])
    op.create_table(
        "snapshots",
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("golden_id", sa.Text, nullable=False),
        sa.Column("values", sa.Text, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("entity", "golden_id", name="snapshots_pkey"),
    )


def _intents() -> None:
    op.create_table(
        "intents",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("golden_id", sa.Text, nullable=False),
        sa.Column("native_id", sa.Text),
        sa.Column("operation", sa.Text, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("gate", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("changes", sa.Text, nullable=False),
        sa.Column("expected_version", sa.Text),
        sa.Column("priority", sa.BigInteger, nullable=False),
        sa.Column("amount", sa.Text),
        sa.Column("currency", sa.Text),
        sa.Column("attempts", sa.BigInteger, nullable=False),
        sa.Column("error_class", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("next_attempt_at", sa.BigInteger),
        sa.Column("claimed_by", sa.Text),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("run_id", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("applied_at", sa.BigInteger),
        sa.Column("replan", sa.Boolean, nullable=False),
        sa.CheckConstraint(STATES, name="intents_state"),
    )
    _partial_index("intents_one_open", ["connection", "entity", "golden_id"], OPEN, unique=True)
    op.create_index("intents_queue", "intents", ["connection", "entity", "state", "priority"])
    op.create_index("intents_record", "intents", ["entity", "golden_id"])
    _partial_index("intents_replan", ["entity"], "replan")
    op.create_table(
        "attempts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("intent_id", sa.Text, sa.ForeignKey("intents.id", name="attempts_intent"), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text),
        sa.Column("payload_hash", sa.Text),
        sa.Column("native_id", sa.Text),
        sa.Column("error_class", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("next_attempt_at", sa.BigInteger),
    )
    op.create_index("attempts_of_intent", "attempts", ["intent_id"])


def _partial_index(name: str, columns: list[str], where: str, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, "intents", columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def _the_rest() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("value", sa.Float),
        sa.Column("decision", sa.Text),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("decided_at", sa.BigInteger),
        sa.Column("decided_by", sa.Text),
        sa.CheckConstraint("state IN ('open', 'decided', 'closed')", name="reviews_state"),
    )
    op.create_index("reviews_of_kind", "reviews", ["kind", "state"])
    op.create_table(
        "parked",
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("native_id", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.Text),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sa.Column("last_seen", sa.BigInteger, nullable=False),
        sa.Column("times", sa.BigInteger, nullable=False),
        sa.Column("resolved_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("stage", "entity", "connection", "native_id", name="parked_pkey"),
    )
    op.create_table(
        "cursors",
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("object", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("cursor", sa.Text, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("connection", "object", "purpose", name="cursors_pkey"),
    )
    op.create_table(
        "aliases",
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("golden_id", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("entity", "text", name="aliases_pkey"),
    )
    op.create_table(
        "budgets",
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("calls", sa.BigInteger, nullable=False),
        sa.Column("allowed", sa.BigInteger),
        sa.PrimaryKeyConstraint("connection", "day", name="budgets_pkey"),
    )
