"""The nightly full run of matching: frequencies frozen anew, weights learned and checked, and what that would change.

Nothing that is linked changes by itself. New weights decide on new records from then on; where they disagree with
established links, the run reports it, and people decide.
"""

import json
from dataclasses import dataclass, field

import duckdb
import polars as pl

from crmerp_assets.matching import SPECS, Spec, fit
from crmerp_assets.matching.block import left_out
from crmerp_assets.matching.cluster import clusters
from crmerp_assets.matching.compare import SAYS_SQL, WHY_SQL, reasons_sql, score
from crmerp_assets.matching.engine import LEVELS, SCORED, compare_all, learn
from crmerp_assets.matching.model import Model
from crmerp_assets.sync import identity, tables
from crmerp_assets.sync.gather import Side, sides
from crmerp_assets.sync.platform import Platform, in_one_transaction

_LEFT_OUT = {"kind": pl.String, "keys": pl.Int64, "records": pl.Int64, "largest": pl.Int64}
_CHANGES = dict.fromkeys(["what", "a_id", "b_id", "p", "says"], pl.String) | {"p": pl.Float64}
_SHOWN = 1000
"""Rows of a report that are kept; the counts are of all."""


@dataclass(frozen=True, slots=True)
class Refitted:
    """What a full run found. `wrong` estimates the share of automatic links that would be wrong, by an id that was held
    out (`guard`, in `checked` pairs); None where no id could. `objections` say why learned weights are not used."""

    records: int = 0
    pairs: int = 0
    model: str = ""
    adopted: bool = False
    guard: str | None = None
    checked: int = 0
    wrong: float | None = None
    objections: list[str] = field(default_factory=list)
    duplicates: int = 0
    related: int = 0
    left_out: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_LEFT_OUT))
    changes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_CHANGES))


@in_one_transaction
def refit(platform: Platform, entity: str) -> Refitted:
    """Make the full run of an entity; nothing where no system holds it."""
    spec = SPECS[entity]
    with platform.warehouse.open() as con:
        holding = [side for side in sides(platform, con, entity) if side.table.exists(con)]
        if not holding:
            return Refitted()
        identity.rebuild(platform, con, entity, holding)
        used = identity.model(platform, entity)
        own = identity.tables_of(entity)
        compare_all(con, spec, used, own)
        learned, check = learn(con, spec, own, used)
        adopted = platform.policy.matching.learn and not check.objections
        _keep(platform, learned, check, adopted=adopted)
        if adopted:
            used = learned.model
            score(con, spec, used, LEVELS, SCORED)
        _standing(con, entity, holding)
        twice = _duplicates(con, spec, used)
        tables.duplicates(entity).replace(con, twice)
        related = _related(con, spec)
        tables.related(entity).replace(con, related)
        seen = fit.patterns(con, spec, own.records, LEVELS)
        guard = check.guard or ""
        checked, wrong = fit.held_out(spec, seen, guard, used) if guard else (0, None)
        return Refitted(
            records=_count(con, own.records),
            pairs=_count(con, SCORED),
            model=used.version,
            adopted=adopted,
            guard=check.guard,
            checked=checked,
            wrong=wrong,
            objections=check.objections,
            duplicates=twice.height,
            related=related.height,
            left_out=left_out(con, spec, own),
            changes=_changes(platform, con, spec, used),
        )


def _keep(platform: Platform, learned: fit.Fit, check: fit.Check, *, adopted: bool) -> None:
    """Keep weights that may be used, with what checked them; of others only the report would be of use."""
    if check.objections:
        return
    report = {"matches": round(learned.matches), "guard": check.guard, "checked": check.checked, "wrong": check.wrong}
    model = learned.model
    with platform.ledger.begin() as tx:
        row = {"entity": model.entity, "version": model.version, "model": model.text(), "report": json.dumps(report)}
        tx.models.put({**row, "adopted": adopted})


def _standing(con: duckdb.DuckDBPyConnection, entity: str, holding: list[Side]) -> None:
    """Make `_match_standing`: rid, side, connection, id, golden of each live record."""
    names = " ".join(f"WHEN '{side.connection.role}' THEN '{side.connection.name}'" for side in holding)
    records = (
        f"SELECT rid, side, native_id, CASE side {names} END AS connection FROM {identity.tables_of(entity).records}"
    )
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE _match_standing AS
        SELECT r.rid, r.side, r.connection, r.native_id AS id, {tables.lives("l")} AS golden FROM ({records}) r
        LEFT JOIN {tables.links(entity).sql} l ON l.connection = r.connection AND l.native_id = r.native_id
        """
    )


def _duplicates(con: duckdb.DuckDBPyConnection, spec: Spec, model: Model) -> pl.DataFrame:
    """Records of one system that are one thing by all evidence: connection, cluster, native_id, probability, survivor
    (the linked one, else the lowest id) and why."""
    numbered = con.execute("SELECT rid, connection, id, golden FROM _match_standing ORDER BY rid").pl()
    numbered = numbered.with_row_index("n")
    edges = con.execute(f"SELECT l, r, weight FROM {SCORED} WHERE weight > -12").pl()
    number = numbered.select("rid", "n")
    at = [
        edges.select(rid=x).join(number, on="rid", how="left", maintain_order="left")["n"].cast(pl.Int64) for x in "lr"
    ]
    label = clusters(numbered.height, at[0].to_numpy(), at[1].to_numpy(), edges["weight"].to_numpy())
    groups = numbered.with_columns(cluster=pl.Series(label)).filter(pl.len().over("connection", "cluster") > 1)
    con.register("_match_twice", groups.select("rid", "connection", "id", "golden", "cluster").to_arrow())
    reasons = reasons_sql(spec, model)
    found = con.execute(
        f"""
        SELECT a.connection, a.connection || ':' || min(a.id) OVER (PARTITION BY a.connection, a.cluster) AS cluster,
               a.id AS native_id, coalesce(best.p, 0.5) AS probability,
               row_number() OVER (PARTITION BY a.connection, a.cluster ORDER BY a.golden IS NULL, a.id) = 1 AS survivor,
               best.why
        FROM _match_twice a LEFT JOIN (
            SELECT rid, max(p) AS p, arg_max(why, p) AS why FROM (
                SELECT unnest([p.l, p.r]) AS rid, p.p, {WHY_SQL.format(reasons)} AS why FROM {SCORED} p
                JOIN _match_twice x ON x.rid = p.l JOIN _match_twice y ON y.rid = p.r
                WHERE x.connection = y.connection AND x.cluster = y.cluster
            ) GROUP BY rid) best ON best.rid = a.rid
        ORDER BY 1, 2, 3
        """
    ).pl()
    con.unregister("_match_twice")
    return found


def _related(con: duckdb.DuckDBPyConnection, spec: Spec) -> pl.DataFrame:
    """Things that belong together and are not one: kind, and connection and id of both."""
    parts = [
        f"SELECT '{kind}' AS kind, a.connection AS a_connection, a.id AS a_id, b.connection AS b_connection, "
        f"b.id AS b_id FROM {SCORED} p JOIN _match_standing a ON a.rid = p.l JOIN _match_standing b ON b.rid = p.r "
        f"WHERE ({sql}) AND a.golden IS DISTINCT FROM b.golden"
        for kind, sql in spec.related.items()
    ]
    if not parts:
        return pl.DataFrame(schema=dict.fromkeys(["kind", "a_connection", "a_id", "b_connection", "b_id"], pl.String))
    return con.execute(" UNION ALL ".join(parts) + " ORDER BY ALL").pl()


def _changes(platform: Platform, con: duckdb.DuckDBPyConnection, spec: Spec, model: Model) -> pl.DataFrame:
    """Where the weights disagree with what is linked: linked pairs that look different, apart ones that look alike."""
    policy = platform.policy.matching
    says = SAYS_SQL.format(reasons_sql(spec, model))
    apart = "p >= {0} AND a.golden IS NOT NULL AND b.golden IS NOT NULL AND a.golden <> b.golden"
    return con.execute(
        f"""
        SELECT CASE WHEN a.golden = b.golden THEN 'linked, and looks different' ELSE 'apart, and looks the same' END
               AS what, a.id AS a_id, b.id AS b_id, round(p, 4) AS p, {says} AS says
        FROM {SCORED} s JOIN _match_standing a ON a.rid = s.l JOIN _match_standing b ON b.rid = s.r
        WHERE a.side <> b.side
          AND (a.golden = b.golden AND p < {policy.review} OR {apart.format(policy.link)})
        ORDER BY abs(p - 0.5) DESC, a_id, b_id LIMIT {_SHOWN}
        """
    ).pl()


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def summary(done: dict[str, Refitted]) -> pl.DataFrame:
    """One row an entity, for reports."""
    return pl.DataFrame(
        [
            {
                "entity": entity,
                "records": found.records,
                "pairs": found.pairs,
                "weights": found.model + (" (new)" if found.adopted else ""),
                "wrong_links": None
                if found.wrong is None
                else f"{found.wrong:.2%} of {found.checked:,} by {found.guard}",
                "not_learned_because": "; ".join(found.objections) or None,
                "duplicates": found.duplicates,
                "related": found.related,
                "disagreements": found.changes.height,
            }
            for entity, found in done.items()
        ],
        schema_overrides={"wrong_links": pl.String, "not_learned_because": pl.String},
    )
