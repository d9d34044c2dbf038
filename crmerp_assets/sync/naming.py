"""What people call a record: its name or number, with its native id."""

from collections.abc import Iterable

import duckdb

from crmerp_assets.sync.gather import Side
from crmerp_assets.warehouse.tables import listed

_NAMES = ("order_number", "number", "name", "email", "sku", "last_name")


def named(con: duckdb.DuckDBPyConnection, side: Side, native_ids: Iterable[str]) -> dict[str, str]:
    """native id -> `'Acme' (0011...)`; the bare id where nothing better is known."""
    ids = [native for native in native_ids if native]
    columns = [name for name in _NAMES if name in side.table.columns(con)]
    label = f"coalesce({', '.join(f'{name}::VARCHAR' for name in columns)})" if columns else "NULL"
    with listed(con, "_named", ids):
        sql = f"SELECT c.native_id, {label} FROM {side.table.sql} c SEMI JOIN _named n ON n.id = c.native_id"
        found = dict(con.execute(sql).fetchall())
    return {native: f"'{found[native]}' ({native})" if found.get(native) else native for native in ids}
