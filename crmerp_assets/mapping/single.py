"""One value that a person typed, judged as if it had come from the system."""

from collections.abc import Mapping

import polars as pl

from crmerp_assets.mapping.matrix import EntityMap
from crmerp_assets.mapping.values import context, doubt, inward


def standardised(
    entity_map: EntityMap, name: str, value: str, around: Mapping[str, str | None]
) -> tuple[str | None, str | None]:
    """(canonical text or None for blank, what is not understood about it or None).

    `around` gives other canonical values of the record, such as the country that a phone number is read in. Values of
    a value list may be given in our words or in the system's. KeyError for a field that the map lacks.
    """
    field, field_map = entity_map.model.field(name), entity_map.fields[name]
    region = field_map.region
    frame = pl.DataFrame(
        {name: [value]} | ({region: [around.get(region)]} if region else {}), schema=_text(name, region)
    )
    known = context(field_map, entity_map.surroundings.default_region)
    read = frame.with_columns(inward(field, field_map, pl.col(name), known).alias(name))
    doubtful = doubt(field, field_map, pl.col(name), known)
    remark = None if doubtful is None else read.select(doubtful).item()
    return read[name][0], remark


def _text(name: str, region: str | None) -> dict[str, type[pl.String]]:
    return dict.fromkeys([name, region] if region else [name], pl.String)
