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


def stepwise(steps: Callable[[pl.DataFrame], pl.Series], value: pl.Expr, *others: pl.Expr) -> pl.Expr:
    """Text that is worked out in steps over the columns `value`, `other0`, `other1` ..., each step computed once.

    An expression that mentions an intermediate result five times computes it five times, and what that mentions too:
    reading a date took forty times as long as it does in steps.
    """
    names = ["value", *(f"other{n}" for n in range(len(others)))]

    def apply(series: pl.Series) -> pl.Series:
        frame = series.struct.unnest()
        frame.columns = names
        return steps(frame)

    # The first column keeps its name, which becomes the name of the result.
    columns = [value, *(other.alias(f"__{name}") for name, other in zip(names[1:], others, strict=True))]
    return pl.struct(columns).map_batches(apply, return_dtype=pl.String(), is_elementwise=True)


def unless(understood: pl.Expr, value: pl.Expr, otherwise: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """The value where it is understood already; else what the slow path makes of it, else the value as it is.

    The slow path sees null for values understood already, so it costs nothing for them. The value and the test are
    mentioned several times here, and each mention is computed: give columns, as `stepwise` does.
    """
    rest = pl.when(understood).then(pl.lit(None, dtype=pl.String)).otherwise(value)
    return pl.when(understood).then(value).otherwise(pl.coalesce([otherwise(rest), value]))
