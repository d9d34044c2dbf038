"""Units of measure: a quantity only means the same on both sides where the product's unit does.

A line has no unit of its own, in either system it is the product's. Where both sides know one and they differ,
orders wait, as two cases are not two pieces; nothing is converted. A unit is filled in where the CRM has none and never
replaced there: that would change what the deals won so far have sold.
"""

import duckdb
import polars as pl

from crmerp_assets.canonical.lines import lines_json, parse_lines
from crmerp_assets.merge.gates import Gate
from crmerp_assets.sync import tables

DIFFER = Gate("unit_differs", pl.col("fact.units").is_not_null(), pl.col("fact.units"))
_APART = '"crm.present" AND "erp.present" AND "crm.unit" <> "erp.unit"'


def differing(con: duckdb.DuckDBPyConnection, candidates: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """(golden_id, fact.units) of the orders whose lines are to be written and sell a product whose units differ.

    `lines` are theirs: golden_id, product, quantity.
    """
    writing = candidates.filter(pl.col("changes").str.contains('"lines":', literal=True)).select("golden_id")
    sold = lines.join(writing, on="golden_id", how="semi")
    con.register("_sold", sold.select("golden_id", "product", "quantity").to_arrow())
    found = con.execute(
        f"""
        SELECT s.golden_id, s.quantity, p."crm.unit" AS crm, p."erp.unit" AS erp,
               coalesce(p."golden.sku", p."golden.name", s.product) AS product
        FROM _sold s JOIN {tables.compare("product").sql} p ON p.golden_id = s.product
        WHERE {_APART} ORDER BY s.golden_id, product
        """
    ).pl()
    con.unregister("_sold")
    said = pl.format(
        "product {} is sold by {} in the CRM and by {} in the ERP: {} of it may not be the same; make its units agree",
        "product",
        "crm",
        "erp",
        "quantity",
    )
    return found.group_by("golden_id", maintain_order=True).agg(said.first().alias("fact.units"))


def shown(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Golden id of a product -> its unit, or `CRM's / ERP's` where they differ; products without one are absent."""
    return _units(con, f'CASE WHEN {_APART} THEN "crm.unit" || \' / \' || "erp.unit" ELSE "golden.unit" END')


def with_units(con: duckdb.DuckDBPyConnection, side: str, lines: str | None) -> str | None:
    """Lines as canonical JSON, each with the `unit` that its product has on this side (crm, erp or golden)."""
    text = pl.DataFrame({"parent_id": ["_"], "lines": [lines]}, schema={"parent_id": pl.String, "lines": pl.String})
    parsed = parse_lines(text, keep=["parent_id"])
    if parsed.is_empty():
        return lines
    units = _units(con, f'"{side}.unit"')
    unit = pl.col("product").replace_strict(units, default=None, return_dtype=pl.String)
    return str(lines_json(parsed.with_columns(unit.alias("unit")))["lines"][0])


def _units(con: duckdb.DuckDBPyConnection, unit: str) -> dict[str, str]:
    source = tables.compare("product")
    if not source.exists(con):
        return {}
    return dict(con.execute(f"SELECT golden_id, {unit} FROM {source.sql} WHERE {unit} IS NOT NULL").fetchall())
