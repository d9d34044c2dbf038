"""From the fields a caller sends to the values a record may be given, or the vendor's refusal."""

from collections.abc import Mapping
from typing import Any

from crmerp_assets.sandbox.salesforce.engine.change import Change
from crmerp_assets.sandbox.salesforce.engine.organisation import Organisation, Row
from crmerp_assets.sandbox.salesforce.engine.values import stored
from crmerp_assets.sandbox.salesforce.errors import (
    SalesforceError,
    cross_reference,
    integrity,
    not_writeable,
    required,
    unknown_column,
)
from crmerp_assets.sandbox.salesforce.schema import Field

_GIVEN_BY_SERVER = ""


def accepted(change: Change, values: Mapping[str, Any]) -> Row:
    """The stored form of every field that was sent, in the schema's spelling."""
    catalog, kind = change.organisation.catalog, change.kind
    fields = catalog.visible(kind, change.actor.everything)
    row: Row = {}
    for name, value in values.items():
        if name == "attributes" or name.lower() == "id":
            continue
        found = fields.get(name.lower())
        if found is None and (isinstance(value, Mapping) or value is None):
            found, value = _by_relationship(change, fields, name, value)
        if found is None:
            raise unknown_column(name, kind.name)
        _check_writeable(change, found)
        if value is not None or found.default != _GIVEN_BY_SERVER:
            row[found.name] = _checked(change.organisation, found, value)
    return row


def complete(change: Change) -> None:
    """Defaults for a new record, and no required field left empty."""
    defaults, needed = change.organisation.catalog.completion(change.kind)
    if change.creating:
        for found in defaults:
            if found.name not in change.new:
                change.new[found.name] = _default(change, found)
    missing = [name for name in needed if (change.creating or name in change.new) and change.new.get(name) is None]
    if missing:
        raise required(missing)


def _default(change: Change, field: Field) -> Any:
    if field.name == "CurrencyIsoCode":
        return "USD"
    if field.name == "OwnerId":
        return change.actor.id
    return None if field.default == _GIVEN_BY_SERVER else field.default


def _check_writeable(change: Change, field: Field) -> None:
    if change.seeding:
        return
    allowed = field.createable if change.creating else field.updateable
    everything = change.actor.everything
    if not allowed or not (everything or field.name.lower() in change.organisation.catalog.editable(change.kind)):
        raise not_writeable([field.name])


def _checked(organisation: Organisation, field: Field, value: Any) -> Any:
    clean = stored(field, value)
    if field.name == "CurrencyIsoCode" and clean not in organisation.currencies():
        message = f"Currency ISO Code: invalid currency code: {clean}"
        raise SalesforceError("INVALID_CURRENCY_ISO_CODE", message, [field.name])
    if clean is not None and field.reference_to is not None:
        _check_reference(organisation, field, clean)
    return clean


def _check_reference(organisation: Organisation, field: Field, id_: str) -> None:
    target = organisation.catalog.object(str(field.reference_to))
    if not id_.startswith(target.prefix):
        raise integrity(f"{field.label}: id value of incorrect type: {id_}", [field.name])
    found = organisation.store.db.execute(f'SELECT "IsDeleted" FROM "{target.name}" WHERE "Id" = ?', (id_,)).fetchone()
    if found is None or found[0]:
        raise cross_reference([field.name])


def _by_relationship(
    change: Change, fields: Mapping[str, Field], name: str, key: Mapping[str, Any] | None
) -> tuple[Field | None, Any]:
    """`{"Account": {"Ext__c": "A-1"}}` stands for the account's id."""
    wanted = name.lower()
    found = next((f for f in fields.values() if f.relationship and f.relationship.lower() == wanted), None)
    if found is None or found.reference_to is None or key is None:
        return found, None
    return found, _referred(change, found, {k: v for k, v in key.items() if k != "attributes"})


def _referred(change: Change, field: Field, key: Mapping[str, Any]) -> str:
    target = change.organisation.catalog.object(str(field.reference_to))
    ((name, value),) = key.items() if len(key) == 1 else [("", None)]
    key_field = change.organisation.catalog.visible(target, change.actor.everything).get(name.lower())
    if key_field is None or not (key_field.external_id or key_field.name == "Id" or key_field.unique):
        message = f"The external foreign key reference {field.relationship} does not name an external id: {name}"
        raise SalesforceError("INVALID_FIELD", message, [field.name])
    where = f'"{key_field.name}" = ? AND "IsDeleted" = 0'
    matches = change.organisation.select(target, where, (stored(key_field, value),))
    if len(matches) != 1:
        what = "not found" if not matches else "not unique"
        message = f"Foreign key external ID: {value} {what} for field {key_field.name} in entity {target.name}"
        raise SalesforceError("INVALID_FIELD", message, [])
    return str(matches[0]["Id"])
