"""Deciding, as data, which writes can be taken back, field by field: pure frames.

A reverse write must last: whether the value would stay is asked of the three-way compare itself, with the old value
on the side that is written and everything else as it is. What the compare would change again is left out.
"""

from collections.abc import Collection, Mapping, Sequence

import polars as pl

from crmerp_assets.merge import three_way
from crmerp_assets.merge.three_way import Role, Rule

REVERSE, CONFLICT, RETURNS, DONE, MANUAL = "reverse", "conflict", "would return", "is back", "by hand"
OTHER: Mapping[Role, Role] = {"crm": "erp", "erp": "crm"}
WRITTEN = {
    "golden_id": pl.String,
    "native_id": pl.String,
    "field": pl.String,
    "before": pl.String,
    "after": pl.String,
    "undoes": pl.String,
}
_ORDER = ["applied_at", "created_at", "id"]


def written(intents: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    """What applied intents changed in all, as rows of WRITTEN: the first value before, the last one after.

    `intents`: id, golden_id, native_id, changes (JSON text), applied_at, created_at. Our key is no field.
    """
    shape = pl.Struct({name: pl.Struct(dict.fromkeys(("before", "after", "rule"), pl.String)) for name in fields})
    decoded = intents.sort(_ORDER).with_columns(pl.col("changes").str.json_decode(shape).alias("_all"))
    parts = [
        decoded.select("golden_id", "native_id", "id", pl.lit(name).alias("field"), *_members(name)).filter(
            pl.col("rule").is_not_null()
        )
        for name in fields
    ]
    if not parts:
        return pl.DataFrame(schema=WRITTEN)
    net = pl.concat(parts).group_by("golden_id", "native_id", "field", maintain_order=True)
    return net.agg(
        pl.col("before").first(), pl.col("after").last(), pl.col("id").unique().sort().str.join(",").alias("undoes")
    ).filter(pl.col("before").ne_missing(pl.col("after")))


def _members(name: str) -> list[pl.Expr]:
    change = pl.col("_all").struct.field(name)
    return [change.struct.field(part).alias(part) for part in ("before", "after", "rule")]


def judge(
    changes: pl.DataFrame,
    records: pl.DataFrame,
    rules: Mapping[str, Rule],
    role: Role,
    writable: Collection[str],
    *,
    hold: bool,
) -> pl.DataFrame:
    """Add `current`, `other`, `verdict` and `note` to rows of WRITTEN.

    `records` is the compare table with `base.<field>`. With `hold` the records will be held afterwards, so values that
    would return are written back, too.
    """
    parts = [
        _tried(rows, records, str(field), rules[str(field)], role)
        for (field,), rows in changes.group_by("field", maintain_order=True)
        if str(field) in rules
    ]
    if not parts:
        return changes.clear().with_columns(
            pl.lit(None, dtype=pl.String).alias(name) for name in ("current", "other", "verdict", "note")
        )
    frame = pl.concat(parts)
    return _verdicts(frame, role, writable, hold=hold).select(*WRITTEN, "current", "other", "verdict", "note")


def _tried(rows: pl.DataFrame, records: pl.DataFrame, field: str, rule: Rule, role: Role) -> pl.DataFrame:
    """The rows of one field beside both sides, and the value that would win once it is written back."""
    sides = [f"{side}.{part}" for side in OTHER for part in ("id", "present", "modified", field)]
    joined = rows.join(records.select("golden_id", *sides, f"base.{field}"), on="golden_id", how="left")
    known = joined.with_columns(pl.col(f"{side}.present").fill_null(value=False) for side in OTHER)
    tried = three_way.merge(known.with_columns(pl.col("before").alias(f"{role}.{field}")), {field: rule})
    return known.select(
        *WRITTEN,
        pl.col(f"{role}.{field}").alias("current"),
        pl.col(f"{OTHER[role]}.{field}").alias("other"),
        (pl.col(f"{role}.present") & pl.col(f"{role}.id").eq_missing(pl.col("native_id"))).alias("there"),
        pl.col(f"{OTHER[role]}.present").alias("other_there"),
        tried[f"golden.{field}"].alias("winner"),
        pl.lit(rule.owner).alias("owner"),
    )


def _verdicts(frame: pl.DataFrame, role: Role, writable: Collection[str], *, hold: bool) -> pl.DataFrame:
    here, there = role.upper(), OTHER[role].upper()
    before, after, current, other = (pl.col(name) for name in ("before", "after", "current", "other"))
    moved_on = (pl.col("owner") == "shared") & pl.col("other_there") & other.ne_missing(after)
    cases: list[tuple[pl.Expr, str, pl.Expr]] = [
        (~pl.col("there"), CONFLICT, pl.lit(f"the record is gone from the {here} or linked to another one by now")),
        (current.eq_missing(before), DONE, pl.lit(f"the {here} holds the value from before already")),
        (current.ne_missing(after), CONFLICT, pl.lit(f"the {here} holds neither value: somebody changed it since")),
        (
            ~pl.col("field").is_in(list(writable)),
            MANUAL,
            pl.lit(f"not written by the mapping: change it in the {here}"),
        ),
        (moved_on & other.ne_missing(before), CONFLICT, pl.lit(f"the {there} was changed since, and its value comes")),
    ]
    if not hold:
        owned = pl.when(pl.col("owner") == OTHER[role]).then(pl.lit(f"owned by the {there}"))
        why = owned.otherwise(pl.lit(f"a blank takes the {there}'s value again"))
        said = why + pl.lit(": correct it there, or hold the record")
        cases.append((pl.col("winner").ne_missing(before), RETURNS, said))
    follows = pl.lit(value=not hold) & pl.col("other_there") & other.ne_missing(before)
    note = pl.when(follows).then(pl.lit(f"the {there} gets it, too")).otherwise(pl.lit("stays" if hold else None))
    return frame.with_columns(*_first(cases, note))


def retire(
    created: pl.DataFrame,
    judged: pl.DataFrame,
    records: pl.DataFrame,
    role: Role,
    way: tuple[str, str, Collection[str] | None] | None,
    step: str,
    *,
    stays: bool,
) -> pl.DataFrame:
    """How created records are taken back, as judged rows: never deleted, but deactivated or cancelled.

    `created`: golden_id, native_id, undoes. `judged`: what `judge` says of the fields that the creates wrote; a record
    that somebody changed since is left alone. `way`: field, the value that retires, and the values from which it may
    be set (None: from any). `step` is what a person does where there is no way; `stays` is false where the other side
    owns that field and would set it again.
    """
    touched = judged.filter(pl.col("verdict") == CONFLICT).group_by("golden_id").agg(pl.col("field").sort())
    changed = pl.lit("changed since: ") + pl.col("field").list.join(", ") + pl.lit(f"; {step}")
    frame = created.join(touched.with_columns(changed.alias("changed")).drop("field"), on="golden_id", how="left")
    field, value, sources = way or ("", "", ())
    current = pl.col(f"{role}.{field}") if field else pl.lit(None, dtype=pl.String)
    frame = frame.join(records, on="golden_id", how="left").with_columns(current.alias("current"))
    allowed = pl.lit(value=True) if sources is None else pl.col("current").is_in(list(sources))
    cases = [
        (pl.lit(value=not way), MANUAL, pl.lit(f"cannot be undone by us: {step}")),
        (pl.col("current").eq_missing(pl.lit(value)), DONE, pl.lit("taken back already")),
        (pl.col("changed").is_not_null(), CONFLICT, pl.col("changed")),
        (
            pl.lit(value=not stays),
            RETURNS,
            pl.lit(f"the {OTHER[role].upper()} owns {field}: correct it there, or hold"),
        ),
        (~allowed.fill_null(value=False), MANUAL, pl.format(f"it is {{}} already: {step}", pl.col("current"))),
    ]
    said = pl.lit(f"never deleted: {field} becomes {value}")
    return frame.with_columns(*_first(cases, said)).select(
        "golden_id",
        "native_id",
        pl.lit(field or "(record)").alias("field"),
        pl.lit(value or None, dtype=pl.String).alias("before"),
        pl.col("current").alias("after"),
        "undoes",
        "current",
        pl.lit(None, dtype=pl.String).alias("other"),
        "verdict",
        "note",
    )


def _first(cases: Sequence[tuple[pl.Expr, str, pl.Expr]], otherwise: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Verdict and note of the first case (condition, verdict, note) that holds; else the write is taken back."""
    verdict: pl.Expr = pl.lit(REVERSE)
    note = otherwise
    for condition, name, sentence in reversed(cases):
        verdict = pl.when(condition).then(pl.lit(name)).otherwise(verdict)
        note = pl.when(condition).then(sentence).otherwise(note)
    return verdict.alias("verdict"), note.alias("note")
