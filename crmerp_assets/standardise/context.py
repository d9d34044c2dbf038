"""What a transform may know about the rest of the row.

`region` is the row's canonical country; `default_region` answers where the row has none.
"""

from collections.abc import Callable, Mapping

import polars as pl

Context = Mapping[str, pl.Expr]
Clean = Callable[[pl.Expr, Context], pl.Expr]


def region(context: Context) -> pl.Expr:
    """The country of the row, else the default, else null."""
    given = [context[name].cast(pl.String) for name in ("region", "default_region") if name in context]
    return pl.coalesce([*given, pl.lit(None, dtype=pl.String)])


def unless(understood: pl.Expr, value: pl.Expr, otherwise: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """The value where it is understood already; else what the slow path makes of it, else the value as it is.

    The slow path sees null for values understood already, so it costs nothing for them.
    """
    rest = pl.when(understood).then(pl.lit(None, dtype=pl.String)).otherwise(value)
    return pl.when(understood).then(value).otherwise(pl.coalesce([otherwise(rest), value]))
