"""All maps and rules: the packaged YAML with the user's on top.

A user's file names only what differs: fields merge key by key, and a field set to null goes away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

from crmerp_assets.mapping.checks import map_problems, rules_problems, unknown_names
from crmerp_assets.mapping.document import ConfigurationError, Document, merged, read
from crmerp_assets.mapping.governance import EntityRules
from crmerp_assets.mapping.matrix import EntityMap, Matrix, Surroundings
from crmerp_assets.mapping.validation import Model, parse

PACKAGED = Path(__file__).parent
Built = TypeVar("Built")


def load_matrix(
    overrides: Path | Sequence[Path] | None = None, default_region: str | None = None, brought: Sequence[Path] = ()
) -> Matrix:
    """The matrix; `overrides` is the user's configuration folder, with its files in mapping/matrix/, or several, the
    later ones on top. `brought` are folders with the maps of systems from other packages.

    ConfigurationError lists every mistake in every file.
    """
    form = "<map>.<system>.yaml, such as customer.salesforce.yaml"
    documents, problems = _documents("matrix", overrides, 2, form, brought)
    maps = list(_built(documents, problems, _entity_map))
    if problems:
        raise ConfigurationError(problems)
    return Matrix(maps, default_region)


def load_governance(overrides: Path | Sequence[Path] | None = None) -> Mapping[str, EntityRules]:
    """Rules by entity; the user's files are in mapping/governance/ of the configuration folder, or of several."""
    documents, problems = _documents("governance", overrides, 1, "<entity>.yaml, such as customer.yaml")
    rules = list(_built(documents, problems, _entity_rules))
    if problems:
        raise ConfigurationError(problems)
    return {rule.entity: rule for rule in rules}


def _documents(
    kind: str, overrides: Path | Sequence[Path] | None, words: int, form: str, brought: Sequence[Path] = ()
) -> tuple[dict[str, Document], list[str]]:
    documents: dict[str, Document] = {}
    problems: list[str] = []
    for path, shown in _files(kind, overrides, brought):
        name = path.name.removesuffix(".yaml")
        if path.suffix != ".yaml" or len(name.split(".")) != words:
            problems.append(f"{shown}:1: the name of this file is not understood; name it {form}")
            continue
        try:
            document = _packaged(path, shown) if path.is_relative_to(PACKAGED) else read(path, shown)
            documents[name] = (
                merged(documents[name], document) if name in documents else merged(Document(shown), document)
            )
        except ConfigurationError as error:
            problems += error.problems
    return documents, problems


@cache
def _packaged(path: Path, shown: str) -> Document:
    """A file of the package, parsed once; merging copies it."""
    return read(path, shown)


def _files(kind: str, overrides: Path | Sequence[Path] | None, brought: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    for path in sorted((PACKAGED / kind).glob("*.yaml")):
        yield path, f"mapping/{kind}/{path.name}"
    for folder in brought:
        for path in sorted(folder.glob("*.yaml")):
            yield path, str(path)
    for folder in [overrides] if isinstance(overrides, Path) else overrides or ():
        for path in sorted((folder / "mapping" / kind).glob("*.y*ml")):
            yield path, str(path)


def _built(
    documents: Mapping[str, Document], problems: list[str], build: Callable[[str, Document], Built]
) -> Iterator[Built]:
    for name, document in documents.items():
        try:
            yield build(name, document)
        except ConfigurationError as error:
            problems += error.problems


def _entity_map(name: str, document: Document) -> EntityMap:
    map_name, system = name.split(".")
    document.data = {"name": map_name, **document.data}
    _named(document, "system", system)
    entity_map = _checked(EntityMap, document, map_problems)
    places = {".".join(map(str, at)): place for at, place in document.places.items()}
    return entity_map.placed(Surroundings(places=places))


def _entity_rules(name: str, document: Document) -> EntityRules:
    _named(document, "entity", name)
    return _checked(EntityRules, document, rules_problems)


def _named(document: Document, key: str, expected: str) -> None:
    """The file's name and what stands in the file agree; else every other message would mislead."""
    if document.data.get(key, expected) != expected:
        raise ConfigurationError([document.problem((key,), f"the file's name says {expected}; make both the same")])


def _checked(model: type[Model], document: Document, problems_of: Callable[[Model, Document], Iterator[str]]) -> Model:
    """The model, or every problem of the document at once."""
    problems = list(unknown_names(document))
    try:
        parsed = parse(model, document)
        problems += problems_of(parsed, document)
    except ConfigurationError as error:
        raise ConfigurationError(problems + error.problems) from error
    if problems:
        raise ConfigurationError(problems)
    return parsed
