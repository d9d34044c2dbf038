"""Metadata that Dagster's UI understands: columns, column lineage, counts."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import polars as pl

from crmerp_assets.canonical import ENTITIES
from crmerp_assets.defs import names
from crmerp_assets.mapping import Matrix, lineage
from crmerp_assets.merge.lanes import Lane
from crmerp_assets.sync import budget as budgets
from crmerp_assets.sync.platform import Platform
from crmerp_assets.warehouse import Changes


def counts(changes: Changes, **more: int) -> dict[str, Any]:
    """Row counts of one stage as metadata."""
    return {
        "dagster/row_count": changes.inserted + changes.updated + changes.unchanged,
        "inserted": changes.inserted,
        "updated": changes.updated,
        "unchanged": changes.unchanged,
        **more,
    }


def table(frame: pl.DataFrame, most: int = 50) -> dg.MarkdownMetadataValue:
    """A frame as a Markdown table, its first rows only."""
    head = "| " + " | ".join(frame.columns) + " |\n|" + "---|" * frame.width
    rows = ["| " + " | ".join(_cell(value) for value in row) + " |" for row in frame.head(most).rows()]
    return dg.MetadataValue.md("\n".join([head, *rows]))


def _cell(value: Any) -> str:
    """Names of deals may hold what would end a cell."""
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")


def budget(platform: Platform, connection: str, stopped: str | None) -> dict[str, Any]:
    """The day's API calls of a connection by all its processes, a warning where they run out, and what stopped."""
    today = budgets.today(platform, connection)
    found = {"api_calls_today": budgets.shown(today)}
    if budgets.warns(platform, today):
        found["api_calls_warning"] = f"{connection} has used {budgets.shown(today)}"
    return found | ({"stopped": stopped} if stopped else {})


def columns(entity: str) -> dg.TableSchema:
    """The canonical columns of an entity, with their descriptions."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(field.name, type=field.kind, description=field.description)
            for field in ENTITIES[entity].fields
        ]
    )


def conformed_lineage(matrix: Matrix, lane: Lane, connection: str, system: str, entity: str) -> dg.TableColumnLineage:
    """Which native columns of this connection each canonical column comes from."""
    return _lineage(
        {
            field: [
                dg.TableColumnDep(asset_key=names.key(lane, "raw", connection, native_object), column_name=native)
                for at, native_object, native in sources
                if at == system
            ]
            for field, sources in lineage(matrix, entity).items()
        }
    )


def golden_lineage(entity: str, upstream: list[dg.AssetKey]) -> dg.TableColumnLineage:
    """Every golden column comes from the column of the same name on each side."""
    return _lineage(
        {
            field.name: [dg.TableColumnDep(asset_key=key, column_name=field.name) for key in upstream]
            for field in ENTITIES[entity].fields
        }
    )


def _lineage(deps: Mapping[str, list[dg.TableColumnDep]]) -> dg.TableColumnLineage:
    return dg.TableColumnLineage(deps_by_column={name: found for name, found in deps.items() if found})
