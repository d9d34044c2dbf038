"""Who is who: the matching engine's tables kept up with the conformed records, and what scored pairs come to.

The tables lie in the warehouse (schema `match`) and can be made anew at any time; links and decisions are the
ledger's. A full run (`rebuild`) freezes which words are common, other runs take in what changed.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import duckdb
import polars as pl

from crmerp_assets.matching import SPECS, Spec, engine
from crmerp_assets.matching.block import Tables
from crmerp_assets.matching.compare import SAYS_SQL, WHY_SQL, clash_sql, reasons_sql
from crmerp_assets.matching.decide import Thresholds, decide
from crmerp_assets.matching.engine import SCORED
from crmerp_assets.matching.model import Model, fits, from_text, shipped
from crmerp_assets.merge.three_way import Role
from crmerp_assets.sync import duplicates, tables
from crmerp_assets.sync.gather import Side, sides
from crmerp_assets.sync.platform import Platform
from crmerp_assets.warehouse.tables import advance, newest, seen

METHOD = "match"
"""The method of links and questions that come from scored likeness."""
_LIVE = "SELECT * EXCLUDE (deleted) FROM _match_all WHERE NOT deleted"
_GROWN = 1.25
"""A population this much larger than at the last full run has other common words."""
_FEW = 1000
"""Records more that make no difference to that."""


def tables_of(entity: str) -> Tables:
    """The engine's tables of an entity."""
    return Tables(*(f'match."{entity}_{name}"' for name in ("records", "keys", "words", "stops")))


def refresh(platform: Platform, con: duckdb.DuckDBPyConnection, entity: str, holding: list[Side]) -> None:
    """Bring the engine's tables up to the conformed records."""
    spec, consumer = SPECS[entity], _consumer(platform, entity)
    _prepare(con, entity)
    since = {side.connection.name: seen(con, side.table, consumer) for side in holding}
    grown = any(newest(con, side.table) > since[side.connection.name] for side in holding)
    if not grown and not _moved(con, entity, consumer):
        return
    if any(since.values()) and not _outgrown(con, entity):
        _source(con, spec, holding, consumer, everything=False)
        _number(con, entity)
        con.execute("CREATE OR REPLACE TEMP VIEW _match_gone AS SELECT rid FROM _match_all WHERE deleted")
        con.execute(f"CREATE OR REPLACE TEMP VIEW _match_live AS {_LIVE}")
        engine.update(con, spec, tables_of(entity), "_match_live", "_match_gone")
    else:
        _full(con, entity, holding, consumer)
    _advance(con, entity, holding, consumer)


def rebuild(platform: Platform, con: duckdb.DuckDBPyConnection, entity: str, holding: list[Side]) -> None:
    """Make the engine's tables anew from all conformed records."""
    consumer = _consumer(platform, entity)
    _prepare(con, entity)
    _full(con, entity, holding, consumer)
    _advance(con, entity, holding, consumer)


def _full(con: duckdb.DuckDBPyConnection, entity: str, holding: list[Side], consumer: str) -> None:
    _source(con, SPECS[entity], holding, consumer, everything=True)
    _number(con, entity)
    con.execute(f"CREATE OR REPLACE TEMP VIEW _match_live AS {_LIVE}")
    engine.rebuild(con, SPECS[entity], tables_of(entity), "_match_live")
    con.execute(f"CREATE OR REPLACE TABLE {_frozen(entity)} AS SELECT count(*) AS records FROM _match_live")


def _prepare(con: duckdb.DuckDBPyConnection, entity: str) -> None:
    con.execute("CREATE SCHEMA IF NOT EXISTS match")
    con.execute(f"CREATE TABLE IF NOT EXISTS {_ids(entity)} (rid BIGINT, side VARCHAR, native_id VARCHAR)")


def _advance(con: duckdb.DuckDBPyConnection, entity: str, holding: list[Side], consumer: str) -> None:
    for side in holding:
        advance(con, side.table, consumer, newest(con, side.table))
    if entity == "contact":
        advance(con, tables.links("customer"), consumer, newest(con, tables.links("customer")))


def model(platform: Platform, entity: str) -> Model:
    """The weights in use: those that were learned here and passed their checks, else those that ship."""
    with platform.ledger.read() as tx:
        used = tx.models.current(entity) if platform.policy.matching.learn else None
    learned = from_text(used["model"]) if used else None
    return learned if learned is not None and fits(learned, SPECS[entity]) else shipped(entity)


def _consumer(platform: Platform, entity: str) -> str:
    """Tables made by another release, another DuckDB (its hashes differ) or other rules are made anew."""
    rules = hashlib.sha256(repr(SPECS[entity]).encode()).hexdigest()
    return platform.consumer(f"identity:{entity}", rules, duckdb.__version__)


def _ids(entity: str) -> str:
    return f'match."{entity}_ids"'


def _frozen(entity: str) -> str:
    return f'match."{entity}_frozen"'


def _moved(con: duckdb.DuckDBPyConnection, entity: str, consumer: str) -> bool:
    """Whether customers got another golden id, by which their contacts are compared."""
    table = tables.links("customer")
    return entity == "contact" and newest(con, table) > seen(con, table, consumer)


def _outgrown(con: duckdb.DuckDBPyConnection, entity: str) -> bool:
    then, now = con.execute(
        f"SELECT (SELECT max(records) FROM {_frozen(entity)}), (SELECT count(*) FROM {_ids(entity)})"
    ).fetchall()[0]
    return bool(now > then * _GROWN + _FEW)


def _source(
    con: duckdb.DuckDBPyConnection, spec: Spec, holding: list[Side], consumer: str, *, everything: bool
) -> None:
    """Make `_match_source`: side, native_id, deleted and the inputs of changed records, or of all."""
    parts = [_side_sql(con, spec, side, consumer, everything=everything) for side in holding]
    con.execute(f"CREATE OR REPLACE TEMP TABLE _match_source AS {' UNION ALL BY NAME '.join(parts)}")


def _side_sql(con: duckdb.DuckDBPyConnection, spec: Spec, side: Side, consumer: str, *, everything: bool) -> str:
    columns = set(side.table.columns(con))
    wanted = dict.fromkeys(column for column, _ in spec.inputs.values() if column in columns)
    selected = "".join(f', c."{column}"::VARCHAR AS "{column}"' for column in wanted)
    join, changed = "", f"c._change > {seen(con, side.table, consumer)}"
    if spec.entity == "contact" and "customer" in columns:
        links = tables.links("customer")
        join = f"LEFT JOIN {links.sql} o ON o.connection = '{side.connection.name}' AND o.native_id = c.customer"
        selected += f", {tables.lives('o')} AS customer_golden"
        changed += f" OR o._change > {seen(con, links, consumer)}"
    where = "" if everything else f"WHERE {changed}"
    return (
        f"SELECT '{side.connection.role}' AS side, c.native_id, c.deleted{selected} "
        f"FROM {side.table.sql} c {join} {where}"
    )


def _number(con: duckdb.DuckDBPyConnection, entity: str) -> None:
    """Give each record its lasting rid, and make `_match_all` of the source with it."""
    ids = _ids(entity)
    con.execute(
        f"INSERT INTO {ids} "
        f"SELECT (SELECT coalesce(max(rid), 0) FROM {ids}) + row_number() OVER (ORDER BY side, native_id), "
        f"side, native_id FROM _match_source s ANTI JOIN {ids} i USING (side, native_id)"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE _match_all AS SELECT i.rid, s.* "
        f"FROM _match_source s JOIN {ids} i USING (side, native_id)"
    )


@dataclass(frozen=True, slots=True)
class Likely:
    """`links` and `questions` (a_id of the CRM, b_id of the ERP), `duplicates` (side, a_id the newer, b_id the older),
    each with method, evidence, p, weight, model and why (JSON)."""

    links: pl.DataFrame
    questions: pl.DataFrame
    duplicates: pl.DataFrame


def propose(
    platform: Platform, con: duckdb.DuckDBPyConnection, entity: str, settled: pl.DataFrame, never: pl.DataFrame
) -> Likely:
    """What comes of the records of `_side_crm` and `_side_erp` that have no golden id yet.

    `settled` (a_id, b_id): pairs that were linked or asked about before, by keys or by a person; their records are not
    proposed, and have a partner already. `never` (a_id, b_id): pairs of both systems that a person separated.
    """
    holding = sides(platform, con, entity)
    refresh(platform, con, entity, holding)
    with platform.ledger.read() as tx:
        within = duplicates.separated(tx, entity)
    spec, used, thresholds = SPECS[entity], model(platform, entity), _thresholds(platform)
    _standing(con, entity, [side.connection.role for side in holding], settled)
    con.execute("CREATE OR REPLACE TEMP TABLE _match_fresh AS SELECT rid FROM _match_standing WHERE fresh")
    engine.compare_fresh(con, spec, used, tables_of(entity), "_match_fresh")
    found = decide(_scored(con, spec, used, thresholds), _apart(con, _separated(never, within)), thresholds)
    return Likely(*(_explained(frame, used) for frame in (found.links, found.questions, found.duplicates)))


def _thresholds(platform: Platform) -> Thresholds:
    return Thresholds(platform.policy.matching.link, platform.policy.matching.review)


def _explained(frame: pl.DataFrame, model: Model) -> pl.DataFrame:
    """With `evidence`: why a pair was linked or is asked about, in a sentence."""
    said = pl.format("p {} by {}: {}", pl.col("p").round(3), pl.lit(model.version), "says")
    return frame.with_columns(
        pl.lit(METHOD).alias("method"), said.alias("evidence"), pl.lit(model.version).alias("model")
    ).drop("says")


def _standing(con: duckdb.DuckDBPyConnection, entity: str, roles: list[Role], settled: pl.DataFrame) -> None:
    """Make `_match_standing`: rid, side, id, golden, partner, fresh of each live record of `roles`."""
    con.register("_settled", settled.select("a_id", "b_id").to_arrow())
    parts = [
        f"SELECT '{role}' AS side, s.native_id AS id, s.golden_id AS golden, coalesce(s.partner, d.other) AS partner "
        f"FROM _side_{role} s LEFT JOIN (SELECT {own} AS id, any_value({other}) AS other FROM _settled GROUP BY 1) d "
        "ON d.id = s.native_id"
        for role, own, other in (("crm", "a_id", "b_id"), ("erp", "b_id", "a_id"))
        if role in roles
    ]
    con.execute(
        "CREATE OR REPLACE TEMP TABLE _match_standing AS "
        "SELECT i.rid, s.*, s.golden IS NULL AND s.partner IS NULL AS fresh "
        f"FROM ({' UNION ALL '.join(parts)}) s JOIN {_ids(entity)} i ON i.side = s.side AND i.native_id = s.id"
    )
    con.unregister("_settled")


def _scored(con: duckdb.DuckDBPyConnection, spec: Spec, model: Model, thresholds: Thresholds) -> pl.DataFrame:
    """The pairs that may matter, and all others among the same records: they are evidence against a group."""
    ends = ", ".join(
        f"{x}.side AS {x}_side, {x}.id AS {x}_id, {x}.golden AS {x}_golden, {x}.partner AS {x}_partner" for x in "lr"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE _match_open AS "
        f"SELECT unnest([l, r]) AS rid FROM {SCORED} WHERE p >= {thresholds.review}"
    )
    reasons = f"CASE WHEN p >= {thresholds.review} THEN {reasons_sql(spec, model)} END"
    return con.execute(
        f"SELECT * EXCLUDE (reasons), {WHY_SQL.format('reasons')} AS why, {SAYS_SQL.format('reasons')} AS says FROM ("
        f"SELECT p.l, p.r, {ends}, p.p, p.weight, ({clash_sql(spec)}) AS clash, {reasons} AS reasons "
        f"FROM {SCORED} p JOIN _match_standing l ON l.rid = p.l JOIN _match_standing r ON r.rid = p.r "
        "WHERE p.l IN (SELECT rid FROM _match_open) AND p.r IN (SELECT rid FROM _match_open)) ORDER BY l, r"
    ).pl()


def _apart(con: duckdb.DuckDBPyConnection, apart: pl.DataFrame) -> pl.DataFrame:
    """The separated pairs as rids, the lower one first."""
    con.register("_separated", apart.to_arrow())
    found = con.execute(
        "SELECT least(a.rid, b.rid) AS l, greatest(a.rid, b.rid) AS r FROM _separated s "
        "JOIN _match_standing a ON a.side = s.l_side AND a.id = s.l_id "
        "JOIN _match_standing b ON b.side = s.r_side AND b.id = s.r_id"
    ).pl()
    con.unregister("_separated")
    return found


def _separated(never: pl.DataFrame, within: Iterable[tuple[str, str, str]]) -> pl.DataFrame:
    """Pairs that people separated, of both systems (a_id, b_id) and within one (side, a, b), in one shape."""
    across = [("crm", a, "erp", b) for a, b in never.select("a_id", "b_id").iter_rows()]
    rows = across + [(side, a, side, b) for side, a, b in within]
    return pl.DataFrame(rows, schema=dict.fromkeys(("l_side", "l_id", "r_side", "r_id"), pl.String), orient="row")
