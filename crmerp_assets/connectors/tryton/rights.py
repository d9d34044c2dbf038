"""The rights of a Tryton user: what its groups let it do with each model, as Tryton itself works it out.

A model without any access entry is open to everybody, so that a user with no group at all can do more than one
would think. Parts of a record, such as addresses, are models of their own; Tryton grants them with those of the
record, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.protocol import Needs, Right
from crmerp_assets.connectors.rights import by_field, excess, told
from crmerp_assets.connectors.tryton.fields import Column, NativeObject
from crmerp_assets.connectors.tryton.objects import OBJECTS
from crmerp_assets.connectors.tryton.opened import LOG
from crmerp_assets.connectors.tryton.rpc import Rpc
from crmerp_assets.connectors.tryton.values import truth

_WHERE = "Administration > Models > Models Access > New: model {0}, the integration's group"
_FIELDS = "Administration > Models > Fields Access > New: model {0}, the field, the integration's group"
_WRITE_FIELDS = "write fields"
_OWN = ("field", "named")
_STEPS = frozenset({"state"})
"""Fields that nobody writes: buttons do."""
_GROUPS = "Administration > Users > Users > integration > Groups"
_MODELS = {
    "addresses": "party.address",
    "cancel_move": "account.move",
    "contact_mechanisms": "party.contact_mechanism",
    "country": "country.country",
    "currency": "currency.currency",
    "customer_currency": "currency.currency",
    "customer_payment_term": "account.invoice.payment_term",
    "default_uom": "product.uom",
    "invoice_lines": "account.invoice.line",
    "invoice_payments": "account.invoice",
    "lines_to_pay": "account.move.line",
    "move": "account.move",
    "origin_invoices": "account.invoice",
    "payment_term": "account.invoice.payment_term",
    "sale_uom": "product.uom",
    "sales": "sale.sale",
    "second_currency": "currency.currency",
    "subdivision": "country.subdivision",
    "template": "product.template",
}
_OF_OBJECT = {
    ("party.party", "identifiers"): "party.identifier",
    ("product.product", "identifiers"): "product.identifier",
    ("sale.sale", "lines"): "sale.line",
    ("account.invoice", "lines"): "sale.line",
}
_PARTS = {"address": "addresses", "mechanism": "contact_mechanisms", "identifier": "identifiers", "key": "identifiers"}
_COMPANY = (("company.company", "the company's currency"), ("currency.currency", "the company's currency"))
_SETTINGS = {
    "party.party": (
        "account.configuration",
        "account.configuration.default_account",
        "account.configuration.default_credit_limit_amount",
        "account.configuration.default_payment_term",
        "account.configuration.default_tax_rule",
        "party.configuration",
        "party.configuration.party_lang",
        "party.configuration.party_sequence",
        "sale.configuration.sale_method",
    ),
    "sale.sale": (
        "account.configuration",
        "account.configuration.tax_rounding",
        "sale.configuration",
        "sale.configuration.quotation",
        "sale.configuration.sale_method",
        "sale.configuration.sequence",
    ),
}
"""What Tryton itself looks up under the user's rights for a new record; modules that are not installed lack theirs."""
_BETWEEN = {"account.payment.line": "account.invoice-account.move.line"}
"""Tables of a many-to-many list that reading an object goes through."""
_TAXES = "sale.line-account.tax"
_SALES = ("account.tax", "party.address", "party.party", "product.product", "product.template", "product.uom")
_SYSTEM = "ir.model.access"
_VERBS = ("read", "create", "write", "delete")


def asked(needs: Mapping[str, Needs]) -> list[Right]:
    """The rights that these needs take, before anybody has looked."""
    found: dict[str, Right] = {}
    for object_, need in sorted(needs.items()):
        if object_ in OBJECTS:
            for verb in _verbs(need):
                _add(found, OBJECTS[object_].model, verb, object_, "")
    for object_, need in sorted(needs.items()):
        for model, verb, why in _beside(OBJECTS[object_], need) if object_ in OBJECTS else ():
            _add(found, model, verb, None, why)
    for model, why in _COMPANY:
        _add(found, model, "read", None, why)
    ordered = sorted(found.values(), key=lambda right: (_model(right), _VERBS.index(_verb(right))))
    return [*ordered, *(right for object_, need in sorted(needs.items()) for right in _fields(object_, need))]


def _fields(object_: str, need: Needs) -> Iterator[Right]:
    """Tryton's modules, and administrators, keep some fields for a group of their own."""
    native = OBJECTS.get(object_)
    columns = [native.columns.get(path) for path in sorted(need.write)] if native else []
    targets = {column.target for column in columns if column is not None and column.part in _OWN} - _STEPS
    if native is not None and targets:
        where = _FIELDS.format(native.model)
        yield Right(f"{native.model}: {_WRITE_FIELDS}", where, object=object_, fields=tuple(sorted(targets)))


def _add(found: dict[str, Right], model: str, verb: str, object_: str | None, why: str) -> None:
    name = f"{model}: {verb}"
    found.setdefault(name, Right(name, _WHERE.format(model), object=object_, why=why))


def _model(right: Right) -> str:
    return right.name.partition(": ")[0]


def _verb(right: Right) -> str:
    return right.name.partition(": ")[2]


def _verbs(need: Needs) -> list[str]:
    written = [("create", need.creates), ("write", True)] if need.write else []
    return ["read", *(verb for verb, wanted in written if wanted)]


def _beside(native: NativeObject, need: Needs) -> Iterator[tuple[str, str, str]]:
    """Other models: what is read or written in them, and why."""
    for path in sorted(need.read | need.write):
        column = _column(native, path)
        for ask in column.asks if column else ():
            yield from ((model, "read", f"{native.name}.{path}") for model in _walked(native, ask))
        if column is not None and column.lookup:
            yield column.lookup[0], "read", f"{native.name}.{path}"
        part = _PARTS.get(column.part or "") if column and path in need.write else None
        if part is not None:
            model = _OF_OBJECT.get((native.name, part)) or _MODELS[part]
            yield from ((model, verb, f"{native.name}.{path}") for verb in ("read", "create", "write"))
    for name, child in native.children.items():
        if any(path.partition(".")[0] == name for path in need.read | need.write):
            asks = [model for ask in child.asks for model in _walked(native, ask)]
            yield from ((model, "read", f"{native.name}.{name}") for model in asks)
        if any(path.partition(".")[0] == name for path in need.write):
            model = _OF_OBJECT[native.name, name]
            yield from ((model, verb, f"{native.name}.{name}") for verb in ("create", "write", "delete"))
    if native.name in _BETWEEN:
        yield _BETWEEN[native.name], "read", f"which invoice a line of {native.name} pays"
    if need.write and need.creates:
        yield from ((model, "read", "what a new record begins with") for model in _SETTINGS.get(native.name, ()))
    if native.workflow and need.write:
        yield from ((model, "read", "to make sales") for model in _SALES)
        yield LOG, "read", "which sales we took back to draft"
        yield from ((_TAXES, verb, "the taxes of a line") for verb in ("read", "create", "delete"))


def _column(native: NativeObject, path: str) -> Column | None:
    child = native.children.get(path.partition(".")[0])
    return native.columns.get(path) or (child.columns.get(path) if child else None)


def _walked(native: NativeObject, ask: str) -> Iterator[str]:
    """The models behind the references and lists of a path."""
    for step in ask.split(".")[:-1]:
        model = _OF_OBJECT.get((native.name, step)) or _OF_OBJECT.get((native.model, step)) or _MODELS.get(step)
        if model is not None:
            yield model


class Rights:
    """Looks at the rights of the user that the connection logs in as."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    def rights(self, needs: Mapping[str, Needs]) -> list[Right]:
        wanted = asked(needs)
        objects = sorted({OBJECTS[name].model for name in needs if name in OBJECTS})
        access = self._access([*(_model(right) for right in wanted), *objects, _SYSTEM])
        wanted = [right for right in wanted if right.object or _model(right) in access]
        found = [told(right, self._may(access, right.name)) for right in wanted if not right.fields]
        for right in wanted:
            found += by_field(right, self._open(right)) if right.fields else ()
        beyond = [f"{model}: {verb}" for model in objects for verb in _VERBS[1:]]
        known = {right.name for right in wanted}
        found += [
            excess(name, _WHERE.format(name.partition(": ")[0]))
            for name in beyond
            if name not in known and self._may(access, name)
        ]
        if self._may(access, f"{_SYSTEM}: write"):
            found.append(excess(f"{_SYSTEM}: write", _GROUPS, why="an administrator may everything"))
        return found

    def _open(self, right: Right) -> Callable[[str], bool]:
        """Whether a field may be written, as Tryton describes it to this user."""
        try:
            told_of = self._rpc.read(f"model.{_model(right)}.fields_get", list(right.fields))
        except ConfigError:
            return lambda _field: False
        return lambda field: field in told_of and told_of[field].get("readonly") is not True

    @staticmethod
    def _may(access: Mapping[str, Mapping[str, object]], name: str) -> bool | None:
        model, _, verb = name.partition(": ")
        return truth(access[model].get(verb)) if model in access else None

    def _access(self, models: list[str]) -> dict[str, Mapping[str, object]]:
        """Model by model, because one that no module brings would spoil the answer for all; it is left out."""
        found: dict[str, Mapping[str, object]] = {}
        for model in dict.fromkeys(models):
            try:
                found.update(self._rpc.read("model.ir.model.access.get_access", [model]))
            except ConfigError:
                continue
        return found
