"""The tables of one database, its settings, and what users may do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from crmerp_assets.sandbox.kit import Store
from crmerp_assets.sandbox.odoo.schema import Field, Model, models

STAMP = "%Y-%m-%d %H:%M:%S.%f"


@dataclass(frozen=True, slots=True)
class Options:
    """`tax_rate` percent of sales tax on new products, nothing is taxed without; `rounding` is Odoo's own word."""

    version: str = "19.0"
    database: str = "sandbox"
    currency: str = "USD"
    tax_rate: float | None = None
    rounding: str = "round_per_line"

    @property
    def number(self) -> float:
        return float(self.version)


class Database:
    """Models, rows and access rules. Every call runs in a transaction of its own."""

    def __init__(self, file: Path, clock: Callable[[], datetime], options: Options) -> None:
        self.store = Store(file)
        self.clock = clock
        self.options = options
        self.models: dict[str, Model] = models(options.number)
        self.denied: dict[str, str] = {}
        self.granted: dict[str, list[str]] | None = None
        self.locked = 0
        self.store.db.execute("CREATE TABLE IF NOT EXISTS sequences (code TEXT PRIMARY KEY, next INTEGER)")
        for model in self.models.values():
            self._create(model)
        self._index()
        self._custom_fields()

    def stamp(self) -> str:
        """Now, as rows carry it: UTC with microseconds."""
        return self.clock().strftime(STAMP)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        with self.store.writing():
            yield

    def in_the_way(self) -> bool:
        """Whether another transaction holds what this one needs, as often as was asked for."""
        held = self.locked > 0
        self.locked -= held
        return held

    def may(self, uid: int, model: str, mode: str) -> bool:
        """Whether a user may read, create, write or unlink records; only the integration's rights are ever cut."""
        if uid == 2 and self.granted is not None:
            return mode in self.granted.get(model, ())
        level = self.denied.get(model)
        return uid != 2 or level in (None, "edit") or (level == "view" and mode == "read")

    def add_field(self, model: str, name: str, field: Field) -> None:
        """A new column. The definition itself is a row of ir.model.fields."""
        self.models[model].fields[name] = field
        columns = {row[1] for row in self.store.rows(f"PRAGMA table_info({self.models[model].table})")}
        if name not in columns:
            self.store.db.execute(f'ALTER TABLE {self.models[model].table} ADD COLUMN "{name}" {field.sql}')

    def remove_field(self, model: str, name: str) -> None:
        """No such field any more; its column stays, out of everybody's sight."""
        del self.models[model].fields[name]
        self.store.write("DELETE FROM ir_model_fields WHERE model = ? AND name = ?", (model, name))

    def _create(self, model: Model) -> None:
        columns = [f'"{name}" {f.sql}' for name, f in model.fields.items() if f.stored and name != "id"]
        self.store.db.execute(
            f"CREATE TABLE IF NOT EXISTS {model.table} (id INTEGER PRIMARY KEY AUTOINCREMENT, {', '.join(columns)})"
        )

    def _index(self) -> None:
        execute = self.store.db.execute
        execute("CREATE UNIQUE INDEX IF NOT EXISTS imd_unique ON ir_model_data (module, name)")
        execute("CREATE INDEX IF NOT EXISTS imd_record ON ir_model_data (model, res_id)")
        for model in self.models.values():
            for field in model.fields.values():
                if field.type == "one2many" and field.relation and field.inverse:
                    table = field.relation.replace(".", "_")
                    execute(f'CREATE INDEX IF NOT EXISTS "{table}_{field.inverse}" ON {table} ("{field.inverse}")')

    def _custom_fields(self) -> None:
        rows = self.store.rows("SELECT model, name, ttype, field_description, size FROM ir_model_fields")
        for model, name, kind, label, size in rows:
            self.models[model].fields[name] = Field(kind, label, custom=True, size=size)

    def close(self) -> None:
        """Close the file."""
        self.store.close()


def as_dicts(cursor: Any) -> list[dict[str, Any]]:
    """Rows by column name."""
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
