"""The rights of an Odoo user: what its groups let it read, create and write, model by model, as the database judges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from crmerp_assets.connectors.errors import ConnectorError
from crmerp_assets.connectors.odoo.api import OdooApi
from crmerp_assets.connectors.odoo.keys import DATA
from crmerp_assets.connectors.odoo.selection import RATE
from crmerp_assets.connectors.odoo.views import DELIVERY, VIEWS, View, view_of
from crmerp_assets.connectors.protocol import Needs, Right
from crmerp_assets.connectors.rights import excess, told

_USER = "Settings > Users & Companies > Users > the integration's user > Access Rights > {0}"
GRANTS = {
    "res.partner": "Other: Contact Creation",
    "product.product": "Sales: Administrator, or Other: Product Creation",
    "product.template": "Sales: Administrator, or Other: Product Creation",
    "crm.lead": "Sales: User: All Documents",
    "crm.stage": "Sales: User: All Documents",
    "sale.order": "Sales: User: All Documents",
    "sale.order.line": "Sales: User: All Documents",
    "product.pricelist": "Sales: User: All Documents",
    "account.move": "Invoicing: Billing",
    "account.move.line": "Invoicing: Billing",
    "account.partial.reconcile": "Invoicing: Billing",
    "account.payment": "Invoicing: Billing",
    "account.payment.term": "Invoicing: Billing",
    "res.currency.rate": "Invoicing: Billing",
    DATA: "Administration: Access Rights",
}
_INTERNAL = "User types: Internal User"
_ADMINISTRATION = "Administration"
_RELATIONS = {
    "company_id": "res.company",
    "country_id": "res.country",
    "currency_id": "res.currency",
    "product_id": "product.product",
    "partner_id": "res.partner",
    "property_payment_term_id": "account.payment.term",
    "stage_id": "crm.stage",
    "state_id": "res.country.state",
    "uom_id": "uom.uom",
}
_LISTS = {
    "billed": ("account.move.line", "sale.order.line"),
    "applications": ("account.partial.reconcile", "account.move.line", "account.move"),
}
_HOME = ("res.company", "res.users")
_DEALS = ("crm.stage", "res.currency", "sale.order")
_ORDERS = ("product.pricelist", "product.product", "res.currency", "res.partner")
_FIELDS = "ir.model.fields"
"""Only who may create these may provision custom fields; and only administrators may."""


def asked(needs: Mapping[str, Needs]) -> list[Right]:
    """The rights that these needs take, before anybody has looked."""
    found: dict[tuple[str, str], Right] = {}
    for object_, need in sorted(needs.items()):
        for verb in _verbs(need):
            _add(found, view_of(object_).model, verb, object_, "")
    for object_, need in sorted(needs.items()):
        for model, verb, why in _beside(view_of(object_), need):
            _add(found, model, verb, None, why)
    for verb in ("read", "create", "write") if any(need.write for need in needs.values()) else ("read",):
        _add(found, DATA, verb, None, "our keys are external ids")
    return list(found.values())


def _add(found: dict[tuple[str, str], Right], model: str, verb: str, object_: str | None, why: str) -> None:
    where = _USER.format(GRANTS.get(model, _INTERNAL))
    found.setdefault((model, verb), Right(f"{model}: {verb}", where, object=object_, why=why))


def _verbs(need: Needs) -> list[str]:
    written = [("create", need.creates), ("write", True)] if need.write else []
    return ["read", *(verb for verb, wanted in written if wanted)]


def _beside(view: View, need: Needs) -> Iterator[tuple[str, str, str]]:
    """Other models: what is read or written in them, and why."""
    named = need.read | need.write
    for path in sorted(named):
        for step in path.removeprefix(f"{DELIVERY}.").split(".")[:-1]:
            if step in _RELATIONS:
                yield _RELATIONS[step], "read", f"{view.name}.{path}"
    for name, child in view.lists.items():
        if any(path.partition(".")[0] == name for path in named):
            yield child.model, "read", f"{view.name}.{name}"
            yield from ((model, "read", f"{view.name}.{name}") for model in _LISTS.get(child.kind, ()))
        if any(path.partition(".")[0] == name for path in need.write):
            yield from ((child.model, verb, f"{view.name}.{name}") for verb in _verbs(need))
    if RATE in named:
        yield from ((model, "read", f"{view.name}.{RATE}") for model in ("res.currency.rate", "res.company"))
    if view.model in ("crm.lead", "sale.order"):
        yield from ((model, "read", "whose days count") for model in _HOME)
    if view.model == "crm.lead":
        yield from ((model, "read", "whether a deal is won, and for what") for model in _DEALS)
    if need.write and view.model == "sale.order":
        yield from ((model, "read", "to make orders") for model in _ORDERS)
    if need.write and view.model == "product.product":
        yield from (("product.template", verb, "a variant's own fields are its template's") for verb in _verbs(need))


class Rights:
    """Looks at the rights of the user that the connection logs in as."""

    def __init__(self, api: OdooApi) -> None:
        self._api = api

    def rights(self, needs: Mapping[str, Needs]) -> list[Right]:
        """A database that does not answer is told of once, before each right is asked for."""
        self._api.call("res.users", "context_get", {}, repeatable=True)
        wanted = asked(_known(needs))
        found = [told(right, self._may(right)) for right in wanted]
        objects = sorted({view_of(object_).model for object_ in _known(needs)} - {"res.partner"})
        deleted = [model for model in objects if may(self._api, model, "unlink")]
        found += [excess(f"{model}: unlink", _USER.format(GRANTS.get(model, _INTERNAL))) for model in deleted]
        if may(self._api, _FIELDS, "create"):
            why = "only for `crmerp provision --yes`, for that one time"
            found.append(excess(f"{_FIELDS}: create", _USER.format(_ADMINISTRATION), why=why))
        return found

    def _may(self, right: Right) -> bool | None:
        model, _, verb = right.name.partition(": ")
        return may(self._api, model, verb)


def _known(needs: Mapping[str, Needs]) -> dict[str, Needs]:
    """An object that is not known here is the check's to name."""
    return {object_: need for object_, need in needs.items() if object_ in VIEWS}


def may(api: OdooApi, model: str, operation: str) -> bool | None:
    """Whether the user may `read`, `create`, `write` or `unlink`; None where the database does not say.

    Version 18 gave the question another name and another form of answer.
    """
    try:
        params = {"operation": operation, "raise_exception": False}
        return bool(api.call(model, "check_access_rights", params, repeatable=True))
    except ConnectorError:
        return _has_access(api, model, operation)


def _has_access(api: OdooApi, model: str, operation: str) -> bool | None:
    try:
        return bool(api.call(model, "has_access", {"ids": [], "operation": operation}, repeatable=True))
    except ConnectorError:
        return None
