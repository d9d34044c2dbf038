"""Search, read, create, write and unlink, with the rules that single models add."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from crmerp_assets.sandbox.odoo.engine import values as conversion
from crmerp_assets.sandbox.odoo.engine.domain import condition, names_active
from crmerp_assets.sandbox.odoo.engine.env import Env, ids_of
from crmerp_assets.sandbox.odoo.engine.rules import rules_of
from crmerp_assets.sandbox.odoo.errors import missing_error, user_error, validation_error, value_error
from crmerp_assets.sandbox.odoo.schema import Field

Vals = dict[str, Any]
EXTERNAL = "__external"
_ORDER = re.compile(r"^\s*([\w.]+)(?:\s+(asc|desc))?(?:\s+nulls\s+(?:first|last))?\s*$", re.IGNORECASE)


def search(
    env: Env, model: str, domain: Sequence[Any], offset: int = 0, limit: int | None = None, order: str | None = None
) -> list[int]:
    """Ids; archived records stay hidden unless the context or the domain asks for them."""
    env.allow(model, "access", "read")
    sql, parameters = _where(env, model, domain)
    statement = f"SELECT t.id FROM {env.model(model).table} t WHERE {sql} ORDER BY {_ordered(env, model, order)}"
    statement += f" LIMIT {int(limit) if limit else -1} OFFSET {int(offset or 0)}"
    return [row[0] for row in env.store.rows(statement, parameters)]


def count(env: Env, model: str, domain: Sequence[Any], limit: int | None = None) -> int:
    """How many a search would find."""
    return len(search(env, model, domain, limit=limit))


def _where(env: Env, model: str, domain: Sequence[Any]) -> tuple[str, list[Any]]:
    sql, parameters = condition(env, model, domain)
    hides = "active" in env.model(model).fields and env.context.get("active_test", True) and not names_active(domain)
    return (f"({sql}) AND t.active = 1" if hides else sql), parameters


def _ordered(env: Env, model: str, order: str | None) -> str:
    terms = []
    for part in (order or env.model(model).order).split(","):
        found = _ORDER.match(part)
        field = env.model(model).fields.get(found[1]) if found else None
        if found is None or field is None:
            raise value_error(f"Invalid field {part.strip()!r} on model {model!r}")
        if field.stored:
            terms.append(f't."{found[1]}" {found[2] or "asc"}')
    return ", ".join([*terms, "t.id"])


def read(
    env: Env, model: str, ids: Iterable[int], fields: Sequence[str] | None = None, load: Any = "_classic_read"
) -> list[Vals]:
    """Rows with `id` and the fields; a many2one is `[id, name]` unless `load` is None. Missing records are left out."""
    env.allow(model, "access", "read")
    definition = env.model(model)
    names = list(dict.fromkeys(["id", *(fields or definition.fields)]))
    for name in names:
        if name not in definition.fields:
            raise value_error(f"Invalid field {name!r} on {model!r}")
    rows = env.rows(model, ids)
    columns = {name: column(env, model, name, rows) for name in names}
    if load:
        for name in names:
            field = definition.fields[name]
            if field.type == "many2one":
                shown = env.names(field.relation or "", {value for value in columns[name].values() if value})
                columns[name] = {k: [v, shown.get(v, "")] if v else False for k, v in columns[name].items()}
    return [{name: columns[name][row["id"]] for name in names} for row in rows]


def column(env: Env, model: str, name: str, rows: list[Vals]) -> dict[int, Any]:
    """One field of many records by record id."""
    field = env.model(model).fields[name]
    ids = [row["id"] for row in rows]
    if field.compute:
        found = field.compute(env, ids)
        return {id_: conversion.outward(field, found.get(id_)) for id_ in ids}
    if field.related:
        return _related(env, model, field, rows)
    if field.type == "one2many":
        return _children(env, field, ids, invoice_lines=name == "invoice_line_ids")
    return {row["id"]: conversion.outward(field, row[name]) for row in rows}


def _related(env: Env, model: str, field: Field, rows: list[Vals]) -> dict[int, Any]:
    first, _, rest = (field.related or "").partition(".")
    relation = env.model(model).fields[first].relation or ""
    targets = env.rows(relation, {row[first] for row in rows if row[first]})
    found = column(env, relation, rest, targets)
    blank = conversion.outward(field, None)
    return {row["id"]: found.get(row[first], blank) for row in rows}


def _children(env: Env, field: Field, ids: list[int], invoice_lines: bool) -> dict[int, Any]:
    relation = env.model(field.relation or "")
    hidden = (
        " AND COALESCE(active, 1) = 1" if "active" in relation.fields and env.context.get("active_test", True) else ""
    )
    hidden += " AND display_type IN ('product', 'line_section')" if invoice_lines else ""
    sql = (
        f'SELECT "{field.inverse}", id FROM {relation.table} '
        f'WHERE "{field.inverse}" IN (SELECT value FROM json_each(?))'
        f"{hidden} ORDER BY {'sequence, ' if 'sequence' in relation.fields else ''}id"
    )
    found: dict[int, Any] = {id_: [] for id_ in ids}
    for parent, child in env.store.rows(sql, (json.dumps(ids),)):
        found[parent].append(child)
    return found


def create(env: Env, model: str, vals_list: Sequence[Vals]) -> list[int]:
    """New records, all or none; ids in order."""
    env.allow(model, "create", "create")
    rules = rules_of(model)
    ids = []
    for given in vals_list:
        _known(env, model, given)
        values = rules.prepare(env, dict(given))
        ids.append(_insert(env, model, values))
    names = {name for vals in vals_list for name in vals}
    rules.saved(env, ids, names, created=True)
    return ids


def _known(env: Env, model: str, vals: Vals) -> None:
    for name in vals:
        if name not in env.model(model).fields:
            raise value_error(f"Invalid field {name!r} in {model!r}")


def _insert(env: Env, model: str, values: Vals) -> int:
    definition = env.model(model)
    own, shared, lists = _split(env, model, values)
    if definition.inherits and definition.inherits not in own:
        defaults = {k: v for k, v in shared.items() if k in env.model("product.template").fields}
        own[definition.inherits] = _insert(env, "product.template", rules_of("product.template").prepare(env, defaults))
    stored = {name: f for name, f in definition.fields.items() if f.stored and name != "id"}
    row: Vals = {}
    for name, field in stored.items():
        given = own.get(name, field.default(env, values) if callable(field.default) else field.default)
        many = field.type == "many2many"
        row[name] = conversion.links([], given) if many else conversion.inward(env, model, name, field, given)
    _required(definition, row)
    stamp = {"create_date": env.now, "write_date": env.now, "create_uid": env.uid, "write_uid": env.uid}
    row |= stamp
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" * len(row))
    cursor = env.store.db.execute(f"INSERT INTO {definition.table} ({names}) VALUES ({marks})", tuple(row.values()))
    id_ = int(cursor.lastrowid or 0)
    for name, commands in lists.items():
        _command(env, model, id_, definition.fields[name], commands)
    return id_


def _required(definition: Any, row: Vals) -> None:
    for name, field in definition.fields.items():
        if field.required and field.stored and row.get(name) is None:
            raise validation_error(
                f"The operation cannot be completed:\nMissing required value for the field '{field.string}' ({name})."
            )


def _split(env: Env, model: str, values: Vals) -> tuple[Vals, Vals, Vals]:
    """Columns of the table, fields of what it inherits from, and lists of children."""
    definition = env.model(model)
    own, shared, lists = Vals(), Vals(), Vals()
    for name, value in values.items():
        field = definition.fields[name]
        if field.type == "one2many":
            lists[name] = value
        elif field.related and definition.inherits and field.related.startswith(f"{definition.inherits}."):
            shared[field.related.partition(".")[2]] = value
        elif field.stored:
            own[name] = value
    return own, shared, lists


def _command(env: Env, model: str, id_: int, field: Field, commands: Any) -> None:
    """Commands on a list of children; a child that is let go is deleted."""
    relation, inverse = field.relation or "", field.inverse or ""
    for command in commands or []:
        code = command[0]
        if code == 0:
            values = dict(command[2])
            external = values.pop(EXTERNAL, None)
            (made,) = create(env, relation, [{**values, inverse: id_}])
            if external:
                register(env, relation, external, made)
        elif code == 1:
            write(env, relation, [command[1]], command[2])
        elif code in (2, 3):
            unlink(env, relation, [command[1]])
        elif code == 4:
            if env.row(relation, command[1])[inverse] != id_:
                write(env, relation, [command[1]], {inverse: id_})
        elif code in (5, 6):
            kept = set(command[2]) if code == 6 else set()
            unlink(env, relation, [c for c in _children(env, field, [id_], False)[id_] if c not in kept])


def write(env: Env, model: str, ids: Sequence[int], vals: Vals) -> bool:
    """The same values on every record."""
    env.allow(model, "modify", "write")
    rows = env.rows(model, ids)
    gone = sorted(set(ids) - {row["id"] for row in rows})
    if gone:
        raise missing_error(model, gone, env.uid)
    _known(env, model, vals)
    rules = rules_of(model)
    values = rules.changing(env, rows, dict(vals))
    own, shared, lists = _split(env, model, values)
    definition = env.model(model)
    for row in rows:
        changed = {
            name: conversion.links(ids_of(row[name]), value)
            if definition.fields[name].type == "many2many"
            else conversion.inward(env, model, name, definition.fields[name], value)
            for name, value in own.items()
        }
        _required(definition, row | changed)
        env.put(model, row["id"], changed)
        if shared and definition.inherits:
            write(env, "product.template", [row[definition.inherits]], shared)
        for name, commands in lists.items():
            _command(env, model, row["id"], definition.fields[name], commands)
    rules.saved(env, list(ids), set(vals), created=False)
    return True


def unlink(env: Env, model: str, ids: Sequence[int]) -> bool:
    """Delete without a trace; external ids go too, and so do children that cannot be without their parent."""
    env.allow(model, "delete", "unlink")
    rows = env.rows(model, ids)
    gone = sorted(set(ids) - {row["id"] for row in rows})
    if gone:
        raise missing_error(model, gone, env.uid)
    rules_of(model).removing(env, rows)
    _refuse_used(env, model, list(ids))
    listed = json.dumps(list(ids))
    for field in env.model(model).fields.values():
        if field.type == "one2many" and env.model(field.relation or "").fields[field.inverse or ""].required:
            table = (field.relation or "").replace(".", "_")
            env.store.db.execute(
                f'DELETE FROM {table} WHERE "{field.inverse}" IN (SELECT value FROM json_each(?))', (listed,)
            )
    sql = f"DELETE FROM {env.model(model).table} WHERE id IN (SELECT value FROM json_each(?))"
    env.store.db.execute(sql, (listed,))
    sql = "DELETE FROM ir_model_data WHERE model = ? AND res_id IN (SELECT value FROM json_each(?))"
    env.store.db.execute(sql, (model, listed))
    rules_of(model).removed(env, rows)
    return True


def register(env: Env, model: str, external: str, id_: int) -> None:
    """Give a record an external id, `module.name`; without a module it is an import's."""
    module, name = split_external(external)
    env.store.db.execute("DELETE FROM ir_model_data WHERE module = ? AND name = ?", (module, name))
    create(env.elevated(), "ir.model.data", [{"module": module, "name": name, "model": model, "res_id": id_}])


def split_external(external: str) -> tuple[str, str]:
    """Module and name."""
    module, dot, name = external.partition(".")
    return (module, name) if dot else ("__import__", external)


def _refuse_used(env: Env, model: str, ids: list[int]) -> None:
    """What documents name cannot be deleted."""
    used_by = {
        "res.partner": ("sale_order", "account_move", "account_payment"),
        "product.product": ("sale_order_line",),
    }
    name = "partner_id" if model == "res.partner" else "product_id"
    for table in used_by.get(model, ()):
        sql = f"SELECT 1 FROM {table} WHERE {name} IN (SELECT value FROM json_each(?)) LIMIT 1"
        if env.store.rows(sql, (json.dumps(ids),)):
            raise user_error(
                "The operation cannot be completed: another model requires the record being deleted. "
                "If possible, archive it instead."
            )
