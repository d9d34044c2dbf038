"""One call's view of the database: who calls, in which context, and the moment its transaction began."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from crmerp_assets.sandbox.kit import Store
from crmerp_assets.sandbox.odoo.engine.database import Database, as_dicts
from crmerp_assets.sandbox.odoo.errors import access_error, not_found
from crmerp_assets.sandbox.odoo.schema import Model


class Env:
    """`now` is the transaction's start, as PostgreSQL's now() is: a long call stamps its rows early."""

    def __init__(self, database: Database, uid: int, context: dict[str, Any] | None = None, sudo: bool = False) -> None:
        self.database = database
        self.uid = uid
        self.context = context or {}
        self.now = database.stamp()
        self.sudo = sudo

    @property
    def store(self) -> Store:
        """The file."""
        return self.database.store

    @property
    def company(self) -> dict[str, Any]:
        """The one company of the database."""
        return self.rows("res.company", [1])[0]

    def elevated(self) -> "Env":
        """The same call without access rules, for what the system itself does."""
        env = Env.__new__(Env)
        env.database, env.uid, env.context, env.now, env.sudo = self.database, self.uid, self.context, self.now, True
        return env

    def model(self, name: str) -> Model:
        """The model, or the vendor's 404."""
        if name not in self.database.models:
            raise not_found(f"the model {name!r} does not exist")
        return self.database.models[name]

    def allow(self, model: str, verb: str, mode: str) -> None:
        """Raises AccessError where the user may not."""
        if not self.sudo and not self.database.may(self.uid, model, mode):
            raise access_error(verb, self.model(model).label, model)

    def rows(self, model: str, ids: Iterable[int]) -> list[dict[str, Any]]:
        """The stored columns of those records that exist, in the order of the ids."""
        wanted = list(dict.fromkeys(ids))
        sql = f"SELECT * FROM {self.model(model).table} WHERE id IN (SELECT value FROM json_each(?))"
        found = {row["id"]: row for row in as_dicts(self.store.db.execute(sql, (json.dumps(wanted),)))}
        return [found[id_] for id_ in wanted if id_ in found]

    def row(self, model: str, id_: int) -> dict[str, Any]:
        """One record that is known to exist."""
        return self.rows(model, [id_])[0]

    def where(self, model: str, condition: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Stored rows by a condition in SQL."""
        sql = f"SELECT * FROM {self.model(model).table} WHERE {condition}"
        return as_dicts(self.store.db.execute(sql, parameters))

    def put(self, model: str, id_: int, values: dict[str, Any], touch: bool = True) -> None:
        """Set columns of one row, with its stamp unless told otherwise."""
        stamps = {"write_date": self.now, "write_uid": self.uid} if touch else {}
        changed = {name: _column(value) for name, value in (values | stamps).items()}
        names = ", ".join(f'"{name}" = ?' for name in changed)
        sql = f"UPDATE {self.model(model).table} SET {names} WHERE id = ?"
        self.store.db.execute(sql, (*changed.values(), id_))

    def differing(self, model: str, id_: int, values: dict[str, Any]) -> None:
        """Like `put`, but leaves a row alone that has those values already: a stored compute writes changes only."""
        row = self.row(model, id_)
        if any(row[name] != _column(value) for name, value in values.items()):
            self.put(model, id_, values)

    def names(self, model: str, ids: Iterable[int]) -> dict[int, str]:
        """Display names."""
        rows = self.rows(model, ids)
        if model == "product.product":
            return self._product_names(rows)
        if model == "res.partner":
            parents = self._plain(model, [row["parent_id"] for row in rows if row["parent_id"]])
            return {row["id"]: _partner_name(row, parents) for row in rows}
        rec_name = self.model(model).rec_name
        return {row["id"]: str(row.get(rec_name) or f"{model},{row['id']}") for row in rows}

    def _plain(self, model: str, ids: Iterable[int]) -> dict[int, str]:
        return {row["id"]: row["name"] or "" for row in self.rows(model, ids)}

    def _product_names(self, rows: list[dict[str, Any]]) -> dict[int, str]:
        names = self._plain("product.template", [row["product_tmpl_id"] for row in rows])
        codes = {row["id"]: f"[{row['default_code']}] " if row["default_code"] else "" for row in rows}
        return {row["id"]: codes[row["id"]] + names.get(row["product_tmpl_id"], "") for row in rows}

    def following(self, code: str, form: str) -> str:
        """The next number of a sequence."""
        sql = "INSERT INTO sequences VALUES (?, 2) ON CONFLICT (code) DO UPDATE SET next = next + 1 RETURNING next"
        ((number,),) = self.store.db.execute(sql, (code,)).fetchall()
        return form.format(number - 1)


def ids_of(text: str | None) -> list[int]:
    """The ids in a many2many column."""
    return list(json.loads(text)) if text else []


def _partner_name(row: dict[str, Any], parents: dict[int, str]) -> str:
    own = row["name"] or (row["type"] or "").capitalize()
    parent = parents.get(row["parent_id"]) if row["parent_id"] and not row["is_company"] else None
    return f"{parent}, {own}" if parent else own


def _column(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return json.dumps(value) if isinstance(value, list) else value
