"""Looks at login, company, modules, fields and rights without changing anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from crmerp_assets.connectors.errors import AuthFailed, ConfigError, ConnectorError
from crmerp_assets.connectors.kinds import misfit
from crmerp_assets.connectors.protocol import FieldSpec, Finding, Needs, ProvisionStep
from crmerp_assets.connectors.tryton.fields import NativeObject
from crmerp_assets.connectors.tryton.metadata import Metadata
from crmerp_assets.connectors.tryton.objects import native_object
from crmerp_assets.connectors.tryton.rpc import Rpc

NOTHING = "Nothing to do."
_RIGHTS = "Give the integration's user a group with {verb} access to {model} (Administration > Models > Models Access)."
_LISTS = {
    "country.country": "run trytond_import_countries on the server",
    "currency.currency": "run trytond_import_currencies on the server",
}


class Checker:
    def __init__(self, rpc: Rpc, metadata: Metadata) -> None:
        self._rpc = rpc
        self._metadata = metadata

    def check(self, needs: Mapping[str, Needs]) -> list[Finding]:
        name = self._rpc.name
        self._rpc.forget()
        self._metadata.forget()
        try:
            company = self._rpc.company()
        except AuthFailed as failure:
            return [Finding(False, f"Login to {name} is refused", str(failure))]
        except ConnectorError as failure:
            return [Finding(False, f"{name} does not answer as it should", str(failure))]
        findings = [
            Finding(True, f"Login to {name} works", NOTHING),
            Finding(True, f"The company's currency is {company['code']}", NOTHING),
        ]
        for object, need in needs.items():
            findings += self._object(object, need)
        return [*findings, *self._lists()]

    def _object(self, object: str, need: Needs) -> Iterator[Finding]:
        try:
            native = native_object(object)
            self._rpc.search_read(native.model, [["id", "=", 0]], ["id"])
            self._metadata.fields(native)
        except ConfigError as failure:
            yield Finding(
                False, f"{object} cannot be used: {failure}", "Install the modules of docs/systems/tryton.md."
            )
            return
        except ConnectorError as failure:
            yield Finding(False, f"{object} cannot be read: {failure}", _RIGHTS.format(verb="read", model=object))
            return
        yield Finding(True, f"{native.name} can be read", NOTHING)
        yield from self._fields(native, need)

    def _fields(self, native: NativeObject, need: Needs) -> Iterator[Finding]:
        bad = {path for path in need.read | need.write if not self._known(native, path)}
        bad |= {path for path in need.write - bad if not self._writeable(native, path)}
        for path in sorted(bad):
            verb = "written" if path in need.write else "read"
            now = "Correct the field name in the mapping, or install the module that adds the field."
            yield Finding(False, f"{native.name}.{path} cannot be {verb}", now)
        if not bad:
            yield Finding(True, f"{len(need.read | need.write)} fields of {native.name}", NOTHING)

    def _known(self, native: NativeObject, path: str) -> bool:
        """Whether the path and all that it asks for are there."""
        try:
            selection = self._metadata.select(native, [path])
        except ConfigError:
            return False
        fields = self._metadata.fields(native)
        return all(ask.partition(".")[0] in fields for ask in selection.asks)

    def _writeable(self, native: NativeObject, path: str) -> bool:
        child = native.children.get(path.partition(".")[0])
        column = child.columns.get(path) if child else self._metadata.column(native, path)
        return column is not None and column.part is not None

    def _lists(self) -> Iterator[Finding]:
        """Lists that Tryton leaves empty until a script of its own fills them."""
        for model, now in _LISTS.items():
            try:
                found = self._rpc.read(f"model.{model}.search_count", [])
            except ConnectorError as failure:
                yield Finding(False, f"{model} cannot be read: {failure}", _RIGHTS.format(verb="read", model=model))
                continue
            filled = int(found) > 0
            yield Finding(filled, f"{model} has {found} entries", NOTHING if filled else f"{now[0].upper()}{now[1:]}.")


def steps(metadata: Metadata, specs: list[FieldSpec]) -> list[ProvisionStep]:
    """Tryton's fields are made by modules on the server, so a dry run and a real one give the same steps."""
    return [_step(metadata, spec) for spec in specs]


def _step(metadata: Metadata, spec: FieldSpec) -> ProvisionStep:
    native = native_object(spec.object)
    if spec.name in native.columns:
        return ProvisionStep(spec, done=True)
    field = metadata.describe(native).get(spec.name)
    if field is not None:
        wrong = misfit(spec, field, _HOLDING)
        return ProvisionStep(spec, done=wrong is None, manual=_change(native, spec, wrong) if wrong else None)
    kind = _TYPES[spec.type]
    manual = (
        f"Tryton makes fields by modules: add `{spec.name} = fields.{kind}({spec.label!r})` to {native.model} in a "
        "module of your own, install it with trytond-admin -u, and run crmerp check again."
    )
    return ProvisionStep(spec, done=False, manual=manual)


def _change(native: NativeObject, spec: FieldSpec, wrong: str) -> str:
    return (
        f"Tryton makes fields by modules: {spec.name} of {native.model} {wrong}. Change it in its module, or map "
        "another field; then run crmerp check again."
    )


_TEXT, _NUMBER = ("char", "text", "selection"), ("numeric", "float", "integer")
_HOLDING = {
    "text": _TEXT,
    "url": _TEXT,
    "picklist": _TEXT,
    "number": _NUMBER,
    "currency": ("numeric", "float"),
    "date": ("date",),
    "checkbox": ("boolean",),
}
_TYPES = {
    "text": "Char",
    "number": "Numeric",
    "currency": "Numeric",
    "date": "Date",
    "checkbox": "Boolean",
    "picklist": "Selection",
    "url": "Char",
}
