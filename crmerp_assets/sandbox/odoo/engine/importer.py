"""`load`: rows of text become records, created or updated by external id, all or nothing; faults come as messages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crmerp_assets.sandbox.odoo.engine import orm
from crmerp_assets.sandbox.odoo.engine.env import Env
from crmerp_assets.sandbox.odoo.errors import OdooError
from crmerp_assets.sandbox.odoo.schema import Field

Vals = dict[str, Any]
Message = dict[str, Any]
_TRUE, _FALSE = {"1", "true", "yes"}, {"0", "false", "no", ""}


class Fault(Exception):
    """One value that cannot be imported."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


@dataclass(frozen=True, slots=True)
class Span:
    """The rows of one record, from first to last."""

    first: int
    last: int
    rows: list[Sequence[str]]


def load(env: Env, model: str, fields: Sequence[str], data: Sequence[Sequence[str]]) -> dict[str, Any]:
    """`ids` in the order of the records, or False with the messages of those that cannot be saved.

    Odoo saves the batch as one first, then record by record. What stopped the batch comes first among the messages,
    under the rows of the first record, whosever fault it was; a right that is missing is told record by record.
    """
    paths = [tuple(name.split("/")) for name in fields]
    for path in paths:
        if path[0] not in (*env.model(model).fields, ".id"):
            return _refused([_message(0, Span(0, 0, []), path[0], f"The field '{path[0]}' does not exist")])
    if env.database.in_the_way():
        return _refused([{"type": "error", "message": "could not serialize access due to concurrent update"}])
    spans = list(_spans(env, model, paths, data))
    messages: list[Message] = []
    whole: list[Message] = []
    ids: list[int] = []
    try:
        with env.database.transaction():
            for number, span in enumerate(spans):
                try:
                    with env.database.transaction():
                        ids.append(_save(env, model, paths, span.rows))
                except Fault as fault:
                    messages.append(_message(number, span, fault.field, fault.message))
                except OdooError as error:
                    messages.append(_message(number, span, False, _shown(error)))
                    whole += [_message(0, spans[0], False, error.message)] if error.for_people and not whole else []
            if messages:
                raise _Undone
    except _Undone:
        return _refused([*(one for one in whole if one not in messages), *messages])
    return {"ids": ids, "messages": [], "nextrow": 0}


class _Undone(Exception):
    """Nothing of the batch is kept."""


def _shown(error: OdooError) -> str:
    """What an import says of an error that is not written for people."""
    return error.message if error.for_people else f"Unknown error during import: {error.name}: {error.message}"


def _refused(messages: list[Message]) -> dict[str, Any]:
    return {"ids": False, "messages": messages, "nextrow": 0}


def _message(number: int, span: Span, field: Any, text: str) -> Message:
    message = {"type": "error", "message": text, "record": number, "rows": {"from": span.first, "to": span.last}}
    return message | ({"field": field} if field else {})


def _spans(env: Env, model: str, paths: Sequence[tuple[str, ...]], data: Sequence[Sequence[str]]) -> Iterator[Span]:
    """A row that has nothing but values of children goes on with the record above."""
    fields = env.model(model).fields
    own = [n for n, path in enumerate(paths) if path[0] == ".id" or fields[path[0]].type != "one2many"]
    start = 0
    for end in range(1, len(data) + 1):
        if end == len(data) or any(data[end][n] not in ("", None, False) for n in own):
            yield Span(start, end - 1, list(data[start:end]))
            start = end


def _save(env: Env, model: str, paths: Sequence[tuple[str, ...]], rows: list[Sequence[str]]) -> int:
    external, database, values = _converted(env, model, paths, rows)
    id_ = _existing(env, model, external, database)
    if id_ is not None:
        orm.write(env, model, [id_], values)
        return id_
    (made,) = orm.create(env, model, [values])
    if external:
        orm.register(env, model, external, made)
    return made


def _existing(env: Env, model: str, external: str, database: str) -> int | None:
    if database:
        if not str(database).isdigit() or not env.rows(model, [int(database)]):
            raise Fault(".id", f"Unknown database identifier '{database}'")
        return int(database)
    if not external:
        return None
    found = _by_external(env, external)
    if found is None:
        return None
    if found[0] != model:
        raise Fault("id", f"For the external id {external} the model is {found[0]}, not {model}")
    return found[1] if env.rows(model, [found[1]]) else None


def _by_external(env: Env, external: str) -> tuple[str, int] | None:
    rows = env.where("ir.model.data", "module = ? AND name = ?", orm.split_external(external))
    return (rows[0]["model"], rows[0]["res_id"]) if rows else None


def _converted(
    env: Env, model: str, paths: Sequence[tuple[str, ...]], rows: list[Sequence[str]]
) -> tuple[str, str, Vals]:
    """External id, database id and the values of one record with its children."""
    fields, values = env.model(model).fields, Vals()
    external = database = ""
    children: dict[str, list[int]] = {}
    for number, path in enumerate(paths):
        cell = "" if not rows[0][number] else str(rows[0][number])
        if path == ("id",):
            external = cell
        elif path == (".id",):
            database = cell
        elif fields[path[0]].type == "one2many":
            children.setdefault(path[0], []).append(number)
        elif len(path) == 1:
            values[path[0]] = _plain(env, path[0], fields[path[0]], cell)
        else:
            values[path[0]] = _reference(env, path, fields[path[0]], cell)
    for name, numbers in children.items():
        commands = _commands(
            env, fields[name], [paths[n][1:] for n in numbers], [[row[n] for n in numbers] for row in rows]
        )
        if commands:
            values[name] = commands
    return external, database, values


def _commands(env: Env, field: Field, paths: list[tuple[str, ...]], rows: list[list[Any]]) -> list[list[Any]]:
    """Children by external or database id are changed, others are made."""
    relation = field.relation or ""
    found: list[list[Any]] = []
    for row in rows:
        if not any(cell not in ("", None, False) for cell in row):
            continue
        external, database, values = _converted(env, relation, paths, [row])
        id_ = _existing(env, relation, external, database)
        if id_ is not None:
            found += [[4, id_, 0], [1, id_, values]]
        else:
            found.append([0, 0, values | ({orm.EXTERNAL: external} if external else {})])
    return found


def _plain(env: Env, name: str, field: Field, cell: str) -> Any:
    """One cell as a value. Times are those of the caller's own time zone; sandbox users live in UTC."""
    if cell == "":
        return False
    if field.type == "boolean":
        if cell.lower() not in _TRUE | _FALSE:
            raise Fault(name, f"Unknown value '{cell}' for boolean field '{field.string}'")
        return cell.lower() in _TRUE
    if field.type == "selection":
        return _selected(name, field, cell)
    if field.type in ("integer", "float", "monetary"):
        return _number(name, field, cell)
    if field.type in ("date", "datetime"):
        return _dated(name, field, cell)
    if field.type == "many2one":
        return _by_name(env, name, field, cell)
    return cell


def _selected(name: str, field: Field, cell: str) -> str:
    for key, label in field.selection:
        if cell in (key, label):
            return key
    if field.custom:
        return cell
    raise Fault(name, f"Value '{cell}' not found in selection field '{field.string}'")


def _number(name: str, field: Field, cell: str) -> float | int:
    try:
        return int(cell) if field.type == "integer" else float(cell)
    except ValueError as error:
        kind = "an integer" if field.type == "integer" else "a number"
        raise Fault(name, f"'{cell}' does not seem to be {kind} for field '{field.string}'") from error


def _dated(name: str, field: Field, cell: str) -> str:
    forms = ["%Y-%m-%d"] if field.type == "date" else ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d"]
    for form in forms:
        try:
            datetime.strptime(cell, form)  # noqa: DTZ007
        except ValueError:
            continue
        return cell
    raise Fault(name, f"'{cell}' does not seem to be a valid {field.type} for field '{field.string}'")


def _reference(env: Env, path: tuple[str, ...], field: Field, cell: str) -> Any:
    if cell == "":
        return False
    name, how = path[0], path[1]
    if how == ".id":
        if not cell.isdigit() or not env.rows(field.relation or "", [int(cell)]):
            raise Fault(name, f"No matching record found for database id '{cell}' in field '{field.string}'")
        return int(cell)
    found = _by_external(env, cell)
    if found is None or found[0] != field.relation or not env.rows(found[0], [found[1]]):
        raise Fault(name, f"No matching record found for external id '{cell}' in field '{field.string}'")
    return found[1]


def _by_name(env: Env, name: str, field: Field, cell: str) -> int:
    relation = env.model(field.relation or "")
    rows = env.where(relation.name, f'"{relation.rec_name}" = ?', (cell,)) if "." not in relation.rec_name else []
    if not rows:
        raise Fault(name, f"No matching record found for name '{cell}' in field '{field.string}'")
    return int(rows[0]["id"])
