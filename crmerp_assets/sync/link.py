"""Link conformed records to golden ids, in the ledger, and mirror the links into the warehouse.

Gather both sides, let `matching` decide (keys that records hold first, then scored likeness), write the ledger first:
it is the authority, the mirror follows it. A record that raises a question gets no golden id until a person has
answered, so nothing is created for it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl

from crmerp_assets.ledger import Transaction
from crmerp_assets.matching import COMPARED, RULES, SPECS, Matches
from crmerp_assets.matching import link as match
from crmerp_assets.merge.three_way import Role
from crmerp_assets.sync import duplicates, identity, retired, routes, stakes, survivors, tables
from crmerp_assets.sync.link_answers import QUESTION, REFUSED, TITLES, Answers, answers, fitting, question_detail
from crmerp_assets.sync.platform import Connection, Platform, in_one_transaction
from crmerp_assets.warehouse import Table
from crmerp_assets.warehouse.tables import listed

_NO_DUPLICATES = pl.DataFrame(schema=dict.fromkeys(["side", "a_id", "b_id"], pl.String))
LINK = pl.Schema(dict.fromkeys(["entity", "connection", "native_id", "golden_id", "method", "evidence"], pl.String()))


@dataclass(frozen=True, slots=True)
class Linked:
    """Records that got a partner, records that got a golden id of their own, open questions, and of these the ones
    about two records of one system."""

    matched: int = 0
    born: int = 0
    questions: int = 0
    duplicates: int = 0


@dataclass(frozen=True, slots=True)
class _Found:
    """Links and questions (a_id, b_id, method, evidence, and p, weight, model, why of scored ones), and `duplicates`
    (side, a_id, b_id and the same), whose first record waits."""

    links: pl.DataFrame
    questions: pl.DataFrame
    duplicates: pl.DataFrame


@in_one_transaction
def link(platform: Platform, entity: str) -> Linked:
    """Link the records of `entity` that have no link yet."""
    mirror(platform, entity)
    if survivors.follow(platform, entity):
        mirror(platform, entity)
    with platform.ledger.read() as tx:
        given = answers(tx, entity)
    with platform.warehouse.open() as con:
        sides = [side for side in _sides(platform) if _held(con, side, platform, entity)]
        if not any(_unlinked(con, side, platform, entity) for side in sides):
            return Linked()
        for side in sides:
            _relation(con, side, platform, entity)
        found = _match(platform, con, entity, given, [side.role for side in sides])
        rows = _decide(con, entity, platform.prefix(entity), sides, found)
        questions = stakes.with_stakes(platform, con, entity, _described(con, found.questions))
        twice = stakes.with_stakes(platform, con, entity, duplicates.described(con, found.duplicates))
    with platform.ledger.begin() as tx:
        taken = tx.links.add(rows.to_dicts(), by="linking").taken
        _ask(tx, entity, questions)
        duplicates.ask(tx, entity, twice)
    _take_the_places_of_the_dead(platform, entity, sides, rows, taken)
    mirror(platform, entity)
    born = rows.filter(pl.col("method") == "born").height
    return Linked(rows.height - born, born, found.questions.height + twice.height, twice.height)


def _sides(platform: Platform) -> tuple[Connection, Connection]:
    return platform.side("crm"), platform.side("erp")


def mirror(platform: Platform, entity: str) -> None:
    """Copy the links that changed in the ledger since the last time into the warehouse."""
    table = tables.links(entity)
    with platform.warehouse.open() as con:
        since = _mirrored(con, table)
    with platform.ledger.read() as tx:
        rows = tx.links.all(entity, since_version=since)
        aliases = tx.survivors.aliases(entity) if rows.height else {}
    lives_as = pl.col("golden_id").replace_strict(aliases, default=None, return_dtype=pl.String)
    rows = rows.with_columns(lives_as.alias("lives_as"))
    columns = ["connection", "native_id", "golden_id", "lives_as", "method", "evidence", "version"]
    with platform.warehouse.open() as con:
        left = retired.leaving(con, entity, rows)
        table.upsert(con, rows.select(columns))
        retired.forget(con, entity, left)


def _mirrored(con: duckdb.DuckDBPyConnection, table: Table) -> int:
    if not table.exists(con):
        return 0
    row = con.execute(f"SELECT coalesce(max(version), 0) FROM {table.sql}").fetchone()
    return int(row[0]) if row else 0


def _held(con: duckdb.DuckDBPyConnection, side: Connection, platform: Platform, entity: str) -> bool:
    """Whether this side has records of the entity."""
    entity_map = platform.entity_map(side, entity)
    return entity_map is not None and tables.conformed(side.name, entity_map.name).exists(con)


def _records(side: Connection, platform: Platform, entity: str) -> Table:
    entity_map = platform.entity_map(side, entity)
    assert entity_map is not None
    return tables.conformed(side.name, entity_map.name)


def _unlinked(con: duckdb.DuckDBPyConnection, side: Connection, platform: Platform, entity: str) -> bool:
    found = con.execute(
        f"SELECT 1 FROM {_records(side, platform, entity).sql} c ANTI JOIN {tables.links(entity).sql} l "
        f"ON l.connection = '{side.name}' AND l.native_id = c.native_id AND l.golden_id IS NOT NULL "
        "WHERE NOT c.deleted LIMIT 1"
    )
    return found.fetchone() is not None


def _relation(con: duckdb.DuckDBPyConnection, side: Connection, platform: Platform, entity: str) -> None:
    """Make the table `_side_<role>` of one side's live records: golden_id, partner, and what linking compares.

    Narrow, so that the rules do not drag whole records along.
    """
    records, mirrored = _records(side, platform, entity), tables.links(entity).sql
    kept = {*COMPARED.get(entity, ()), "external_key", *TITLES} & set(records.columns(con))
    columns = ", ".join(f'c."{name}"' for name in sorted(kept))
    if entity == "order" and side.role == "crm" and "crm" in platform.lane.shared:
        number = f"CASE WHEN NOT {routes.strangers(platform, con)} THEN c.order_number END AS order_number"
        columns = columns.replace('c."order_number"', number)
    owner, owner_golden = "", ""
    if entity == "contact":
        owner = (
            f"LEFT JOIN {tables.links('customer').sql} o ON o.connection = '{side.name}' AND o.native_id = c.customer"
        )
        owner_golden = f", {tables.lives('o')} AS customer_golden"
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE _side_{side.role} AS
        SELECT c.native_id, {columns}, l.golden_id, p.native_id AS partner {owner_golden}
        FROM {records.sql} c
        LEFT JOIN {mirrored} l ON l.connection = '{side.name}' AND l.native_id = c.native_id
        LEFT JOIN {mirrored} p ON p.golden_id = l.golden_id AND p.connection <> l.connection
        {owner}
        WHERE NOT c.deleted
        """
    )


def _match(
    platform: Platform, con: duckdb.DuckDBPyConnection, entity: str, given: Answers, roles: list[Role]
) -> _Found:
    """What keys, people's answers and likeness come to; what people joined and cannot be is asked, not linked."""
    found, asked, never = Matches.none(), Matches.none().questions, given.never
    if len(roles) == 2:
        fit = fitting(con, entity, given)
        found = match(con, "_side_crm", "_side_erp", RULES.get(entity, ()), fit.same, fit.never)
        asked, never = pl.concat([fit.asked, found.questions]), fit.never
    if entity not in SPECS:
        return _Found(found.links, asked.unique(["a_id", "b_id"], keep="first", maintain_order=True), _NO_DUPLICATES)
    likely = identity.propose(platform, con, entity, pl.concat([found.links, found.questions]), never)
    questions = pl.concat([asked, likely.questions], how="diagonal")
    return _Found(
        pl.concat([found.links, likely.links], how="diagonal"),
        questions.unique(["a_id", "b_id"], keep="first", maintain_order=True),
        likely.duplicates,
    )


def _decide(
    con: duckdb.DuckDBPyConnection, entity: str, prefix: str, sides: list[Connection], found: _Found
) -> pl.DataFrame:
    """Ledger rows for matched pairs and for records that stand alone; a record in a question gets none."""
    con.register("_links", found.links.to_arrow())
    con.register("_questions", _waiting(found).to_arrow())
    rows = [con.execute(_links_sql(entity, prefix, side, sides)).pl().cast(LINK) for side in sides]
    con.unregister("_links")
    con.unregister("_questions")
    return pl.concat(rows)


def _waiting(found: _Found) -> pl.DataFrame:
    """(role, id) of the records that are asked about; of a duplicate the newer one."""
    return pl.concat(
        [
            found.questions.select(pl.lit("crm").alias("role"), id="a_id"),
            found.questions.select(pl.lit("erp").alias("role"), id="b_id"),
            found.duplicates.select(role="side", id="a_id"),
        ]
    ).unique()


def _links_sql(entity: str, prefix: str, side: Connection, sides: list[Connection]) -> str:
    """One side's new links: the pair's golden id, else a key it already holds, else one made from the record.

    A golden id made here depends on the record alone (of a pair, on the CRM's), so making it twice makes the same.
    """
    own, other = ("a_id", "b_id") if side.role == "crm" else ("b_id", "a_id")
    partner = next((s for s in sides if s is not side), None)
    crm = next((s.name for s in sides if s.role == "crm"), "")
    keys = ["s.golden_id", _own_key("s", prefix)]
    if partner:
        keys = ["s.golden_id", "p.golden_id", _own_key("p", prefix), _own_key("s", prefix)]
        if side.role == "crm":
            keys = ["s.golden_id", "p.golden_id", _own_key("s", prefix), _own_key("p", prefix)]
    born = (
        f"CASE WHEN l.a_id IS NOT NULL THEN {born_id(entity, prefix, crm, 'l.a_id')} "
        f"ELSE {born_id(entity, prefix, side.name, 's.native_id')} END"
    )
    return f"""
        SELECT '{entity}' AS entity, '{side.name}' AS connection, s.native_id,
               lower(coalesce({", ".join(keys)}, {born})) AS golden_id,
               coalesce(l.method, 'born') AS method,
               coalesce(l.evidence, 'no record of the other side matches') AS evidence
        FROM _side_{side.role} s
        LEFT JOIN _links l ON l.{own} = s.native_id
        {f"LEFT JOIN _side_{partner.role} p ON p.native_id = l.{other}" if partner else ""}
        WHERE s.golden_id IS NULL AND (l.{own} IS NOT NULL OR s.native_id NOT IN
          (SELECT id FROM _questions WHERE role = '{side.role}'))
    """


def born_id(entity: str, prefix: str, connection: str, native_id: str) -> str:
    """SQL for the golden id that is made from a record alone; `native_id` is a column."""
    return f"'{prefix}-' || substr(md5('{entity}|{connection}|' || {native_id}), 1, 20)"


def _own_key(alias: str, prefix: str) -> str:
    return f"CASE WHEN starts_with(lower({alias}.external_key), '{prefix}-') THEN {alias}.external_key END"


def _take_the_places_of_the_dead(
    platform: Platform, entity: str, sides: list[Connection], rows: pl.DataFrame, taken: pl.DataFrame
) -> None:
    """Link records whose place a deleted one still has: it was entered again, and a person said that it is the same.

    The deleted one keeps its place only so that nothing is made in its stead.
    """
    parts = []
    with platform.warehouse.open() as con, listed(con, "_holders", taken["held_by"]):
        for side in sides if taken.height else []:
            dead = f"SELECT native_id AS held_by FROM {_records(side, platform, entity).sql} WHERE deleted"
            found = con.execute(f"FROM ({dead}) d SEMI JOIN _holders h ON h.id = d.held_by").pl()
            parts.append(found.with_columns(pl.lit(side.name).alias("connection")))
    if not parts:
        return
    free = taken.join(pl.concat(parts), on=["connection", "held_by"], how="semi")
    with platform.ledger.begin() as tx:
        for row in free.iter_rows(named=True):
            why = f"deleted, and {row['native_id']} took its place"
            tx.links.remove(entity, row["connection"], row["held_by"], why, "linking")
        tx.links.add(rows.join(free, on=["connection", "native_id"], how="semi").to_dicts(), by="linking")


def _described(con: duckdb.DuckDBPyConnection, questions: pl.DataFrame) -> pl.DataFrame:
    """Questions with the names of both records, for the reviewer."""
    if questions.is_empty():
        return questions
    con.register("_questions", questions.to_arrow())
    columns = [row[0] for row in con.execute("DESCRIBE _side_crm").fetchall()]
    named = {row: ", ".join(f"{row}.{column}" for column in TITLES if column in columns) for row in "ab"}
    found = con.execute(
        f"SELECT q.*, coalesce({named['a']}, q.a_id) AS a_name, coalesce({named['b']}, q.b_id) AS b_name "
        "FROM _questions q "
        "LEFT JOIN _side_crm a ON a.native_id = q.a_id LEFT JOIN _side_erp b ON b.native_id = q.b_id"
    ).pl()
    con.unregister("_questions")
    return found


def _ask(tx: Transaction, entity: str, questions: pl.DataFrame) -> None:
    """Open a review for each candidate pair, and close the ones that are no question any more."""
    rows: list[dict[str, Any]] = [
        {
            "kind": QUESTION,
            "entity": entity,
            "subject": json.dumps([row["a_id"], row["b_id"]]),
            "title": _title(entity, row),
            "detail": question_detail(row),
            "value": row.get("value"),
        }
        for row in questions.iter_rows(named=True)
    ]
    tx.reviews.open(rows)
    tx.reviews.close(QUESTION, entity, keep=[row["subject"] for row in rows])


def _title(entity: str, row: Mapping[str, str]) -> str:
    question = f"Is {entity} {row['a_name']!r} in the CRM the same as {row['b_name']!r} in the ERP?"
    return f"{question} {row['evidence']}" if row["method"] == REFUSED else question
