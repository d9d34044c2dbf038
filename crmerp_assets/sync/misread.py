"""Rows that a connector could read and not use: parked with file, line and column, so that they hold up nothing else.

They are parked under their native id, or under their place where not even that can be told. A record's entry closes
when the record comes well; all that are not told again close when everything was read anew.
"""

import json
from collections.abc import Sequence

import polars as pl

from crmerp_assets.connectors.protocol import Misread, Page
from crmerp_assets.ledger import Transaction
from crmerp_assets.mapping import EntityMap
from crmerp_assets.sync.platform import Platform

STAGE = "pull"


def note(platform: Platform, connection: str, entity_map: EntityMap, page: Page) -> None:
    """Park what a page tells, and close what it settles. Nothing for systems whose rows cannot be unusable."""
    if page.misread is None:
        return
    parked = _frame(entity_map, page.misread)
    named = set(parked["native_id"])
    with platform.ledger.begin() as tx:
        known = _known(tx.parked.list(skipped=True), connection, entity_map)
        settled = known - named if page.reread else known & {str(row["_id"]) for row in page.rows} - named
        tx.parked.resolve(STAGE, entity_map.entity, connection, settled)
        if parked.height:
            tx.parked.put(STAGE, entity_map.entity, connection, parked)


def asked_again(tx: Transaction, connection: str, entity_map: EntityMap) -> bool:
    """Whether somebody wants such rows looked at again: then everything is read."""
    return bool(tx.parked.asked_again(STAGE, entity_map.entity, connection))


def _known(parked: pl.DataFrame, connection: str, entity_map: EntityMap) -> set[str]:
    """What is parked of the map's object; another object may carry the same entity."""
    here = (pl.col("stage") == STAGE) & (pl.col("connection") == connection) & (pl.col("entity") == entity_map.entity)
    return set(
        parked.filter(here & (pl.col("detail").str.json_path_match("$.object") == entity_map.object))["native_id"]
    )


def _frame(entity_map: EntityMap, misread: Sequence[Misread]) -> pl.DataFrame:
    rows = [
        (
            one.record or one.place,
            f"{one.place}: {one.column}: {one.reason}" if one.column else f"{one.place}: {one.reason}",
            json.dumps({"object": entity_map.object, "place": one.place, "column": one.column}),
        )
        for one in misread
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(("native_id", "reason", "detail"), pl.String), orient="row")
