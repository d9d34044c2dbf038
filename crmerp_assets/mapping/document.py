"""YAML with its positions, so that every mistake is reported with file, line and field, all of them at once.

Users override packaged files, and then one value may come from one file and its neighbour from another. So a place is
kept for every key, and a merged document still knows where each of its values was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

Step: TypeAlias = str | int
At: TypeAlias = tuple[Step, ...]


class ConfigurationError(Exception):
    """Mistakes in configuration files; `problems` holds one sentence each, with file, line and field."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


@dataclass(slots=True)
class Document:
    """Plain data read from YAML; `places` says in which `file:line` each key was written."""

    file: str
    data: dict[str, Any] = field(default_factory=dict)
    places: dict[At, str] = field(default_factory=dict)

    def place(self, at: At) -> str:
        """`file:line` of the nearest key that was written down."""
        for length in range(len(at), 0, -1):
            if at[:length] in self.places:
                return self.places[at[:length]]
        return f"{self.file}:1"

    def problem(self, at: At, what: str) -> str:
        """A sentence about the value at a path: `file:line: path: what`."""
        path = ".".join(str(step) for step in at)
        return f"{self.place(at)}: {path}: {what}" if path else f"{self.place(at)}: {what}"


def read(path: Path, shown: str | None = None) -> Document:
    """The document in a file; ConfigurationError when it is no YAML mapping. `shown` names it in messages."""
    file = shown or str(path)
    try:
        tree = _parsed(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ConfigurationError(
            [f"{file}:{line}: this is not valid YAML: {error.problem or error.context}"]
        ) from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError([f"{file}:1: this is not readable as YAML in UTF-8"]) from error
    if tree is not None and not isinstance(tree, CommentedMap):
        raise ConfigurationError([f"{file}:1: a mapping of keys to values is expected here"])
    document = Document(file)
    document.data = _plain(tree or CommentedMap(), (), document)
    return document


@lru_cache(maxsize=64)
def _parsed(text: str) -> Any:
    """Parsing with places takes tens of milliseconds, and a process reads the same few files again and again."""
    return YAML(typ="rt").load(text)


def _plain(node: Any, at: At, document: Document) -> Any:
    if isinstance(node, CommentedMap):
        for key in node:
            document.places[(*at, _key(key))] = f"{document.file}:{_line(node, key)}"
        return {_key(key): _plain(value, (*at, _key(key)), document) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        for number in range(len(node)):
            document.places[(*at, number)] = f"{document.file}:{node.lc.item(number)[0] + 1}"
        return [_plain(value, (*at, number), document) for number, value in enumerate(node)]
    return node


def _line(node: CommentedMap, key: Any) -> int:
    try:
        return int(node.lc.key(key)[0]) + 1
    except KeyError:  # a key that came through a YAML merge (`<<`)
        return int(node.lc.line) + 1


def _key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def merged(base: Document, over: Document) -> Document:
    """`base` with the values of `over` on top, key by key; a key set to null is taken away."""
    result = Document(over.file if not base.data else base.file)
    result.places = {**base.places, **over.places}
    result.data = _merged(base.data, over.data)
    return result


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = _merged(result[key], value)
        else:
            result[key] = value
    return result


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """ "; did you mean 'phone'?" where a known word is near, else which words there are."""
    words = sorted(known)
    near = get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; use one of {', '.join(words)}" if words else ""
