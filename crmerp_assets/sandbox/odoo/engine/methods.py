"""What can be called on a model: the general methods by their signatures, and the buttons of single models."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crmerp_assets.sandbox.odoo.engine import catalogue, importer, invoices, leads, merging, orm, payments, sales
from crmerp_assets.sandbox.odoo.engine.env import Env
from crmerp_assets.sandbox.odoo.errors import missing_error, not_found, unprocessable
from crmerp_assets.sandbox.odoo.schema import Field

Method = Callable[..., Any]
RULES = catalogue
_ATTRIBUTES = ("type", "string", "required", "readonly", "store", "relation", "relation_field", "selection", "size",
               "searchable", "sortable", "digits", "manual", "help")  # fmt: skip


def _create(env: Env, model: str, vals_list: Any) -> Any:
    many = isinstance(vals_list, list)
    ids = orm.create(env, model, vals_list if many else [vals_list])
    return ids if many else ids[0]


def _write(env: Env, model: str, ids: list[int], vals: dict[str, Any]) -> bool:
    return orm.write(env, model, ids, vals)


def _unlink(env: Env, model: str, ids: list[int]) -> bool:
    return orm.unlink(env, model, ids)


def _read(env: Env, model: str, ids: list[int], fields: Any = None, load: Any = "_classic_read") -> Any:
    return orm.read(env, model, ids, fields, load)


def _search(env: Env, model: str, domain: Any, offset: int = 0, limit: Any = None, order: Any = None) -> Any:
    return orm.search(env, model, domain, offset, limit, order)


def _search_count(env: Env, model: str, domain: Any, limit: Any = None) -> int:
    return orm.count(env, model, domain, limit)


def _search_read(
    env: Env, model: str, domain: Any = None, fields: Any = None, offset: int = 0, limit: Any = None,
    order: Any = None, load: Any = "_classic_read",
) -> Any:  # fmt: skip
    return orm.read(env, model, orm.search(env, model, domain or [], offset, limit, order), fields, load)


def _load(env: Env, model: str, fields: Any, data: Any) -> Any:
    return importer.load(env, model, fields, data)


def _name_search(
    env: Env, model: str, name: str = "", domain: Any = None, operator: str = "ilike", limit: int = 100
) -> Any:
    rec_name = env.model(model).rec_name
    ids = orm.search(env, model, [*(domain or []), *([[rec_name, operator, name]] if name else [])], limit=limit)
    return [[id_, shown] for id_, shown in env.names(model, ids).items()]


def _fields_get(env: Env, model: str, allfields: Any = None, attributes: Any = None) -> Any:
    env.allow(model, "access", "read")
    names = allfields or list(env.model(model).fields)
    found = {name: _described(name, f) for name, f in env.model(model).fields.items() if name in names}
    return {k: {a: v for a, v in d.items() if not attributes or a in attributes} for k, d in found.items()}


def _described(name: str, field: Field) -> dict[str, Any]:
    all_ = {
        "type": field.type,
        "string": field.string or name,
        "required": field.required,
        "readonly": field.readonly or field.compute is not None,
        "store": field.stored,
        "relation": field.relation,
        "relation_field": field.inverse,
        "selection": [list(pair) for pair in field.selection] or None,
        "size": field.size,
        "searchable": field.compute is None,
        "sortable": field.stored,
        "manual": field.custom,
        "name": name,
    }
    return {key: value for key, value in all_.items() if value is not None}


def _default_get(env: Env, model: str, fields: Any) -> Any:
    known = env.model(model).fields
    return {n: known[n].default for n in fields if n in known and known[n].default is not None}


def _get_metadata(env: Env, model: str, ids: list[int]) -> Any:
    names = ["create_uid", "create_date", "write_uid", "write_date"]
    found = {row["id"]: row for row in orm.read(env, model, ids, names)}
    external = {
        row["res_id"]: f"{row['module']}.{row['name']}" for row in env.where("ir.model.data", "model = ?", (model,))
    }
    return [found[id_] | {"xmlid": external.get(id_, False)} for id_ in ids if id_ in found]


def _get_external_id(env: Env, model: str, ids: list[int]) -> Any:
    return {str(row["id"]): row["xmlid"] or "" for row in _get_metadata(env, model, ids)}


def _archive(env: Env, model: str, ids: list[int]) -> bool:
    return orm.write(env, model, ids, {"active": False})


def _unarchive(env: Env, model: str, ids: list[int]) -> bool:
    return orm.write(env, model, ids, {"active": True})


def _check_rights(env: Env, model: str, operation: str, raise_exception: bool = True) -> bool:
    allowed = env.database.may(env.uid, model, operation)
    if not allowed and raise_exception:
        env.allow(model, operation, operation)
    return allowed


def _context_get(env: Env, model: str) -> Any:
    user = env.row("res.users", env.uid)
    return {"lang": user["lang"], "tz": user["tz"], "uid": env.uid}


GENERAL: Mapping[str, Method] = {
    "create": _create,
    "write": _write,
    "unlink": _unlink,
    "read": _read,
    "search": _search,
    "search_count": _search_count,
    "search_read": _search_read,
    "load": _load,
    "name_search": _name_search,
    "fields_get": _fields_get,
    "default_get": _default_get,
    "get_metadata": _get_metadata,
    "get_external_id": _get_external_id,
    "action_archive": _archive,
    "action_unarchive": _unarchive,
    "check_access_rights": _check_rights,
}
OWN: Mapping[str, Mapping[str, Callable[..., Any]]] = {
    "crm.lead": {
        "action_set_won": leads.action_set_won,
        "action_set_won_rainbowman": leads.action_set_won_rainbowman,
        "action_set_lost": leads.action_set_lost,
        "action_archive": leads.action_archive,
        "action_unarchive": leads.action_unarchive,
    },
    "crm.merge.opportunity": {"action_merge": leads.action_merge},
    "sale.order": {
        "action_confirm": sales.action_confirm,
        "action_cancel": sales.action_cancel,
        "action_draft": sales.action_draft,
        "action_lock": sales.action_lock,
        "action_unlock": sales.action_unlock,
    },
    "sale.advance.payment.inv": {"create_invoices": invoices.create_invoices},
    "account.move": {
        "action_post": payments.post_moves,
        "button_draft": payments.button_draft,
        "button_cancel": payments.button_cancel,
        "js_assign_outstanding_line": payments.assign_outstanding,
    },
    "account.move.line": {"remove_move_reconcile": payments.remove_move_reconcile},
    "account.move.reversal": {"refund_moves": invoices.refund_moves, "reverse_moves": invoices.refund_moves},
    "account.payment": {"action_post": payments.post_payment, "action_cancel": payments.cancel_payment},
    "account.payment.register": {"action_create_payments": payments.create_payments},
    "base.partner.merge.automatic.wizard": {"action_merge": merging.action_merge},
}


def call(env: Env, model: str, method: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Run a method in a transaction. 404 for what does not exist or is private, 422 for a wrong signature."""
    env.model(model)
    bound = _bound(env, model, method)
    try:
        given = inspect.signature(bound).bind(*args, **kwargs)
    except TypeError as error:
        raise unprocessable(f"{model}.{method}: {error}") from error
    with env.database.transaction():
        env.now = env.database.stamp()
        ids = given.arguments.get("ids")
        if isinstance(ids, int):
            given.arguments["ids"] = ids = [ids]
        if ids and method not in GENERAL and len(env.rows(model, ids)) < len(set(ids)):
            raise missing_error(model, list(ids), env.uid)
        return bound(*given.args, **given.kwargs)


def _bound(env: Env, model: str, method: str) -> Callable[..., Any]:
    if method in OWN.get(model, {}):
        own = OWN[model][method]
        return _named(own, lambda *args, **kwargs: own(env, *args, **kwargs), 1)
    if model == "res.users" and method == "context_get":
        return _named(_context_get, lambda *args, **kwargs: _context_get(env, model, *args, **kwargs), 2)
    if method not in GENERAL:
        raise not_found(f"The method '{model}.{method}' does not exist")
    general = GENERAL[method]
    return _named(general, lambda *args, **kwargs: general(env, model, *args, **kwargs), 2)


def documented(method: str, model: str) -> dict[str, Any]:
    """A method as the database's own documentation lists it: `ids` is no parameter but a matter of record methods."""
    own = OWN.get(model, {}).get(method)
    names = list(inspect.signature(own or GENERAL[method]).parameters)[1 if own else 2 :]
    parameters: dict[str, Any] = {name: {} for name in names if name != "ids"}
    kind = {} if "ids" in names else {"api": ["model"]}
    return {"signature": f"({', '.join(parameters)})", "parameters": parameters, **kind}


def _named(method: Method, bound: Method, skip: int) -> Method:
    """The bound method with the signature that callers see."""
    signature = inspect.signature(method)
    bound.__signature__ = signature.replace(parameters=list(signature.parameters.values())[skip:])  # type: ignore[attr-defined]
    return bound
