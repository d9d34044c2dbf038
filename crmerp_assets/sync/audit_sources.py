"""The records of one system and entity as the audit wants them: every live raw row, in canonical text, with what is
known around it. Rows that were never usable are mapped again, so that they count like all others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb
import polars as pl

from crmerp_assets.canonical import frames
from crmerp_assets.canonical.validate import validate
from crmerp_assets.mapping import EntityMap, MissingColumnsError, inbound
from crmerp_assets.merge.audit_policy import Audited
from crmerp_assets.reports.quality.duplicates import proposed
from crmerp_assets.reports.quality.source import AROUND, DUPLICATES, KNOWN, LINES, PARKED, RAW, REMARKS, Source
from crmerp_assets.sync import tables
from crmerp_assets.sync.audit_value import with_value
from crmerp_assets.sync.conform import STAGE
from crmerp_assets.sync.platform import Connection, Platform
from crmerp_assets.warehouse.tables import listed


@dataclass(frozen=True, slots=True)
class Around:
    """What all sources of one run share: parked records, and the live ids of each system by entity."""

    platform: Platform
    parked: pl.DataFrame
    live: Mapping[tuple[str, str], pl.Series]
    today: date


def around(platform: Platform, con: duckdb.DuckDBPyConnection) -> Around:
    """Gather what the sources share."""
    with platform.ledger.read() as tx:
        parked = tx.parked.list(skipped=True).filter(pl.col("stage") == STAGE)
    live: dict[tuple[str, str], pl.Series] = {}
    for name, side in platform.connections.items():
        for entity_map in platform.matrix.maps(side.system):
            table = tables.raw(name, entity_map.object)
            if table.exists(con):
                ids = con.execute(f"SELECT _id FROM {table.sql} WHERE NOT _deleted").pl()["_id"].cast(pl.String)
                known = live.get((name, entity_map.entity))
                live[name, entity_map.entity] = ids if known is None else pl.concat([known, ids])
    return Around(platform, parked, live, platform.clock().date())


def source(
    shared: Around, con: duckdb.DuckDBPyConnection, side: Connection, entity_map: EntityMap, entity: Audited
) -> Source:
    """The source of one map; without a record where the system was not read yet."""
    platform, policy = shared.platform, shared.platform.policy
    other = platform.side("erp" if side.role == "crm" else "crm")
    here = (pl.col("entity") == entity) & (pl.col("connection") == side.name)
    parked = shared.parked.filter(here).select(*PARKED).cast(PARKED)  # type: ignore[arg-type]
    records = _records(con, side, entity_map, parked)
    records = _known(records, shared, side, entity_map)
    records = with_value(con, platform, side, entity, _partners(con, shared, side, other, entity, records))
    return Source(
        system=side.name,
        role=side.role,
        entity_map=entity_map,
        rules=platform.governance[entity],
        today=shared.today,
        records=_expected_there(records, platform, side, entity),
        parked=parked,
        remarks=_remarks(entity, records),
        lines=_lines(con, shared, side, entity_map),
        duplicates=_duplicates(con, side, entity, records["native_id"]),
        other=platform.entity_map(other, entity) if _created(platform, other, entity) else None,
        other_system=other.name,
        expected=policy.audit.expected[entity],
        read=(side.name, entity) in shared.live,
        stale_days=policy.audit.stale_days.get(entity),
    )


def _created(platform: Platform, other: Connection, entity: str) -> bool:
    """Whether a record without a partner is ever created there."""
    if entity == "order" and other.role == "erp":
        return True
    rule: str = getattr(getattr(platform.policy.create, entity), other.role)
    return rule != "never"


def _records(
    con: duckdb.DuckDBPyConnection, side: Connection, entity_map: EntityMap, parked: pl.DataFrame
) -> pl.DataFrame:
    """native_id, changed, flags, canonical text by field, RAW columns: of every record that is not deleted."""
    raw, conformed = tables.raw(side.name, entity_map.object), tables.conformed(side.name, entity_map.name)
    columns = raw.columns(con)
    if not columns:
        return pl.DataFrame(schema={"native_id": pl.String, "changed": pl.Date, "flags": pl.List(pl.String)})
    natives = {
        name: f"nullif(concat_ws(chr(10), {', '.join(_quoted(n) for n in mapped.native)}), '')"
        for name, mapped in entity_map.fields.items()
        if mapped.native and not mapped.less and not mapped.ref and set(mapped.native) <= set(columns)
    }
    own = "".join(f", {sql} AS {_quoted(RAW + name)}" for name, sql in natives.items())
    changed = "(try_cast(_modified AS TIMESTAMPTZ) AT TIME ZONE 'UTC')::DATE AS changed"
    native = f"SELECT _id AS native_id, {changed}{own} FROM {raw.sql}"
    live = con.execute(f"{native} WHERE NOT _deleted").pl().cast({"native_id": pl.String})
    usable = _usable(con, conformed.sql, entity_map.entity, parked) if conformed.exists(con) else pl.DataFrame()
    again = live if usable.is_empty() else live.join(usable, on="native_id", how="anti")
    mapped_again = _mapped_again(con, raw.sql, entity_map, again["native_id"])
    values = pl.concat([part for part in (usable, mapped_again) if part.width], how="diagonal_relaxed")
    wanted = ["native_id", "flags", *(n for n in entity_map.fields if n in values.columns)]
    return live.join(values.select(wanted), on="native_id", how="left").with_columns(
        pl.col("flags").cast(pl.List(pl.String)).fill_null([])
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _usable(con: duckdb.DuckDBPyConnection, conformed: str, entity: str, parked: pl.DataFrame) -> pl.DataFrame:
    """The conformed rows as text; what is parked has an older version there, if any."""
    with listed(con, "_parked", parked["native_id"].to_list()):
        rows = con.execute(
            f"SELECT * EXCLUDE (_hash, _change) FROM {conformed} ANTI JOIN _parked ON native_id = _parked.id "
            "WHERE NOT deleted"
        ).pl()
    return frames.text(entity, rows)


def _mapped_again(
    con: duckdb.DuckDBPyConnection, raw: str, entity_map: EntityMap, native_ids: pl.Series
) -> pl.DataFrame:
    if native_ids.is_empty():
        return pl.DataFrame()
    with listed(con, "_again", native_ids.to_list()):
        rows = con.execute(f"SELECT * FROM {raw} SEMI JOIN _again ON _id = _again.id").pl()
    try:
        return inbound(entity_map, rows)
    except MissingColumnsError:  # the mapping has a new field, and the object was not read since
        return pl.DataFrame()


def _known(records: pl.DataFrame, shared: Around, side: Connection, entity_map: EntityMap) -> pl.DataFrame:
    """The columns of AROUND, and whether each reference leads to a record that is there."""
    missing = [name for name in AROUND if name not in records.columns]
    filled = records.with_columns(pl.lit(None, dtype=AROUND[name]).alias(name) for name in missing)
    found = [
        pl.col(name).is_in(live.implode()).alias(KNOWN + name)
        for name, mapped in entity_map.fields.items()
        if mapped.ref and name in filled.columns
        if (live := shared.live.get((side.name, mapped.ref))) is not None
    ]
    return filled.with_columns(found)


def _partners(
    con: duckdb.DuckDBPyConnection,
    shared: Around,
    side: Connection,
    other: Connection,
    entity: str,
    records: pl.DataFrame,
) -> pl.DataFrame:
    """`linked`: whether a record has a living partner; null where the other system was not read, or links not made."""
    living, table = shared.live.get((other.name, entity)), tables.links(entity)
    if living is None or not table.exists(con):
        return records
    with listed(con, "_living", living.to_list()):
        ids = con.execute(
            f"""
            SELECT DISTINCT mine.native_id FROM {table.sql} mine
            JOIN {table.sql} theirs ON {tables.lives("theirs")} = {tables.lives("mine")}
            SEMI JOIN _living ON theirs.native_id = _living.id
            WHERE mine.connection = '{side.name}' AND theirs.connection = '{other.name}'
            """
        ).pl()["native_id"]
    return records.with_columns(pl.col("native_id").is_in(ids.cast(pl.String).implode()).alias("linked"))


def _expected_there(records: pl.DataFrame, platform: Platform, side: Connection, entity: str) -> pl.DataFrame:
    """Of orders only those that both systems should hold: won or entered since the go-live date, and not cancelled."""
    wanted = pl.lit(value=True)
    if entity == "order":
        day = platform.policy.go_live
        if day is not None and "close_date" in records.columns:
            wanted = pl.col("close_date").fill_null("") >= day.isoformat()
        if side.role == "crm" and "won" in records.columns:
            wanted = wanted & (pl.col("won") == "true").fill_null(value=False)
        if side.role == "erp" and "order_status" in records.columns:
            wanted = wanted & pl.col("order_status").ne_missing("cancelled")
    return records.with_columns(wanted.alias("expected_there"))


def _remarks(entity: str, records: pl.DataFrame) -> pl.DataFrame:
    """REMARKS: what validation flags. Nobody keeps it beyond its count, so it is asked again."""
    found = validate(entity, "conformed", frames.typed(entity, records)).flags
    return found.rename({"id": "native_id"}).cast(REMARKS)  # type: ignore[arg-type]


def _lines(con: duckdb.DuckDBPyConnection, shared: Around, side: Connection, entity_map: EntityMap) -> pl.DataFrame:
    """LINES: orders with lines without a product, or with one that is not there."""
    table, products = tables.conformed_lines(side.name, entity_map.name), shared.live.get((side.name, "product"))
    if entity_map.entity != "order" or products is None or not table.exists(con):
        return pl.DataFrame(schema=LINES)
    with listed(con, "_products", products.to_list()):
        rows = con.execute(
            f"""
            SELECT parent_id AS native_id, count(*) || ' of its lines name no product that is there: line '
                || string_agg(position::BIGINT::VARCHAR, ', ' ORDER BY position) AS reason
            FROM {table.sql} ANTI JOIN _products ON product = _products.id
            WHERE NOT deleted AND (product IS NOT NULL OR product_text IS NULL) GROUP BY 1
            """
        ).pl()
    return rows.cast(LINES)  # type: ignore[arg-type]


def _duplicates(
    con: duckdb.DuckDBPyConnection, side: Connection, entity: str, living: pl.Series
) -> pl.DataFrame | None:
    """DUPLICATES among the living records, or None where nobody has looked for them. Orders have no doubles: each is
    made under a key of its own."""
    if entity == "order":
        return pl.DataFrame(schema=DUPLICATES)
    table = tables.duplicates(entity)
    if not table.exists(con):
        return None
    rows = con.execute(
        "SELECT cluster::VARCHAR AS cluster, native_id::VARCHAR AS native_id, probability::DOUBLE AS probability, "
        f"survivor::BOOLEAN AS survivor, why::VARCHAR AS why FROM {table.sql} WHERE connection = ?",
        [side.name],
    ).pl()
    return proposed(rows, living)
