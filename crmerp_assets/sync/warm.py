"""Load what a first record would load: a process that waits for won deals should not spend seconds on imports then."""

import polars as pl

from crmerp_assets import canonical
from crmerp_assets.canonical.validate import validate
from crmerp_assets.mapping import child_lists, inbound, raw_columns
from crmerp_assets.sync.platform import Platform


def warm_up(platform: Platform) -> None:
    """Conform one made-up record of every map, in memory."""
    for connection in platform.connections.values():
        for entity_map in platform.matrix.maps(connection.system):
            lists = child_lists(entity_map)
            row = {name: "[]" if name in lists else "x" for name in raw_columns(entity_map)}
            record = {"_id": "x", "_modified": "2000-01-01T00:00:00Z", "_modified_by": None}
            raw = pl.DataFrame([row | record], schema=dict.fromkeys([*row, *record], pl.String))
            validate(entity_map.entity, "conformed", canonical.typed(entity_map.entity, inbound(entity_map, raw)))
