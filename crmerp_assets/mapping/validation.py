"""pydantic models from documents: its errors become sentences with file, line and field."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from crmerp_assets.mapping.document import At, ConfigurationError, Document, did_you_mean

Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """Base of what users write: unknown keys are mistakes, and what was read does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


def parse(model: type[Model], document: Document, at: At = ()) -> Model:
    """The model from the part of a document at a path; ConfigurationError lists everything that is wrong."""
    data: Any = document.data
    for step in at:
        data = data[step]
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = [_problem(model, document, at, detail) for detail in error.errors()]
        raise ConfigurationError(dict.fromkeys(found)) from error


def _problem(model: type[BaseModel], document: Document, at: At, detail: Mapping[str, Any]) -> str:
    path = _written(document, at, detail["loc"])
    return document.problem(path, _sentence(model, detail))


def _written(document: Document, at: At, location: At) -> At:
    """The path as it stands in the file: pydantic adds steps for branches of unions and for keys."""
    path, known = at, {place[: len(at) + n] for place in document.places for n in range(1, len(location) + 2)}
    for number, step in enumerate(location):
        last = number == len(location) - 1
        if (*path, step) in known or (last and isinstance(step, str) and step not in {"[key]"} and "[" not in step):
            path = (*path, step)
    return path


def _sentence(model: type[BaseModel], detail: Mapping[str, Any]) -> str:
    kind, given = detail["type"], detail["input"]
    context = detail.get("ctx", {})
    match kind:
        case "extra_forbidden":
            key = str(detail["loc"][-1])
            return f"'{key}' is not a key here{did_you_mean(key, _keys_at(model, detail['loc'][:-1]))}"
        case "missing":
            return "this key is missing; add it"
        case "literal_error":
            allowed = [word.strip(" '") for word in context["expected"].replace(" or ", ",").split(",")]
            return f"'{given}' is not one of {', '.join(allowed)}{_near(str(given), allowed)}"
        case "value_error":
            return str(context["error"])
        case "int_parsing" | "int_type" | "float_parsing" | "float_type" | "decimal_parsing":
            return f"'{given}' is not a number; write digits"
        case "date_parsing" | "date_from_datetime_parsing" | "date_type":
            return f"'{given}' is not a date; write it like 2026-12-01"
        case "bool_parsing" | "bool_type":
            return f"'{given}' is neither true nor false"
        case _:
            return str(detail["msg"]).replace("Input should", "this must", 1)


def _near(word: str, known: list[str]) -> str:
    hint = did_you_mean(word, known)
    return hint if "did you mean" in hint else ""


def _keys_at(model: type[BaseModel], location: At) -> list[str]:
    """The keys that may stand where pydantic found an unknown one."""
    current: Any = model
    for step in location:
        current = _inside(current, step)
    found = _model_of(current)
    return list(found.model_fields) if found else []


def _inside(kind: Any, step: Any) -> Any:
    found = _model_of(kind)
    if found is not None:
        field = found.model_fields.get(str(step))
        return field.annotation if field else found
    for option in _options(kind):
        if get_origin(option) in (dict, list, tuple):
            return get_args(option)[-1 if get_origin(option) is dict else 0]
    return kind


def _model_of(kind: Any) -> type[BaseModel] | None:
    return next((o for o in _options(kind) if isinstance(o, type) and issubclass(o, BaseModel)), None)


def _options(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
