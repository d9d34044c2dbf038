"""What is wrong with the records of a source: one row a record, kind and field.

Values of personal fields never get here; names are a column of their own, so that whoever writes a file decides.
"""

from collections.abc import Callable, Iterator

import polars as pl

from crmerp_assets.canonical.money import MONEY
from crmerp_assets.mapping import MASK, misfits, writable
from crmerp_assets.reports.quality.source import KNOWN, LABELS, RAW, Source
from crmerp_assets.standardise.text import text

LONGEST_VALUE, LONGEST_REASON, LONGEST_NAME = 60, 240, 120
FINDINGS: dict[str, pl.DataType] = {
    "system": pl.String(),
    "entity": pl.String(),
    "native_id": pl.String(),
    "name": pl.String(),
    "kind": pl.String(),
    "field": pl.String(),
    "value": pl.String(),
    "reason": pl.String(),
    "survivor": pl.String(),
    "amount": MONEY,
    "currency": pl.String(),
    "steward": pl.String(),
}
_FOUND: dict[str, pl.DataType] = {
    name: FINDINGS[name] for name in ("native_id", "kind", "field", "value", "reason", "survivor")
}
_MUST_BELONG = {"contact": "customer", "order": "customer"}


def findings(source: Source) -> pl.DataFrame:
    """Rows of FINDINGS about the records of a source, in no order that matters."""
    if source.records.is_empty():
        return pl.DataFrame(schema=FINDINGS)
    found = pl.concat([_shaped(part) for look in _LOOKS for part in look(source)])
    once = found.unique(["native_id", "kind", "field"], keep="first", maintain_order=True)
    named = once.join(labels(source), on="native_id", how="inner")
    return named.select(
        pl.lit(source.system).alias("system"),
        pl.lit(source.entity).alias("entity"),
        "native_id",
        "name",
        "kind",
        "field",
        _cut("value", LONGEST_VALUE),
        _cut("reason", LONGEST_REASON),
        "survivor",
        pl.col("worth").alias("amount"),
        pl.col("worth_currency").alias("currency"),
        pl.lit(source.rules.steward).alias("steward"),
    ).cast(FINDINGS)  # type: ignore[arg-type]


def labels(source: Source) -> pl.DataFrame:
    """native_id, name, worth, worth_currency: how a person knows each record again."""
    parts = [pl.col(name) for name in LABELS[source.entity] if name in source.records.columns]
    joined = pl.concat_str(parts, separator=" ", ignore_nulls=True) if parts else pl.lit("")
    return source.records.select(
        "native_id",
        pl.when(joined != "").then(joined.str.slice(0, LONGEST_NAME)).alias("name"),
        "worth",
        "worth_currency",
    )


def _cut(name: str, most: int) -> pl.Expr:
    """One line of at most so many characters."""
    short = pl.col(name).str.slice(0, most + 1).str.replace_all(r"[\r\n\t]+", " ")
    return pl.when(short.str.len_chars() > most).then(short.str.slice(0, most - 1) + MASK).otherwise(short).alias(name)


def _shaped(found: pl.DataFrame) -> pl.DataFrame:
    missing = [pl.lit(None, dtype=kind).alias(name) for name, kind in _FOUND.items() if name not in found.columns]
    return found.with_columns(missing).select(*_FOUND).cast(_FOUND)  # type: ignore[arg-type]


def _of(kind: str, frame: pl.DataFrame, field: str | None = None, **columns: pl.Expr) -> pl.DataFrame:
    name = {} if field is None else {"field": pl.lit(field)}
    return frame.with_columns(pl.lit(kind).alias("kind"), **name, **columns)


def _unusable(source: Source) -> Iterator[pl.DataFrame]:
    yield _of("unusable", source.parked.select("native_id", "reason"))


def _duplicates(source: Source) -> Iterator[pl.DataFrame]:
    """All of a cluster but its proposed survivor."""
    if source.duplicates is not None:
        doubles = source.duplicates.filter(pl.col("native_id") != pl.col("survivor"))
        share = (pl.col("probability") * 100).round(0).cast(pl.Int64)
        why = pl.when(pl.col("why").is_not_null()).then(pl.lit(": ") + pl.col("why")).otherwise(pl.lit(""))
        said = pl.format("{}% the same as {}{}", share.fill_null(0), "survivor", why)
        yield _of("duplicate", doubles.select("native_id", "survivor", said.alias("reason")))


def _lacking(source: Source) -> Iterator[pl.DataFrame]:
    """What the other system would refuse of the records that have no partner there yet."""
    other = source.other
    alone = source.records.filter(~pl.col("linked") & pl.col("expected_there"))
    if other is None or alone.is_empty():
        return
    skipped = [name for name, mapped in other.fields.items() if mapped.unknown == "skip" and name in alone.columns]
    doubted = pl.col("flags").list.eval(pl.element().str.extract(r"^(\w+): ", 1))
    sent = alone.with_columns(pl.when(~doubted.list.contains(name)).then(name).alias(name) for name in skipped)
    names = [name for name in writable(other, "create") if name in sent.columns]
    members = [pl.when(pl.col(n).is_not_null()).then(pl.struct(pl.col(n).alias("after"))).alias(n) for n in names]
    creates = sent.select(pl.lit("create").alias("operation"), pl.struct(members).struct.json_encode().alias("changes"))
    told = misfits(other, creates)
    for name in told.columns:
        value = pl.col(name) if name in sent.columns else pl.lit(None, dtype=pl.String)
        here = sent.select("native_id", value.alias("value")).with_columns(told[name].alias("reason"))
        here = here.filter(pl.col("reason").is_not_null())
        kind = pl.when(pl.col("value").is_null()).then(pl.lit("refused")).otherwise(pl.lit("does_not_fit"))
        yield here.with_columns(kind.alias("kind"), pl.lit(name).alias("field"), _shown(source, name).alias("value"))


def _shown(source: Source, name: str) -> pl.Expr:
    """The column `value`, of a personal field only that there is one."""
    if not source.personal(name):
        return pl.col("value")
    return pl.when(pl.col("value").is_not_null()).then(pl.lit(MASK))


def _orphans(source: Source) -> Iterator[pl.DataFrame]:
    """References that are missing where they must not be, and those to a record that is not there."""
    needed = _MUST_BELONG.get(source.entity)
    if needed in source.records.columns:
        without = source.records.filter(pl.col(needed or "").is_null()).select("native_id")
        yield _of("orphan", without, needed, reason=pl.lit(f"has no {needed}"))
    for column in source.records.columns:
        if column.startswith(KNOWN):
            name = column.removeprefix(KNOWN)
            lost = source.records.filter(pl.col(name).is_not_null() & ~pl.col(column))
            said = pl.format(f"its {name} {{}} is not there: deleted, or hidden from the integration user", name)
            yield _of("orphan", lost.select("native_id", said.alias("reason")), name)
    yield _of("orphan", source.lines.select("native_id", "reason"), "lines")


def _invalid(source: Source) -> Iterator[pl.DataFrame]:
    """Values that conforming kept without understanding them."""
    flags = source.records.select("native_id", "flags").explode("flags").drop_nulls("flags")
    parts = pl.col("flags").str.splitn(": ", 2).struct.rename_fields(["field", "reason"])
    told = pl.concat([flags.with_columns(parts).unnest("flags"), source.remarks])
    for name in told["field"].unique().sort().to_list():
        if name not in source.records.columns:
            continue
        column = RAW + name if RAW + name in source.records.columns else name
        values = source.records.select("native_id", pl.col(column).alias("value"))
        here = told.filter(pl.col("field") == name).join(values, on="native_id")
        yield _of("invalid", here, value=_shown(source, name))


def _placeholders(source: Source) -> Iterator[pl.DataFrame]:
    """Values that conforming took for none, such as a tax number of zeros."""
    for name in source.entity_map.fields:
        if name in source.records.columns and RAW + name in source.records.columns:
            blank = source.records.filter(pl.col(name).is_null() & (pl.col(RAW + name) != ""))
            lost = blank.filter(text(pl.col(RAW + name)).is_not_null()).select(
                "native_id", pl.col(RAW + name).alias("value")
            )
            said = pl.lit(f"{name} holds something that is no value")
            yield _of("placeholder", lost, name, reason=said, value=_shown(source, name))


def _incomplete(source: Source) -> Iterator[pl.DataFrame]:
    """Expected fields that are blank, all those of a record in one row."""
    own = source.fields()
    names = [name for name in source.expected if name in own]
    if names:
        blank = [pl.when(pl.col(name).is_null()).then(pl.lit(name)) for name in names]
        told = source.records.select(
            "native_id", pl.concat_str(blank, separator=", ", ignore_nulls=True).alias("field")
        )
        yield _of("incomplete", told.filter(pl.col("field") != ""), reason=pl.lit("expected, and not there"))


def _stale(source: Source) -> Iterator[pl.DataFrame]:
    if source.stale_days is not None:
        age = (pl.lit(source.today) - pl.col("changed")).dt.total_days()
        old = source.records.select("native_id", "changed", age.alias("age")).filter(pl.col("age") > source.stale_days)
        yield _of("stale", old, reason=pl.format("last changed on {}, {} days ago", "changed", "age"))


def _unused(source: Source) -> Iterator[pl.DataFrame]:
    without = source.records.filter(pl.col("orders") == 0).select("native_id")
    yield _of("unused", without, reason=pl.lit(f"has no order in {source.system}"))


def _one_side(source: Source) -> Iterator[pl.DataFrame]:
    alone = source.records.filter(~pl.col("linked") & pl.col("expected_there")).select("native_id")
    yield _of("one_side", alone, reason=pl.lit(f"is not in {source.other_system}"))


_LOOKS: tuple[Callable[[Source], Iterator[pl.DataFrame]], ...] = (
    _unusable,
    _duplicates,
    _lacking,
    _orphans,
    _invalid,
    _placeholders,
    _incomplete,
    _stale,
    _unused,
    _one_side,
)
