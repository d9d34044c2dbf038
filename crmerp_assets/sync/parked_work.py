"""Parked work: writes that a system refused and records that cannot be used, in one list, and what people do with it.

An entry's id is the intent's, or one made of the place of the record. Everything that keeps failing, or has waited for
long, is more severe and comes first. Entries close themselves: a write when the record is applied or planned anew, a
record when it passes.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from crmerp_assets.ledger import Transaction
from crmerp_assets.ledger.parked import Place
from crmerp_assets.sync.platform import Platform
from crmerp_assets.sync.retries import CLASSES, UNUSABLE

WRITE, RECORD = "write", "record"
SEVERITIES = ("new", "repeated", "urgent")
REPEATED, URGENT = (3, timedelta(days=1)), (10, timedelta(days=7))
"""From how many failures, or from what age on."""
_TIME = pl.Datetime("us", "UTC")
WORK = pl.Schema(
    {
        "id": pl.String(),
        "severity": pl.String(),
        "what": pl.String(),
        "entity": pl.String(),
        "connection": pl.String(),
        "record": pl.String(),
        "operation": pl.String(),
        "stage": pl.String(),
        "error_class": pl.String(),
        "reason": pl.String(),
        "first_seen": _TIME,
        "last_seen": _TIME,
        "times": pl.Int64(),
        "amount": pl.String(),
        "currency": pl.String(),
        "assigned_to": pl.String(),
        "next_step": pl.String(),
    }
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which parked work is meant: by id (its first characters will do) or by what it has in common; else all of it."""

    ids: tuple[str, ...] = ()
    entity: str | None = None
    connection: str | None = None
    error_class: str | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing narrows it down."""
        return not (self.ids or self.entity or self.connection or self.error_class)


def parked_work(platform: Platform, chosen: Chosen = Chosen()) -> pl.DataFrame:
    """Rows of WORK, the most severe first, then by money and age. LookupError for an id that names not exactly one."""
    with platform.ledger.read() as tx:
        found = pl.concat([_writes(tx), _records(tx)])
    found = _narrowed(found, chosen)
    ranked = found.with_columns(severity(platform.clock()).alias("severity"))
    rank = pl.col("severity").replace_strict({name: n for n, name in enumerate(SEVERITIES)}, return_dtype=pl.Int64)
    money = pl.col("amount").cast(pl.Decimal(20, 6), strict=False)
    return ranked.sort(rank, money, "first_seen", "id", descending=[True, True, False, False], nulls_last=True)


def severity(now: datetime) -> pl.Expr:
    """How pressing an entry is, by how often it failed and for how long."""

    def reached(limit: tuple[int, timedelta]) -> pl.Expr:
        times, age = limit
        return (pl.col("times") >= times) | (pl.col("first_seen") <= pl.lit(now - age))

    new, repeated, urgent = (pl.lit(name) for name in SEVERITIES)
    return pl.when(reached(URGENT)).then(urgent).when(reached(REPEATED)).then(repeated).otherwise(new)


def retry(platform: Platform, chosen: Chosen, by: str) -> pl.DataFrame:
    """Make writes ready again and have records read again by the next run; a connection named goes on."""
    work = parked_work(platform, chosen)
    with platform.ledger.begin() as tx:
        tx.intents.retry(_ids(work), by=by)
        tx.parked.ask_again(_places(work), by)
        if chosen.connection is not None:
            tx.pauses.lift(chosen.connection)
    return work


def skip(platform: Platform, chosen: Chosen, by: str, why: str) -> pl.DataFrame:
    """Withdraw writes and stop showing records, until they change; what was skipped."""
    work = parked_work(platform, chosen)
    with platform.ledger.begin() as tx:
        tx.intents.cancel(_ids(work), by, why)
        tx.parked.skip(_places(work), by, why)
    return work


def assign(platform: Platform, chosen: Chosen, to: str | None, by: str) -> pl.DataFrame:
    """Say who looks after it; what was assigned."""
    work = parked_work(platform, chosen)
    with platform.ledger.begin() as tx:
        tx.intents.assign(_ids(work), to, by)
        tx.parked.assign(_places(work), to, by)
    return work


def place(row: dict[str, str]) -> Place:
    """Where the ledger keeps an entry that is a record."""
    return Place(row["stage"], row["entity"], row["connection"], row["record"])


def _narrowed(found: pl.DataFrame, chosen: Chosen) -> pl.DataFrame:
    if chosen.error_class is not None and chosen.error_class not in CLASSES:
        raise LookupError(f"'{chosen.error_class}' is no class of errors; they are {', '.join(CLASSES)}")
    for column in ("entity", "connection", "error_class"):
        wanted = getattr(chosen, column)
        found = found if wanted is None else found.filter(pl.col(column) == wanted)
    if not chosen.ids:
        return found
    return pl.concat([_one(found, prefix) for prefix in chosen.ids]).unique("id", maintain_order=True)


def _one(found: pl.DataFrame, prefix: str) -> pl.DataFrame:
    named = found.filter(pl.col("id").str.starts_with(prefix))
    if named.height != 1:
        raise LookupError(
            f"{named.height} entries of parked work start with '{prefix}'; `crmerp review parked` lists them"
        )
    return named


def _writes(tx: Transaction) -> pl.DataFrame:
    seen = tx.intents.open(states=["rejected"]).join(tx.intents.failures(), on="id", how="left")
    return _shaped(
        seen.with_columns(
            pl.lit(WRITE).alias("what"),
            pl.col("error_class").fill_null("Rejected"),
            pl.col("golden_id").alias("record"),
            pl.coalesce("error", "reason").alias("reason"),
            pl.coalesce("first_seen", "updated_at").alias("first_seen"),
            pl.coalesce("last_seen", "updated_at").alias("last_seen"),
            pl.col("times").fill_null(1),
        )
    )


def _records(tx: Transaction) -> pl.DataFrame:
    parked = tx.parked.list()
    ids = [entry_id(Place(*row)) for row in parked.select(*Place._fields).iter_rows()]
    return _shaped(
        parked.with_columns(
            pl.Series("id", ids, dtype=pl.String),
            pl.lit(RECORD).alias("what"),
            pl.col("native_id").alias("record"),
            pl.lit("read").alias("operation"),
            pl.lit(UNUSABLE).alias("error_class"),
        )
    )


def entry_id(at: Place) -> str:
    """The id of the entry for a parked record."""
    return hashlib.sha256("|".join(at).encode()).hexdigest()[:32]


def _shaped(rows: pl.DataFrame) -> pl.DataFrame:
    steps = {name: one.person for name, one in CLASSES.items()}
    step = pl.col("error_class").replace_strict(steps, default=CLASSES["Rejected"].person, return_dtype=pl.String)
    plain = step.str.replace_all(r"\[([^\]]*)\]\([^)]*\)", "$1 in docs/operating.md")
    rows = rows.with_columns(plain.alias("next_step"))
    missing = [pl.lit(None, dtype=kind).alias(name) for name, kind in WORK.items() if name not in rows.columns]
    return rows.with_columns(missing).select(*WORK.names()).cast(WORK)


def _ids(work: pl.DataFrame) -> list[str]:
    return work.filter(pl.col("what") == WRITE)["id"].to_list()


def _places(work: pl.DataFrame) -> list[Place]:
    rows: Iterable[dict[str, str]] = work.filter(pl.col("what") == RECORD).iter_rows(named=True)
    return [place(row) for row in rows]
