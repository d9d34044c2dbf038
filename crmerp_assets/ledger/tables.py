"""The ledger's tables. The migrations create them; a test holds both to be the same.

Times are stored as microseconds since 1970 UTC: the same on every database, exact, and read in bulk at once.
Decimals and JSON are text, as everywhere on our side.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from crmerp_assets.ledger.transitions import OPEN, TRANSITIONS


class Instant(BigInteger):
    """Microseconds since 1970-01-01 UTC."""


def _among(states: tuple[str, ...]) -> str:
    return "state IN (" + ", ".join(f"'{state}'" for state in states) + ")"


_SERIAL = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

links = Table(
    "links",
    metadata,
    Column("entity", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("native_id", Text, nullable=False),
    Column("golden_id", Text),
    Column("method", Text),
    Column("evidence", Text),
    Column("made_at", Instant, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    PrimaryKeyConstraint("entity", "connection", "native_id", name="links_pkey"),
    UniqueConstraint("entity", "golden_id", "connection", name="links_one_record_per_side"),
    Index("links_version", "entity", "version"),
)

link_history = Table(
    "link_history",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("entity", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("native_id", Text, nullable=False),
    Column("golden_id", Text),
    Column("previous_golden_id", Text),
    Column("method", Text),
    Column("evidence", Text),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Index("link_history_record", "entity", "native_id"),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("entity", Text, nullable=False),
    Column("golden_id", Text, nullable=False),
    Column("values", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
    PrimaryKeyConstraint("entity", "golden_id", name="snapshots_pkey"),
)

intents = Table(
    "intents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("golden_id", Text, nullable=False),
    Column("native_id", Text),
    Column("operation", Text, nullable=False),
    Column("key", Text),
    Column("state", Text, nullable=False),
    Column("gate", Text),
    Column("reason", Text),
    Column("changes", Text, nullable=False),
    Column("expected_version", Text),
    Column("priority", BigInteger, nullable=False),
    Column("amount", Text),
    Column("currency", Text),
    Column("attempts", BigInteger, nullable=False),
    Column("error_class", Text),
    Column("error", Text),
    Column("next_attempt_at", Instant),
    Column("claimed_by", Text),
    Column("lease_until", Instant),
    Column("run_id", Text),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("applied_at", Instant),
    Column("replan", Boolean, nullable=False),
    Column("edits", Text),
    Column("assigned_to", Text),
    Column("undoes", Text),
    Column("job", Text),
    Column("job_at", Instant),
    CheckConstraint(_among(tuple(TRANSITIONS)), name="intents_state"),
    Index(
        "intents_one_open",
        "connection",
        "entity",
        "golden_id",
        unique=True,
        sqlite_where=text(_among(OPEN)),
        postgresql_where=text(_among(OPEN)),
    ),
    Index("intents_queue", "connection", "entity", "state", "priority"),
    Index("intents_record", "entity", "golden_id"),
    Index("intents_replan", "entity", sqlite_where=text("replan"), postgresql_where=text("replan")),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("intent_id", Text, ForeignKey("intents.id", name="attempts_intent"), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("event", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", Text),
    Column("payload_hash", Text),
    Column("native_id", Text),
    Column("error_class", Text),
    Column("error", Text),
    Column("next_attempt_at", Instant),
    Column("note", Text),
    Index("attempts_of_intent", "intent_id"),
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("value", Float),
    Column("decision", Text),
    Column("opened_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", Text),
    CheckConstraint("state IN ('open', 'decided', 'closed')", name="reviews_state"),
    Index("reviews_of_kind", "kind", "state"),
)

parked = Table(
    "parked",
    metadata,
    Column("stage", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("native_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text),
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("resolved_at", Instant),
    Column("version", Text),
    Column("assigned_to", Text),
    Column("skipped_at", Instant),
    Column("skipped_by", Text),
    Column("skipped_why", Text),
    Column("again_at", Instant),
    PrimaryKeyConstraint("stage", "entity", "connection", "native_id", name="parked_pkey"),
)

parked_history = Table(
    "parked_history",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("stage", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("native_id", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", Text),
    Column("reason", Text),
    Column("detail", Text),
    Column("version", Text),
    Index("parked_history_record", "entity", "connection", "native_id"),
)

pauses = Table(
    "pauses",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("error_class", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("paused_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("times", BigInteger, nullable=False),
)

preferences = Table(
    "preferences",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("entity", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("choice", Text),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("connection", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("cursor", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
    PrimaryKeyConstraint("connection", "object", "purpose", name="cursors_pkey"),
)

aliases = Table(
    "aliases",
    metadata,
    Column("entity", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("golden_id", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    PrimaryKeyConstraint("entity", "text", name="aliases_pkey"),
)

survivors = Table(
    "survivors",
    metadata,
    Column("number", _SERIAL, primary_key=True, autoincrement=True),
    Column("entity", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("loser", Text, nullable=False),
    Column("survivor", Text, nullable=False),
    Column("loser_golden", Text, nullable=False),
    Column("survivor_golden", Text),
    Column("golden_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", Text),
    Column("why", Text),
    CheckConstraint("state IN ('over', 'double', 'waiting', 'undone', 'back')", name="survivors_state"),
    Index(
        "survivors_one_standing",
        "entity",
        "connection",
        "loser",
        unique=True,
        sqlite_where=text("state IN ('over', 'double', 'waiting', 'undone')"),
        postgresql_where=text("state IN ('over', 'double', 'waiting', 'undone')"),
    ),
)

budgets = Table(
    "budgets",
    metadata,
    Column("connection", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("calls", BigInteger, nullable=False),
    Column("allowed", BigInteger),
    Column("used", BigInteger),
    Column("told_at", Instant),
    PrimaryKeyConstraint("connection", "day", name="budgets_pkey"),
)

breakers = Table(
    "breakers",
    metadata,
    Column("connection", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("probe_at", Instant),
    Column("decided_at", Instant),
    CheckConstraint("state IN ('open', 'kept', 'released')", name="breakers_state"),
    PrimaryKeyConstraint("connection", "entity", "cause", name="breakers_pkey"),
)

holds = Table(
    "holds",
    metadata,
    Column("entity", Text, nullable=False),
    Column("golden_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    PrimaryKeyConstraint("entity", "golden_id", name="holds_pkey"),
)

match_models = Table(
    "match_models",
    metadata,
    Column("number", _SERIAL, primary_key=True, autoincrement=True),
    Column("entity", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("report", Text, nullable=False),
    Column("adopted", Boolean, nullable=False),
    Column("made_at", Instant, nullable=False),
    Index("match_models_of_entity", "entity", "number"),
)
