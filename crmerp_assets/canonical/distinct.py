"""Run a Python function over the distinct values of a column only.

Libraries such as phonenumbers do tens of thousands of values a second, and columns repeat themselves. Everything
else stays a polars expression.
"""

from collections.abc import Callable

import polars as pl


def distinct(function: Callable[..., str | None], value: pl.Expr, *others: pl.Expr) -> pl.Expr:
    """`function(value, *others)` computed once per distinct combination; a null value stays null.

    The other arguments may be null (given as None) or literals. The function must be pure and return text.
    """
    return _mapped(function, pl.String(), value, *others)


def distinct_test(function: Callable[..., bool], value: pl.Expr, *others: pl.Expr) -> pl.Expr:
    """Like `distinct` for a function that answers yes or no."""
    return _mapped(function, pl.Boolean(), value, *others)


def _mapped(function: Callable[..., object], dtype: pl.DataType, value: pl.Expr, *others: pl.Expr) -> pl.Expr:
    names = [f"argument{n}" for n in range(len(others) + 1)]

    def apply(series: pl.Series) -> pl.Series:
        frame = series.struct.unnest()
        frame.columns = names
        known = frame.filter(pl.col(names[0]).is_not_null()).unique()
        results = pl.Series("result", [function(*row) for row in known.iter_rows()], dtype=dtype)
        lookup = known.with_columns(results)
        return frame.join(lookup, on=names, how="left", nulls_equal=True, maintain_order="left")["result"]

    # The first column keeps its name, which becomes the name of the result.
    columns = [value.cast(pl.String)]
    columns += [e.cast(pl.String).alias(f"__{n}") for n, e in zip(names[1:], others, strict=True)]
    return pl.struct(columns).map_batches(apply, return_dtype=dtype, is_elementwise=True)
