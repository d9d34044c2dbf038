"""Order lines and payment applications: native child rows to one canonical JSON text, and back to native rows."""

import polars as pl

from crmerp_assets.canonical.frames import decimal_text
from crmerp_assets.canonical.lines import lines_json, parse_lines
from crmerp_assets.canonical.money import MONEY, allocated, reduced
from crmerp_assets.mapping.matrix import EntityMap, LineMap
from crmerp_assets.mapping.values import context, inward

ROW = "__row"


def lines_inbound(entity_map: EntityMap, frame: pl.DataFrame) -> pl.DataFrame:
    """Add the canonical lines to a frame that holds `raw:` columns, a row index and the canonical header.

    Positions become 1 to n in the order of the native positions: systems leave gaps, or no position at all.
    """
    assert entity_map.lines is not None
    target = entity_map.lines_field
    assert target is not None
    lines = _canonical_lines(entity_map, entity_map.lines, frame)
    if entity_map.lines.text:
        without = frame.join(lines.select(ROW).unique(), on=ROW, how="anti")
        lines = pl.concat([lines, _text_lines(entity_map, entity_map.lines, without)], how="diagonal")
    if "amount" in lines.columns:
        lines = _whole_units(entity_map.lines, frame, lines)
    texts = lines_json(lines, parent=ROW).rename({"lines": target})
    return frame.join(texts, on=ROW, how="left", maintain_order="left")


def _canonical_lines(entity_map: EntityMap, line_map: LineMap, frame: pl.DataFrame) -> pl.DataFrame:
    natives = list(dict.fromkeys(path for field in line_map.fields.values() for path in field.native))
    native = {path: f"raw:{path}" for path in natives}
    rows = parse_lines(frame, f"raw:{line_map.child}", fields=natives, keep=[ROW]).rename(native)
    fields = {field.name: field for field in entity_map.line_model}
    region = entity_map.surroundings.default_region
    lines = rows.with_columns(
        inward(fields[name], field_map, pl.col(f"raw:{field_map.native[0]}"), context(field_map, region)).alias(name)
        for name, field_map in line_map.fields.items()
    )
    lines = lines.with_columns(
        net(pl.col(name), pl.col(field_map.net_of)).alias(name)
        for name, field_map in line_map.fields.items()
        if field_map.net_of
    )
    numbered = _numbered(lines) if "position" in fields else lines
    return numbered.select(ROW, *(name for name in fields if name in numbered.columns))


def net(value: pl.Expr, percent: pl.Expr) -> pl.Expr:
    """The number less a percentage of it, as text; unchanged where either is missing or no number."""
    return pl.coalesce(decimal_text(reduced(value, percent)), value)


def _whole_units(line_map: LineMap, frame: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The lines less the discount of the whole order, amounts in whole minor units that sum to the order's total.

    What rounding leaves over goes to the line with the largest amount, the first of several.
    """
    percent = pl.col(line_map.net_of) if line_map.net_of else pl.lit(None, dtype=pl.String)
    currency = pl.col("currency") if "currency" in frame.columns else pl.lit(None, dtype=pl.String)
    header = frame.select(ROW, percent.alias("__off"), currency.alias("__currency"))
    joined = lines.join(header, on=ROW, how="left", maintain_order="left")
    amount = pl.coalesce(reduced(pl.col("amount"), pl.col("__off")), pl.col("amount").cast(MONEY, strict=False))
    whole = decimal_text(allocated(amount, pl.col("__currency"), over=ROW))
    reduced_lines = joined.with_columns(
        pl.coalesce(whole, "amount").alias("amount"),
        *([net(pl.col("unit_price"), pl.col("__off")).alias("unit_price")] if "unit_price" in lines.columns else []),
    )
    return reduced_lines.drop("__off", "__currency")


def _numbered(lines: pl.DataFrame) -> pl.DataFrame:
    given = pl.col("position") if "position" in lines.columns else pl.lit(None, dtype=pl.String)
    ordered = lines.with_columns(given.cast(MONEY, strict=False).alias("__at")).with_row_index("__nth")
    ordered = ordered.sort(ROW, "__at", "__nth", nulls_last=True)
    position = (pl.int_range(pl.len()).over(ROW) + 1).cast(pl.String)
    return ordered.with_columns(position.alias("position"))


def _text_lines(entity_map: EntityMap, line_map: LineMap, frame: pl.DataFrame) -> pl.DataFrame:
    """One line for each order that says in a header text what is sold; its price is the order's amount."""
    fields = {field.name: field for field in entity_map.line_model}
    region = entity_map.surroundings.default_region
    amount = pl.col("amount") if "amount" in frame.columns else pl.lit(None, dtype=pl.String)
    texts = frame.select(
        ROW,
        pl.lit("1").alias("position"),
        pl.lit("1").alias("quantity"),
        amount.alias("unit_price"),
        amount.alias("amount"),
        *(
            inward(fields[name], f, pl.col(f"raw:{f.native[0]}").cast(pl.String), context(f, region)).alias(name)
            for name, f in line_map.text.items()
        ),
    )
    return texts.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in line_map.text))
