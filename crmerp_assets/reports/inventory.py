"""The data dictionary of every connection: what its objects hold, what of it is used, and what changed meanwhile."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape

import polars as pl

from crmerp_assets.reports.export import sheets
from crmerp_assets.reports.quality.markup import STYLE, bar, many, table

KEY = ("connection", "object", "field")
PROPERTIES: Mapping[str, pl.DataType] = {
    "label": pl.String(),
    "type": pl.String(),
    "length": pl.Int64(),
    "scale": pl.Int64(),
    "required": pl.Boolean(),
    "unique": pl.Boolean(),
    "custom": pl.Boolean(),
    "readable": pl.Boolean(),
    "writeable": pl.Boolean(),
    "values": pl.String(),
    "references": pl.String(),
}
"""What a system says of a field. Values and references are names with commas between."""
FIELDS: Mapping[str, pl.DataType] = {
    **dict.fromkeys(KEY, pl.String()),
    **PROPERTIES,
    "read_by": pl.String(),
    "written_by": pl.String(),
    "rows": pl.Int64(),
    "filled": pl.Int64(),
    "distinct": pl.Int64(),
}
"""`read_by`, `written_by`: canonical fields (`customer.name`); `rows`: staged records, of which the field is `filled`,
with about `distinct` different values; null where it is not staged."""
DRIFT: Mapping[str, pl.DataType] = dict.fromkeys(
    ("what", *KEY, "property", "before", "after", "read_by", "written_by"), pl.String()
)
LIMITS: Mapping[str, pl.DataType] = {
    "connection": pl.String(),
    "used": pl.Int64(),
    "allowed": pl.Int64(),
    "concurrent": pl.Int64(),
}
PROBLEMS: Mapping[str, pl.DataType] = dict.fromkeys(("connection", "object", "problem"), pl.String())
_HARMLESS = ("label", "values", "custom")


@dataclass(frozen=True, slots=True)
class Inventory:
    """`fields` in FIELDS, `drift` since the last inventory in DRIFT, `limits` of today's calls, `problems` of objects
    that could not be described."""

    made_at: datetime
    fields: pl.DataFrame
    drift: pl.DataFrame
    limits: pl.DataFrame
    problems: pl.DataFrame

    @property
    def objects(self) -> pl.DataFrame:
        """One row an object: its fields, how many are custom, required, read and written, and its staged rows."""
        return self.fields.group_by("connection", "object", maintain_order=True).agg(
            pl.len().alias("fields"),
            pl.col("custom").sum(),
            pl.col("required").sum(),
            pl.col("read_by").is_not_null().sum().alias("read"),
            pl.col("written_by").is_not_null().sum().alias("written"),
            pl.col("rows").max(),
        )

    @property
    def breaking(self) -> pl.DataFrame:
        """Drift of fields that the mapping uses, but for labels and values that were added."""
        used = pl.col("read_by").is_not_null() | pl.col("written_by").is_not_null()
        return self.drift.filter(used & ~pl.col("property").is_in(_HARMLESS).fill_null(value=False))


def dictionary(described: pl.DataFrame, used: pl.DataFrame, staged: pl.DataFrame) -> pl.DataFrame:
    """Fields that a system describes or the mapping names, with their use and how full they are, in FIELDS."""
    known = described.join(used, on=list(KEY), how="full", coalesce=True)
    found = known.join(staged, on=list(KEY), how="left")
    return found.select(pl.col(name).cast(kind) for name, kind in FIELDS.items()).sort(*KEY)


def drift(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """What changed in objects that both inventories have: fields that came, went, or say something else, in DRIFT."""
    both = (
        before.select("connection", "object")
        .unique()
        .join(now.select("connection", "object").unique(), on=["connection", "object"])
    )
    then, today = (frame.join(both, on=["connection", "object"], how="semi") for frame in (before, now))
    uses = pl.concat([today, then]).unique(list(KEY), keep="first").select(*KEY, "read_by", "written_by")
    gone, come = then.join(today, on=list(KEY), how="anti"), today.join(then, on=list(KEY), how="anti")
    told = [gone.select(pl.lit("removed").alias("what"), *KEY), come.select(pl.lit("added").alias("what"), *KEY)]
    old, new = (_long(frame) for frame in (then, today))
    same = old.join(new, on=[*KEY, "property"], suffix="_now").filter(pl.col("value").ne_missing(pl.col("value_now")))
    changed = same.select(pl.lit("changed").alias("what"), *KEY, "property", before="value", after="value_now")
    found = pl.concat([*told, changed], how="diagonal").join(uses, on=list(KEY), how="left")
    missing = [pl.lit(None, dtype=pl.String).alias(name) for name in DRIFT if name not in found.columns]
    return found.with_columns(missing).select(*DRIFT).sort(*KEY, "property", nulls_last=True)


def _long(frame: pl.DataFrame) -> pl.DataFrame:
    texts = frame.select(*KEY, *(pl.col(name).cast(pl.String) for name in PROPERTIES))
    return texts.unpivot(index=list(KEY), variable_name="property", value_name="value")


def document(found: Inventory) -> str:
    """The inventory as JSON."""
    tables = {name: json.loads(getattr(found, name).write_json()) for name in ("limits", "problems", "drift", "fields")}
    return json.dumps({"made_at": found.made_at.isoformat(), **tables}, indent=1) + "\n"


def workbook(found: Inventory) -> bytes:
    """The inventory as XLSX: a sheet each for objects, fields, drift, limits and problems."""
    said = [("made at", f"{found.made_at:%Y-%m-%d %H:%M} UTC"), ("fields", f"{found.fields.height:,}")]
    names = ("objects", "fields", "drift", "limits", "problems")
    return sheets(said, {name: getattr(found, name) for name in names})


def page(found: Inventory) -> str:
    """The inventory as one HTML page that loads nothing from elsewhere."""
    parts = [
        "<h2>Objects</h2>" + _plain(found.objects),
        "<h2>Changed since the last inventory</h2>"
        + (_plain(found.drift) if found.drift.height else "<p>Nothing.</p>"),
        "<h2>Calls of today</h2>" + _plain(found.limits),
    ]
    if found.problems.height:
        parts.append("<h2>Not described</h2>" + _plain(found.problems))
    parts += [_object(frame) for frame in found.fields.partition_by("connection", "object", maintain_order=True)]
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Inventory</title>'
    about = f"{found.made_at:%Y-%m-%d %H:%M} UTC. {many(found.fields.height, 'field')}; no value is shown here."
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<style>{STYLE}</style></head>\n<body><h1>Inventory</h1>'
        f'<p class="about">{about}</p>{"".join(parts)}</body></html>\n'
    )


def _plain(frame: pl.DataFrame) -> str:
    numbers = [name for name, kind in frame.schema.items() if kind.is_numeric()]
    return table(frame.columns, frame.iter_rows(), numbers)


def _object(fields: pl.DataFrame) -> str:
    title = f"{fields['connection'][0]} {fields['object'][0]}"
    rows = [
        (
            row["field"],
            row["label"],
            row["type"],
            row["length"],
            ", ".join(name for name in ("required", "unique", "custom") if row[name]),
            "yes" if row["writeable"] else "no",
            bar(100 * row["filled"] / row["rows"]) if row["rows"] else "",
            row["distinct"],
            row["read_by"],
            row["written_by"],
        )
        for row in fields.iter_rows(named=True)
    ]
    header = ("field", "label", "type", "length", "is", "writeable", "filled %", "distinct", "read by", "written by")
    shown = table(header, rows, ("length", "distinct"))
    return f"<details><summary>{escape(title)}, {many(fields.height, 'field')}</summary>{shown}</details>"
