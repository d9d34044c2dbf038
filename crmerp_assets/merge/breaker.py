"""Is a plan abnormal? Counts in, trips out; no database, no clock.

The size of a plan is compared with the known base: how many records of the entity the side holds. Small plans never
trip, whatever the base.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

import polars as pl

from crmerp_assets.merge.guards import Limits

Measure = Literal["creates", "updates", "blanks"]
Verdict = Literal["pass", "close", "ask", "hold"]
State = Literal["open", "kept", "released"]


@dataclass(frozen=True, slots=True)
class Volume:
    """What would be sent: creates, updates, and of the updates the fields and the blanked ones among them."""

    creates: int = 0
    updates: int = 0
    fields: int = 0
    blanks: int = 0

    def __add__(self, other: "Volume") -> "Volume":
        return Volume(
            self.creates + other.creates,
            self.updates + other.updates,
            self.fields + other.fields,
            self.blanks + other.blanks,
        )


@dataclass(frozen=True, slots=True)
class Trip:
    """One measure that is beyond what passes without a question."""

    measure: Measure
    found: int
    allowed: int


@dataclass(frozen=True, slots=True)
class Known:
    """What was asked before, and what a person said: the volume that was looked at, and what of it is done since."""

    state: State
    volume: Volume
    done: Volume = Volume()


def volume(intents: pl.DataFrame) -> Volume:
    """The volume of candidate intents (operation, changes as JSON text of field -> before, after, rule).

    Inside a JSON string a quote is escaped, so the texts counted here are keys and never values.
    """
    updates = intents.filter(pl.col("operation") == "update")
    counted = updates.select(
        pl.col("changes").str.count_matches('"after":', literal=True).sum().alias("fields"),
        pl.col("changes").str.count_matches('"after":null', literal=True).sum().alias("blanks"),
    ).row(0)
    return Volume(intents.height - updates.height, updates.height, *(int(count or 0) for count in counted))


def trips(found: Volume, base: int, limits: Limits, today: date) -> tuple[Trip, ...]:
    """The measures in which the volume is abnormal for a side that holds `base` records."""
    creates = max(limits.min_records, int(limits.create_share * base))
    updates = max(limits.min_records, int(limits.update_share * base))
    blanks = Trip("blanks", found.blanks, max(limits.min_blanks, int(limits.blank_share * found.fields)))
    sizes = (Trip("creates", found.creates, creates), Trip("updates", found.updates, updates))
    checked = (blanks,) if limits.loading(today) else (*sizes, blanks)
    return tuple(trip for trip in checked if trip.found > trip.allowed)


def verdict(tripped: tuple[Trip, ...], found: Volume, known: Known | None) -> Verdict:
    """What to do: let it pass, close the breaker, ask a person, or hold without asking anew.

    What was released may go, and anything not larger; what is done of it is used up. What was kept stays held until
    it grows.
    """
    if not tripped:
        return "close" if known else "pass"
    if known is None or known.state == "open":
        return "ask"
    asked_for = found + known.done if known.state == "released" else found
    larger = any(getattr(asked_for, trip.measure) > getattr(known.volume, trip.measure) for trip in tripped)
    if larger:
        return "ask"
    return "pass" if known.state == "released" else "hold"


def failing(tried: int, failed: int, limits: Limits) -> bool:
    """Whether a push fails so often that the queue must stop."""
    return tried >= limits.min_attempts and failed > limits.error_share * tried


def recovered(tried: int, failed: int, limits: Limits) -> bool:
    """Whether a probe shows that the cause is gone."""
    return tried > 0 and failed <= limits.error_share * tried


def sentence(trip: Trip, base: int, entity: str, connection: str) -> str:
    """A trip for people."""
    if trip.measure == "blanks":
        return f"{trip.found:,} values of {entity} in {connection} would be blanked; {trip.allowed:,} pass unasked"
    holds = f"which holds {base:,}" if base else "which holds none yet"
    return f"{trip.found:,} {trip.measure} of {entity} in {connection}, {holds}; {trip.allowed:,} pass unasked"
