"""Rebuild a lost ledger: the golden ids that both systems hold as our keys become links again.

Keys come first, and alone: a record that carries one is what the key says, whatever the matching rules think of it.
Then the ordinary rules link the rest, and the merge seeds the snapshots with every value on which both sides agree.
Nothing is planned and nothing is sent.
"""

from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import polars as pl

from crmerp_assets.ledger import LedgerUnavailable
from crmerp_assets.sync import tables
from crmerp_assets.sync.conform import conform
from crmerp_assets.sync.deletions import follow
from crmerp_assets.sync.holds import put_on_hold
from crmerp_assets.sync.invoices import merge_exchange_rates, merge_invoices
from crmerp_assets.sync.link import born_id, link, mirror
from crmerp_assets.sync.merge import merge
from crmerp_assets.sync.mirrors import lay_out
from crmerp_assets.sync.platform import Connection, Platform
from crmerp_assets.sync.pull import pull

LINKED = ("customer", "contact", "product", "order", "invoice")
MERGED = ("product", "customer", "contact", "order")
BY = "rebuild"
LOST = (
    "history: runs, attempts, who changed which link and why",
    "decisions of people: answered reviews, aliases of product texts, approvals, withdrawn intents, holds, and which "
    "of the ERP's documents that the CRM shows (`mirror` in policy.yaml) they had deleted there: these are shown again",
    "agreed values of fields on which both sides differ now: they are decided as at first contact",
)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """`records`: entity, linked by key, by rule, alone, gone (held because the other side's record is not there any
    more). `differing`: fields on which both sides differ and no agreed value is known."""

    records: pl.DataFrame
    differing: int


def rebuild(platform: Platform, empty_warehouse: Callable[[], None]) -> Rebuilt:
    """Fill an empty ledger from both systems. Raises LedgerUnavailable where it holds links, and connectors' errors.

    The warehouse is emptied first: it mirrors the lost ledger's links by their version numbers, which start anew.
    """
    _refuse_a_living_ledger(platform)
    empty_warehouse()
    maps = [(name, m) for name, c in platform.connections.items() for m in platform.matrix.maps(c.system)]
    for name, entity_map in maps:
        pull(platform, name, entity_map.name)
    for name in platform.connections:
        follow(platform, name)
    for name, entity_map in maps:
        conform(platform, name, entity_map.name)
    for entity in LINKED:
        mirror(platform, entity)
        _link_by_key(platform, entity)
        link(platform, entity)
    merge_exchange_rates(platform)
    merge_invoices(platform)
    for entity in MERGED:
        merge(platform, entity)
    for entity in platform.mirrors:
        lay_out(platform, entity)
        mirror(platform, entity)
        _link_by_key(platform, entity)
        link(platform, entity)
        merge(platform, entity)
    gone = {entity: _hold_widowed(platform, entity) for entity in MERGED}
    return Rebuilt(_counts(platform, gone), sum(_differing(platform, entity) for entity in MERGED))


def _refuse_a_living_ledger(platform: Platform) -> None:
    with platform.ledger.read() as tx:
        known = sum(tx.links.all(entity).height for entity in LINKED)
    if known:
        raise LedgerUnavailable(
            f"This ledger holds {known} links, so it is not lost. Rebuilding is for an empty one: back this one up "
            "with `crmerp ledger backup FILE`, move it away, and start this again."
        )


def _link_by_key(platform: Platform, entity: str) -> None:
    """Links for every record that carries our key, and for one whose own golden id its partner carries already: it was
    created there, and the key was still to be written back here."""
    with platform.warehouse.open() as con:
        sides = [side for side in platform.connections.values() if _keyed(con, platform, entity, side)]
        rows = [con.execute(_sql(entity, side, [s for s in sides if s is not side])).pl() for side in sides]
    with platform.ledger.begin() as tx:
        for found in rows:
            tx.links.add(found, by=BY)
    mirror(platform, entity)


def _keyed(con: duckdb.DuckDBPyConnection, platform: Platform, entity: str, side: Connection) -> bool:
    """Make the view `_keyed_<role>` of one side's live records: native_id, key (ours, or null), born."""
    entity_map = platform.entity_map(side, entity)
    if entity_map is None or not tables.conformed(side.name, entity_map.name).exists(con):
        return False
    prefix = platform.prefix(entity)
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW _keyed_{side.role} AS SELECT native_id, "
        f"CASE WHEN starts_with(lower(external_key), '{prefix}-') THEN lower(external_key) END AS key, "
        f"lower({born_id(entity, prefix, side.name, 'native_id')}) AS born "
        f"FROM {tables.conformed(side.name, entity_map.name).sql} WHERE NOT deleted"
    )
    return True


def _sql(entity: str, side: Connection, others: list[Connection]) -> str:
    born = " ".join(
        f"UNION ALL SELECT m.native_id, m.born FROM _keyed_{side.role} m JOIN _keyed_{other.role} o ON o.key = m.born "
        "WHERE m.key IS NULL"
        for other in others
    )
    return f"""
        SELECT '{entity}' AS entity, '{side.name}' AS connection, native_id, key AS golden_id, 'key' AS method,
               'rebuilt: the key of this record, in {side.name} or in the other system' AS evidence
        FROM (SELECT native_id, key FROM _keyed_{side.role} WHERE key IS NOT NULL {born}) k
        QUALIFY row_number() OVER (PARTITION BY key ORDER BY native_id) = 1
    """


def _hold_widowed(platform: Platform, entity: str) -> int:
    """Hold records that carry our key and have no partner: it was deleted, and must not be created again unasked.

    Our key is written into an existing record once both sides hold it, so such a record had a partner.
    """
    table = tables.compare(entity)
    with platform.warehouse.open() as con:
        if not table.exists(con):
            return 0
        found = con.execute(
            f'SELECT golden_id FROM {table.sql} WHERE ("crm.present" AND NOT "erp.present" AND "crm.key" IS NOT NULL) '
            f'OR ("erp.present" AND NOT "crm.present" AND "erp.key" IS NOT NULL)'
        ).pl()["golden_id"]
    why = "it carries our key and the other system's record is gone; lift the hold to create it there anew"
    with platform.ledger.begin() as tx:
        put_on_hold(tx, entity, found.to_list(), why, BY)
    return found.len()


def _counts(platform: Platform, gone: dict[str, int]) -> pl.DataFrame:
    parts = []
    with platform.ledger.read() as tx:
        for entity in (*LINKED, *platform.mirrors):
            links = tx.links.all(entity)
            keyed, born = (links.filter(pl.col("method") == how).height for how in ("key", "born"))
            parts.append((entity, keyed, links.height - keyed - born, born, gone.get(entity, 0)))
    schema = {"entity": pl.String} | dict.fromkeys(("by_key", "by_rule", "alone", "gone"), pl.Int64)
    return pl.DataFrame(parts, schema=schema, orient="row")


def _differing(platform: Platform, entity: str) -> int:
    """Fields on which both sides hold values that differ: the next plan decides them as at first contact."""
    table = tables.compare(entity)
    names = list(platform.governance[entity].fields)
    terms = " + ".join(
        f'("crm.{n}" IS NOT NULL AND "erp.{n}" IS NOT NULL AND "crm.{n}" <> "erp.{n}")::INTEGER' for n in names
    )
    with platform.warehouse.open() as con:
        if not table.exists(con):
            return 0
        row = con.execute(
            f'SELECT coalesce(sum({terms}), 0) FROM {table.sql} WHERE "crm.present" AND "erp.present"'
        ).fetchone()
    return int(row[0]) if row else 0
