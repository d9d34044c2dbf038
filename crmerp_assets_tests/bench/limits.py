"""What each stage could cost at best: the same rows, moved by nothing but the library underneath.

Every statement reads the warehouse that the stage has just filled and writes to a scratch file. `marks` are the
change numbers before the stage's rows arrived; empty for a first load.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import duckdb
import httpx

from crmerp_assets.canonical import ENTITIES
from crmerp_assets.sync import tables
from crmerp_assets.sync.platform import Platform
from crmerp_assets.warehouse import Table
from crmerp_assets.warehouse.tables import newest

from .stages import ENTITIES as LINKED

_MATCH = {
    "customer": (
        "a.tax_id = b.tax_id",
        "a.website = b.website",
        "a.name = b.name AND a.billing_country = b.billing_country",
    ),
    "contact": ("a.email = b.email",),
    "product": ("upper(a.sku) = upper(b.sku)",),
    "order": ("a.order_number = b.order_number",),
}


@dataclass(frozen=True)
class Limits:
    """The bare counterparts of one run's stages."""

    platform: Platform
    warehouse: Path
    marks: Mapping[str, int] = field(default_factory=dict)

    def pull(self, pages: Sequence[httpx.Request]) -> float:
        """A bare client that asks for the same pages."""
        with httpx.Client(timeout=60) as client:
            again = [httpx.Request(page.method, page.url, headers=page.headers, content=page.read()) for page in pages]
            started = perf_counter()
            for request in again:
                client.send(request).raise_for_status()
            return perf_counter() - started

    def conform(self) -> float:
        """CREATE TABLE AS SELECT every raw column and a hash of them."""
        return self._run([self._hashed(table) for table in self._raw()])

    def link(self) -> float:
        """A join of both sides on each set of match columns."""
        return self._run([self._joined(entity) for entity in LINKED])

    def merge(self) -> float:
        """A full join of both sides that coalesces every column."""
        return self._run([self._coalesced(entity) for entity in LINKED])

    def plan(self) -> float:
        """A comparison of every column of both sides."""
        return self._run([self._compared(entity) for entity in LINKED])

    def _run(self, statements: list[str]) -> float:
        started = perf_counter()
        with _scratch(self.warehouse) as con:
            for number, statement in enumerate(statements):
                con.execute(f"CREATE TABLE bare_{number} AS {statement}")
        return perf_counter() - started

    def _since(self, table: Table) -> int:
        return self.marks.get(table.sql, 0)

    def _raw(self) -> list[Table]:
        return [
            tables.raw(name, entity_map.object)
            for name, connection in self.platform.connections.items()
            for entity_map in self.platform.matrix.maps(connection.system)
        ]

    def _hashed(self, table: Table) -> str:
        return f"SELECT hash(t), * EXCLUDE (_hash) FROM w.{table.sql} t WHERE _change > {self._since(table)}"

    def _conformed(self, entity: str, role: str) -> Table:
        side = self.platform.side(role)  # type: ignore[arg-type]
        entity_map = self.platform.entity_map(side, entity)
        assert entity_map is not None
        return tables.conformed(side.name, entity_map.name)

    def _joined(self, entity: str) -> str:
        a, b = self._conformed(entity, "crm"), self._conformed(entity, "erp")
        fresh = f"(a._change > {self._since(a)} OR b._change > {self._since(b)})"
        joins = [
            f"SELECT a.native_id AS a_id, b.native_id AS b_id FROM w.{a.sql} a JOIN w.{b.sql} b ON {on} WHERE {fresh}"
            for on in _MATCH[entity]
        ]
        return " UNION ".join(joins)

    def _coalesced(self, entity: str) -> str:
        names = [item.name for item in ENTITIES[entity].fields if item.kind != "lines"]
        a, b = (self._with_golden_id(entity, role, names) for role in ("crm", "erp"))
        columns = ", ".join(f'coalesce(a."{name}"::VARCHAR, b."{name}"::VARCHAR) AS "{name}"' for name in names)
        return f"SELECT golden_id, {columns} FROM ({a}) a FULL JOIN ({b}) b USING (golden_id)"

    def _with_golden_id(self, entity: str, role: str, names: list[str]) -> str:
        table, links = self._conformed(entity, role), tables.links(entity)
        held = set(self._columns(table))
        columns = ", ".join(f'c."{name}"' if name in held else f'NULL AS "{name}"' for name in names)
        return (
            f"SELECT l.golden_id, {columns} FROM w.{table.sql} c "
            f"JOIN w.{links.sql} l USING (native_id) WHERE c._change > {self._since(table)}"
        )

    def _columns(self, table: Table) -> list[str]:
        with self.platform.warehouse.open() as con:
            return table.columns(con)

    def _compared(self, entity: str) -> str:
        table = tables.compare(entity)
        columns = set(self._columns(table))
        names = [item.name for item in ENTITIES[entity].fields if f"crm.{item.name}" in columns]
        differs = [f'"crm.{name}" IS DISTINCT FROM "erp.{name}"' for name in names]
        flags = ", ".join(f'{one} AS "{name}"' for one, name in zip(differs, names, strict=True))
        return f"SELECT golden_id, {flags} FROM w.{table.sql} WHERE _change > {self._since(table)}"


@contextmanager
def _scratch(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    scratch = warehouse.with_name("scratch.duckdb")
    scratch.unlink(missing_ok=True)
    try:
        with duckdb.connect(str(scratch)) as con:
            con.execute(f"ATTACH '{warehouse}' AS w (READ_ONLY)")
            yield con
    finally:
        scratch.unlink(missing_ok=True)


def marks(platform: Platform) -> dict[str, int]:
    """The change number of every table that a limit reads, as it is now."""
    with platform.warehouse.open() as con:
        rows = con.execute(
            "SELECT table_schema, table_name FROM information_schema.columns WHERE column_name = '_change'"
        ).fetchall()
        found = [Table(schema, name, ()) for schema, name in rows]
        return {table.sql: newest(con, table) for table in found}
