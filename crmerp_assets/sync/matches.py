"""Open questions about who is who, as people work through them: what is at stake, the reasons, both records.

The list is the ledger's alone. Both records, field by field, come from the warehouse.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl

from crmerp_assets.mapping import MASK
from crmerp_assets.matching import SPECS
from crmerp_assets.sync import duplicates, payloads, review, stakes, tables
from crmerp_assets.sync.decisions import Review
from crmerp_assets.sync.link_answers import QUESTION, SYSTEMS, TITLES
from crmerp_assets.sync.platform import Platform
from crmerp_assets.warehouse.tables import listed

KINDS = (QUESTION, duplicates.REVIEW)
_TOLD = 3
_ORDERS = ("order_number", "name", "customer", "amount", "currency", "close_date")
MATCHES = pl.Schema(
    {
        "id": pl.String(),
        "kind": pl.String(),
        "entity": pl.String(),
        "p": pl.Float64(),
        "value": pl.Float64(),
        "deals": pl.Int64(),
        "waiting": pl.Float64(),
        "first_system": pl.String(),
        "first": pl.String(),
        "first_name": pl.String(),
        "second_system": pl.String(),
        "second": pl.String(),
        "second_name": pl.String(),
        "reasons": pl.String(),
        "why": pl.List(pl.Struct({"fact": pl.String(), "says": pl.String(), "weight": pl.Float64()})),
        "model": pl.String(),
        "evidence": pl.String(),
    }
)
"""An open question. `first` of a pair of both systems is the CRM's record, of a duplicate the newer; `deals` won ones
wait for the answer, worth `waiting`; `value` is the money of all won and open ones; `p` is null where a key asked."""


def open_matches(platform: Platform, entity: str | None = None) -> pl.DataFrame:
    """Open questions as MATCHES: the money of deals that wait for an answer first, then the value, then p."""
    with platform.ledger.read() as tx:
        asked = pl.concat([tx.reviews.list(kind) for kind in KINDS])
    chosen = asked if entity is None else asked.filter(entity=entity)
    found = pl.DataFrame([_match(row) for row in chosen.iter_rows(named=True)], schema=MATCHES, orient="row")
    by = ("waiting", "value", "p")
    return found.sort(*by, "id", descending=[True, True, True, False], nulls_last=True)


def _match(row: Review) -> dict[str, Any]:
    detail, subject = json.loads(row["detail"]), json.loads(row["subject"])
    systems = ["crm", "erp"] if row["kind"] == QUESTION else [subject[0]] * 2
    first, second = subject[-2:]
    why = detail.get("why", [])
    told = ", ".join(f"{one['says']} ({one['weight']:+.1f})" for one in why[:_TOLD])
    return {
        **{name: row[name] for name in ("id", "kind", "entity", "value")},
        **{name: detail.get(name) for name in ("p", "deals", "waiting", "model", "evidence")},
        "first_system": SYSTEMS[systems[0]],
        "first": first,
        "first_name": detail.get("a_name") or first,
        "second_system": SYSTEMS[systems[1]],
        "second": second,
        "second_name": detail.get("b_name") or second,
        "reasons": told or detail.get("evidence"),
        "why": why,
    }


@dataclass(frozen=True, slots=True)
class Shown:
    """One question: its row of MATCHES, `fields` (field, first, second, verdict) and the deals that wait (as text)."""

    match: dict[str, Any]
    fields: pl.DataFrame
    deals: pl.DataFrame


def show(platform: Platform, review_id: str) -> Shown:
    """Both records of a question side by side, personal values too: whoever decides needs them. Raises LookupError."""
    asked = review.find(platform, review_id)
    if asked["kind"] not in KINDS:
        raise LookupError(f"Review {asked['id'][:8]} is no question about a link: `crmerp review show` shows it.")
    one = _match(asked)
    pairs = pl.DataFrame([one], schema=MATCHES, orient="row")
    with platform.warehouse.open() as con:
        both = with_records(platform, con, pairs).row(0, named=True)
        waiting = pl.DataFrame()
        if one["first_system"] == SYSTEMS["crm"]:
            waiting = stakes.deals_of(platform, con, one["entity"], [one["first"]]).filter("waits")
    rows = [
        (name, both[f"{name} 1"], both[f"{name} 2"], verdict(both[f"{name} 1"], both[f"{name} 2"]))
        for name in compared(one["entity"])
        if f"{name} 1" in both and (both[f"{name} 1"] or both[f"{name} 2"])
    ]
    fields = pl.DataFrame(rows, schema=dict.fromkeys(("field", "first", "second", "verdict"), pl.String), orient="row")
    return Shown(one, fields, waiting)


def verdict(first: str | None, second: str | None) -> str:
    """`same` whatever the case and blanks, `different`, or nothing where one side does not say."""
    if first is None or second is None:
        return ""
    return "same" if "".join(first.split()).casefold() == "".join(second.split()).casefold() else "different"


def compared(entity: str) -> list[str]:
    """The canonical fields by which people tell records apart: the names, and all that matching compares."""
    spec = SPECS.get(entity)
    looked_at = [column for column, _ in spec.inputs.values()] if spec else list(_ORDERS)
    company = ["company"] if "customer_golden" in looked_at else []
    titles = [name for name in TITLES if spec is None or name in looked_at]
    return list(dict.fromkeys([*titles, *company, *(one for one in looked_at if one != "customer_golden")]))


def with_records(platform: Platform, con: duckdb.DuckDBPyConnection, matches: pl.DataFrame) -> pl.DataFrame:
    """The matches with `<field> 1` and `<field> 2` of both records, as text."""
    for number, which in ((1, "first"), (2, "second")):
        groups = matches.select("entity", f"{which}_system").unique(maintain_order=True).iter_rows()
        parts = [_records(platform, con, entity, system, matches, which, number) for entity, system in groups]
        known = [part for part in parts if part.width > len(_PLACE)]
        if known:
            place = [pl.col(name).alias(f"{which}{suffix}") for name, suffix in (("system", "_system"), ("id", ""))]
            sides = pl.concat(known, how="diagonal").with_columns(place).drop("system", "id")
            matches = matches.join(sides, on=["entity", f"{which}_system", which], how="left", maintain_order="left")
    return matches


_PLACE = ("entity", "system", "id")


def _records(
    platform: Platform,
    con: duckdb.DuckDBPyConnection,
    entity: str,
    system: str,
    matches: pl.DataFrame,
    which: str,
    number: int,
) -> pl.DataFrame:
    """(entity, system, id, <field> N) of one side's records; only _PLACE where that side has none."""
    connection = platform.side("crm" if system == SYSTEMS["crm"] else "erp")
    entity_map = platform.entity_map(connection, entity)
    table = tables.conformed(connection.name, entity_map.name if entity_map else entity)
    columns = table.columns(con)
    if not columns:
        return pl.DataFrame(schema=dict.fromkeys(_PLACE, pl.String))
    chosen = [f'c."{name}"::VARCHAR AS "{name} {number}"' for name in compared(entity) if name in columns]
    company, join = _company(platform, con, connection.name, columns) if entity == "contact" else ("", "")
    wanted = matches.filter((pl.col("entity") == entity) & (pl.col(f"{which}_system") == system))[which].unique()
    with listed(con, "_shown", wanted):
        return con.execute(
            f"SELECT '{entity}' AS entity, '{system}' AS system, c.native_id AS id"
            f"{''.join(f', {one}' for one in [*company.format(number=number).split('|'), *chosen] if one)} "
            f"FROM {table.sql} c SEMI JOIN _shown s ON s.id = c.native_id {join}"
        ).pl()


def _company(
    platform: Platform, con: duckdb.DuckDBPyConnection, connection: str, columns: Iterable[str]
) -> tuple[str, str]:
    """SQL for the name of a person's company in their own system, and its join."""
    owner = platform.entity_map(platform.connections[connection], "customer")
    table = tables.conformed(connection, owner.name if owner else "customer")
    if "customer" not in columns or "name" not in table.columns(con):
        return "", ""
    return 'o.name AS "company {number}"', f"LEFT JOIN {table.sql} o ON o.native_id = c.customer"


def exported(platform: Platform, matches: pl.DataFrame, *, personal: bool) -> pl.DataFrame:
    """The matches for a spreadsheet: one row a pair, both records side by side, and columns to fill in."""
    with platform.warehouse.open() as con:
        wide = with_records(platform, con, matches)
    names = dict.fromkeys(name for entity in wide["entity"].unique().sort() for name in compared(entity))
    sides = [f"{name} {n}" for name in names for n in (1, 2) if f"{name} {n}" in wide.columns]
    head = [
        "id",
        "decision",
        "why",
        "entity",
        "p",
        "value",
        "deals",
        "first_system",
        "first",
        "second_system",
        "second",
    ]
    filled = wide.drop("why").with_columns(decision=pl.lit(None, pl.String), why=pl.lit(None, pl.String))
    shown = filled.select(*head, *sides, "reasons")
    return shown if personal else _masked(platform, shown, sides)


def _masked(platform: Platform, frame: pl.DataFrame, columns: Iterable[str]) -> pl.DataFrame:
    hidden: Mapping[str, set[str]] = {one: payloads.personal(platform, one) for one in frame["entity"].unique()}
    return frame.with_columns(
        pl.when(pl.col("entity").is_in(_hiding(hidden, name)) & pl.col(name).is_not_null())
        .then(pl.lit(MASK))
        .otherwise(pl.col(name))
        .alias(name)
        for name in columns
    )


def _hiding(hidden: Mapping[str, set[str]], column: str) -> list[str]:
    return [entity for entity, fields in hidden.items() if column.rsplit(" ", 1)[0] in fields]
