"""Gates: rules that hold an intent back, each with a reason that a person understands.

A gate is a name, a condition on the frame of candidate writes and a reason; the first that holds decides. Gates
that only time or another record can open are re-tried by themselves; gates marked `person` need somebody to act.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Gate:
    """`holds` is true where the write must wait; `reason` is the sentence shown to people."""

    name: str
    holds: pl.Expr
    reason: pl.Expr


def apply(frame: pl.DataFrame, gates: Sequence[Gate]) -> pl.DataFrame:
    """Add `gate` and `reason`: those of the first gate that holds each row, null where none does."""
    name, reason = pl.lit(None, dtype=pl.String), pl.lit(None, dtype=pl.String)
    for gate in reversed(gates):
        holds = gate.holds.fill_null(value=False)
        name = pl.when(holds).then(pl.lit(gate.name)).otherwise(name)
        reason = pl.when(holds).then(gate.reason).otherwise(reason)
    return frame.with_columns(name.alias("gate"), reason.alias("reason"))
