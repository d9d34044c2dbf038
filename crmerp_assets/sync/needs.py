"""Which golden records should exist on a side and do not, by policy.

Asked as one set question per entity each time: what is missing is small once the first load is done, and a change
of policy or of another record (a customer that just arrived) takes effect without bookkeeping.
"""

from dataclasses import dataclass

import duckdb
import polars as pl

from crmerp_assets.canonical import MIRRORS
from crmerp_assets.merge.three_way import Role
from crmerp_assets.sync import mirrors, routes, scope, tables
from crmerp_assets.sync.platform import Platform
from crmerp_assets.warehouse.tables import listed

MAX_DEPTH = 20
_ROLES: tuple[Role, ...] = ("crm", "erp")


@dataclass(frozen=True, slots=True)
class Need:
    """`wanted[role]`: golden_id and depth (how many missing parents come first) of records to create there."""

    wanted: dict[Role, pl.DataFrame]

    late: list[str]

    @property
    def triggers(self) -> list[str]:
        """Every golden id that some side wants, and those whose parent a side has come to hold."""
        return [*pl.concat(list(self.wanted.values()))["golden_id"].unique().to_list(), *self.late]


def needs(platform: Platform, con: duckdb.DuckDBPyConnection, entity: str) -> Need:
    """What each side lacks of `entity`.

    A side that has a link holds the record or held it once, also when a rebuilt warehouse knows nothing of a deleted
    one: it is not made again.
    """
    late = con.execute(_LATE_PARENTS).fetchall() if entity == "customer" else []
    asked = "order" if entity in ("customer", "order") else ""  # of others nobody asks for orders
    with listed(con, "_elsewhere_orders", routes.elsewhere(platform, con, asked)["golden_id"]):
        wanted = {role: _wanted(platform, con, entity, role) for role in _ROLES}
    return Need(wanted, [row[0] for row in late])


_LATE_PARENTS = f"""
    SELECT c.golden_id FROM {tables.compare("customer").sql} c
    JOIN {tables.golden("customer").sql} p ON p.golden_id = c."golden.parent"
    WHERE c."erp.present" AND c."erp.parent" IS NULL AND p.erp_id IS NOT NULL AND NOT p.erp_deleted
"""


def _wanted(platform: Platform, con: duckdb.DuckDBPyConnection, entity: str, role: Role) -> pl.DataFrame:
    sql = _wanted_sql(platform, con, entity, role)
    if sql is None:
        return pl.DataFrame(schema={"golden_id": pl.String, "depth": pl.Int64})
    held = (
        f"SELECT 1 FROM {tables.links(entity).sql} l "
        f"WHERE l.golden_id = w.golden_id AND l.connection = '{platform.side(role).name}'"
    )
    with platform.ledger.read() as tx:
        waiting = tx.survivors.waiting(entity)
    found = con.execute(f"SELECT * FROM ({sql}) w WHERE NOT EXISTS ({held})").pl().cast({"depth": pl.Int64})
    found = scope.within(platform, con, entity, role, found.filter(~pl.col("golden_id").is_in(waiting)))
    found = routes.within(platform, con, entity, role, found)
    return found.join(_keyed_elsewhere(platform, con, entity, role, found), on="golden_id", how="anti")


def _keyed_elsewhere(
    platform: Platform, con: duckdb.DuckDBPyConnection, entity: str, role: Role, found: pl.DataFrame
) -> pl.DataFrame:
    """Golden ids that a living record of this side still carries as its key though it is another thing by now, after a
    wrong link was taken apart. A create under that key would overwrite it; it gets its own key first."""
    side = platform.side(role)
    entity_map = platform.entity_map(side, entity)
    table = tables.conformed(side.name, entity_map.name if entity_map else entity)
    if found.is_empty() or "external_key" not in table.columns(con):
        return found.clear().select("golden_id")
    with listed(con, "_created", found["golden_id"]):
        sql = f"SELECT external_key AS golden_id FROM {table.sql} SEMI JOIN _created c ON c.id = external_key"
        return con.execute(f"{sql} WHERE NOT deleted").pl()


def _wanted_sql(platform: Platform, con: duckdb.DuckDBPyConnection, entity: str, role: Role) -> str | None:
    if entity == "order":
        sql = due_orders(platform) if role == "erp" else entered_orders(platform)
        return f"SELECT golden_id, 0 AS depth FROM ({sql})"
    if entity in MIRRORS:
        return mirrors.wanted_sql(platform, con, entity) if role == "crm" else None
    rule = getattr(getattr(platform.policy.create, entity), role)
    other = "erp" if role == "crm" else "crm"
    lacking = f"SELECT golden_id FROM {tables.golden(entity).sql} WHERE {role}_id IS NULL AND NOT {other}_deleted"
    if rule == "always":
        return (
            f"SELECT golden_id, 0 AS depth FROM ({lacking})" if entity != "customer" else _with_parents(lacking, role)
        )
    if rule == "when_ordered" and tables.golden("order").exists(con):
        return _with_parents(f"SELECT customer AS golden_id FROM ({due_orders(platform)})", role)
    if rule == "with_customer" and tables.golden("customer").exists(con):
        return _with_customer(role)
    return None


def due_orders(platform: Platform) -> str:
    """SQL for won deals since the go-live date that have no order in the ERP; without a go-live date none.

    Those of other lanes, `_elsewhere_orders`, are none of ours.
    """
    go_live = platform.policy.go_live
    since = f"o.close_date >= DATE '{go_live}'" if go_live else "false"
    missing = "o.erp_id IS NULL AND NOT o.crm_deleted AND o.golden_id NOT IN (SELECT id FROM _elsewhere_orders)"
    return f"SELECT o.* FROM {tables.golden('order').sql} o WHERE o.won AND {since} AND {missing}"


def entered_orders(platform: Platform) -> str:
    """SQL for orders that were entered in the ERP and, by policy, become won deals in the CRM.

    One without a name gets its number as a name on both sides, so it must be one that the ERP still lets us change.
    """
    go_live = platform.policy.go_live
    wanted = f"close_date >= DATE '{go_live}'" if go_live and platform.policy.create.order.crm == "always" else "false"
    return (
        f"SELECT * FROM {tables.golden('order').sql} WHERE crm_id IS NULL AND erp_id IS NOT NULL AND NOT erp_deleted "
        f"AND order_status <> 'cancelled' AND {wanted} "
        "AND (name IS NOT NULL OR order_status IN ('pending_approval', 'pending_fulfillment', 'partially_fulfilled'))"
    )


def _with_parents(ids: str, role: Role) -> str:
    """The customers in `ids` and their parents, where this side lacks them; a parent is less deep than its child."""
    customers = tables.golden("customer").sql
    return f"""
        WITH RECURSIVE up AS (
            SELECT c.golden_id, c.parent, 0 AS above FROM {customers} c SEMI JOIN ({ids}) i USING (golden_id)
            WHERE c.{role}_id IS NULL
            UNION
            SELECT p.golden_id, p.parent, up.above + 1 FROM up JOIN {customers} p ON p.golden_id = up.parent
            WHERE p.{role}_id IS NULL AND up.above < {MAX_DEPTH}
        )
        SELECT golden_id, (SELECT max(above) FROM up) - max(above) AS depth FROM up GROUP BY golden_id
    """


def _with_customer(role: Role) -> str:
    """Contacts whose customer this side holds."""
    return f"""
        SELECT c.golden_id, 0 AS depth FROM {tables.golden("contact").sql} c
        JOIN {tables.golden("customer").sql} o ON o.golden_id = c.customer
        WHERE c.{role}_id IS NULL AND NOT c.crm_deleted AND o.{role}_id IS NOT NULL AND NOT o.{role}_deleted
    """
