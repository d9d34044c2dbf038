"""pandera schemas of the conformed and golden tables, built from the entities and their rules.

pandera is imported here only when a schema is asked for: importing it takes a fifth of a second or more.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import polars as pl

from crmerp_assets.canonical.entities import ENTITIES, Kind
from crmerp_assets.canonical.money import MONEY, RATE
from crmerp_assets.canonical.rules import Rule, Stage, rules

if TYPE_CHECKING:
    import pandera.polars as pa

DTYPES: dict[Kind, pl.DataType] = {
    "text": pl.String(),
    "money": MONEY,
    "decimal": RATE,
    "date": pl.Date(),
    "bool": pl.Boolean(),
    "ref": pl.String(),
    "lines": pl.String(),
}
IDS: dict[Stage, str] = {"conformed": "native_id", "golden": "golden_id"}


def applicable(entity: str, stage: Stage, columns: frozenset[str]) -> tuple[Rule, ...]:
    """The rules whose fields the frame has."""
    return tuple(rule for rule in rules(entity, stage) if columns.issuperset(rule.needs))


@lru_cache(maxsize=64)
def schema(entity: str, stage: Stage, columns: frozenset[str]) -> "pa.DataFrameSchema":
    """The schema of a typed frame with those columns: types, and one check per applicable rule."""
    import pandera.polars as pa

    by_field: dict[str, list[Any]] = {}
    for rule in applicable(entity, stage, columns):
        by_field.setdefault(rule.field, []).append(_check(rule))
    fields = {
        field.name: pa.Column(DTYPES[field.kind], checks=by_field.get(field.name), nullable=True)
        for field in ENTITIES[entity].fields
        if field.name in columns
    }
    identity = {IDS[stage]: pa.Column(pl.String, nullable=False)}
    return pa.DataFrameSchema({**identity, **fields}, name=f"{stage} {entity}")


def flawless(entity: str, stage: Stage, frame: pl.DataFrame, columns: frozenset[str]) -> bool:
    """Whether the schema would find nothing: types, identity and every rule, in one expression over the frame."""
    fields = [field for field in ENTITIES[entity].fields if field.name in columns]
    types = {IDS[stage]: pl.String(), **{field.name: DTYPES[field.kind] for field in fields}}
    if any(frame.schema.get(name) != dtype for name, dtype in types.items()) or frame[IDS[stage]].has_nulls():
        return False
    kept = [rule.ok().fill_null(True).all().alias(rule.name) for rule in applicable(entity, stage, columns)]
    return all(frame.select(kept).row(0)) if kept else True


def _check(rule: Rule) -> Any:
    import pandera.polars as pa

    def ask(data: Any) -> pl.LazyFrame:
        lazy: pl.LazyFrame = data.lazyframe
        return lazy.select(rule.ok().fill_null(True).alias(rule.name))

    return pa.Check(ask, name=rule.name, error=rule.problem, ignore_na=False, n_failure_cases=1)
