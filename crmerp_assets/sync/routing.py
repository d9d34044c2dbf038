"""What each lane carries, told by every lane in a file of its own, and all of them read together.

A lane's warehouse may be held by a run of its own, so nobody reads those of others.
"""

from collections.abc import Mapping
from pathlib import Path

import duckdb
import polars as pl

from crmerp_assets.reports.lanes import ROUTED, Ends, Routing, routing
from crmerp_assets.reports.reconciliation import DEALS
from crmerp_assets.sync import published, routes, tables
from crmerp_assets.sync.files import put
from crmerp_assets.sync.platform import Platform, in_one_transaction

NAME = "routing"


@in_one_transaction
def told(platform: Platform) -> pl.DataFrame:
    """Rows of ROUTED: every living customer and won deal that this lane sees, and whether it carries it."""
    with platform.warehouse.open() as con:
        rows = [_customers(platform, con, role) for role in ("crm", "erp")]
        rows += [_deals(platform, con)] if "order" in platform.lane.entities else []
    return pl.concat([pl.DataFrame(schema=ROUTED), *rows])


def _customers(platform: Platform, con: duckdb.DuckDBPyConnection, role: str) -> pl.DataFrame:
    side, compare = platform.side("crm" if role == "crm" else "erp"), tables.compare("customer")
    if not compare.exists(con):
        return pl.DataFrame(schema=ROUTED)
    found = con.execute(
        f"""
        SELECT 'customer' AS entity, '{side.name}' AS connection, "{role}.id" AS native_id, "golden.name" AS name,
               NULL::VARCHAR AS currency, NULL::DECIMAL(20, 6) AS amount, golden_id
        FROM {compare.sql} WHERE "{role}.present"
        """
    ).pl()
    return _shaped(found, routes.elsewhere(platform, con, "customer"))


def _deals(platform: Platform, con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    crm, golden, go_live = platform.side("crm"), tables.golden("order"), platform.policy.go_live
    if go_live is None or not golden.exists(con):
        return pl.DataFrame(schema=ROUTED)
    found = con.execute(
        f"""
        SELECT 'order' AS entity, '{crm.name}' AS connection, crm_id AS native_id, name, currency, amount, golden_id
        FROM {golden.sql} WHERE won AND crm_id IS NOT NULL AND NOT crm_deleted AND close_date >= DATE '{go_live}'
        """
    ).pl()
    return _shaped(found, routes.elsewhere(platform, con, "order"))


def _shaped(found: pl.DataFrame, elsewhere: pl.DataFrame) -> pl.DataFrame:
    carried = ~pl.col("golden_id").is_in(elsewhere["golden_id"].to_list())
    return found.with_columns(carried.alias("carried")).select(*ROUTED).cast(ROUTED)  # type: ignore[arg-type]


def publish(rows: pl.DataFrame, folder: Path) -> Path:
    """Put a lane's rows where the others look for them."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{NAME}.parquet.new"
    rows.write_parquet(draft)
    return draft.replace(folder / f"{NAME}.parquet")


def of_all(lanes: Mapping[str, tuple[str, str, Path]]) -> Routing:
    """All lanes together: name -> (CRM, ERP, folder of reports)."""
    rows = [pl.DataFrame(schema=ROUTED | {"lane": pl.String()})]
    deals = [pl.DataFrame(schema=DEALS | {"lane": pl.String()})]
    ends = {}
    for name, (crm, erp, folder) in lanes.items():
        file, found = folder / f"{NAME}.parquet", published.published(folder)
        ends[name] = Ends(crm, erp, file.exists())
        rows += [pl.read_parquet(file).with_columns(pl.lit(name).alias("lane"))] if file.exists() else []
        deals += [found.deals.with_columns(pl.lit(name).alias("lane"))] if found else []
    return routing(pl.concat(rows), pl.concat(deals), ends)


def document(found: Routing) -> str:
    """All of it as JSON."""
    tables_ = {name: getattr(found, name) for name in ("money", "carried", "nobody", "twice")}
    return "{\n" + ",\n".join(f'"{name}": {frame.write_json()}' for name, frame in tables_.items()) + "\n}\n"


def publish_all(found: Routing, folder: Path) -> Path:
    """The JSON file of all lanes."""
    folder.mkdir(parents=True, exist_ok=True)
    return put(folder / "lanes.json", document(found).encode())
