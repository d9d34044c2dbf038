"""Fields that were there already and are of another kind: told with the step in Setup, and no record is made by them.

To see that the tests bite, protections were removed one at a time. What was removed, and what failed:

- `_unfit` in `Provisioning.provision`: left_as_it_is, cannot_hold_its_values
- asking again in `_unfit`: mended_is_done
- `_found`, the look at a field that existed and was hidden: was_hidden
- `require_key` before a push: made_by_a_key_of_another_kind, missing_is_named, mended_is_used
- updates that give our key in `_keys_written`: made_by_a_key_of_another_kind
- asking again in `require_key`: mended_is_used
- "Unique" among the ticks: left_as_it_is, made_by_a_key_of_another_kind
- `_raise_if_no_key`, and the class of that refusal: changed_meanwhile
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.protocol import FieldSpec, Write
from crmerp_assets.connectors.salesforce import SalesforceConnector
from crmerp_assets.contract.case import Admin
from crmerp_assets.sandbox.salesforce import SalesforceSandbox
from crmerp_assets_tests.contract.salesforce_case import KEY, KEY_SPEC, Person, connector_to

PLACE = f"In Setup > Object Manager > Account > Fields & Relationships > {KEY} > Edit "
UNIQUE = {"externalId": True, "unique": True}
NUMBER = {"type": "Number", "precision": 18, "scale": 0}
UNFIT = [
    ({}, "tick 'External ID' and 'Unique'"),
    ({"externalId": True}, "tick 'Unique' (possible once no two records have the same value)"),
    ({"unique": True}, "tick 'External ID'"),
    ({**UNIQUE, **NUMBER}, "change the field type to Text with the length 64"),
    ({"type": "TextArea"}, "change the field type to Text with the length 64 and tick 'External ID' and 'Unique'"),
]
NO_KEYS = pytest.mark.parametrize(("made", "step"), UNFIT)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SalesforceSandbox]:
    with SalesforceSandbox(tmp_path / "salesforce") as started:
        yield started


@pytest.fixture
def admin(sandbox: SalesforceSandbox) -> Iterator[Admin]:
    made = Admin(sandbox.url)
    yield made
    made.close()


@pytest.fixture
def person(sandbox: SalesforceSandbox, admin: Admin) -> Iterator[Person]:
    made = Person(sandbox.url, admin)
    yield made
    made.close()


@pytest.fixture
def connector(sandbox: SalesforceSandbox) -> Iterator[SalesforceConnector]:
    made = connector_to(sandbox)(sleep=lambda seconds: None)
    yield made
    made.close()


def create(number: int) -> Write:
    return Write(f"c-{number}", "Account", "create", KEY, f"golden-{number}", None, {"Name": f"Customer {number}"})


@NO_KEYS
def test_a_key_of_another_kind_is_not_done_and_left_as_it_is(
    connector: SalesforceConnector, person: Person, made: dict[str, Any], step: str
) -> None:
    person.make_field(f"Account.{KEY}", **made)
    before = connector.describe("Account")[KEY]
    for dry_run in (True, False):
        (found,) = connector.provision([KEY_SPEC], dry_run=dry_run)
        assert not found.done
        assert str(found.manual).startswith(PLACE)
        assert step in str(found.manual)
    assert connector.describe("Account")[KEY] == before


@NO_KEYS
def test_no_record_is_made_by_a_key_of_another_kind(
    connector: SalesforceConnector, person: Person, admin: Admin, made: dict[str, Any], step: str
) -> None:
    person.make_field(f"Account.{KEY}", **made)
    (account,) = admin.seed("Account", [{"Name": "Acme"}])
    link = Write("u-1", "Account", "update", KEY, "golden-1", account, {KEY: "golden-1"})
    for writes in ([create(1), create(2)], [link]):
        with pytest.raises(ConfigError) as refused:
            connector.push("Account", writes)
        assert PLACE in str(refused.value)
        assert step in str(refused.value)
    assert admin.count("Account") == 1
    assert person.query(f"SELECT {KEY} FROM Account")[0][KEY] is None
    (plain,) = connector.push("Account", [Write("u-2", "Account", "update", KEY, "g", account, {"Name": "Acme Inc"})])
    assert plain.error is None


def test_a_key_that_is_missing_is_named_before_anything_is_sent(connector: SalesforceConnector, admin: Admin) -> None:
    with pytest.raises(ConfigError, match=f"Account.{KEY}.*provision it"):
        connector.push("Account", [create(1)])
    assert admin.count("Account") == 0


def test_a_key_that_was_mended_is_used_by_the_connector_that_refused_it(
    connector: SalesforceConnector, person: Person
) -> None:
    field = person.make_field(f"Account.{KEY}")
    with pytest.raises(ConfigError):
        connector.push("Account", [create(1)])
    person.change_field(field, **UNIQUE)
    assert [result.error for result in connector.push("Account", [create(1)])] == [None]


def test_a_key_that_was_mended_is_done_for_the_connector_that_told_of_it(
    connector: SalesforceConnector, person: Person
) -> None:
    field = person.make_field(f"Account.{KEY}")
    assert [found.done for found in connector.provision([KEY_SPEC], dry_run=True)] == [False]
    person.change_field(field, **UNIQUE)
    assert [found.done for found in connector.provision([KEY_SPEC], dry_run=True)] == [True]


@pytest.mark.parametrize("made", [UNIQUE, UNIQUE | {"caseSensitive": True}, UNIQUE | {"length": 80}])
def test_a_key_that_somebody_made_as_it_has_to_be_is_used(
    connector: SalesforceConnector, person: Person, made: dict[str, Any]
) -> None:
    person.make_field(f"Account.{KEY}", **made)
    assert [found.done for found in connector.provision([KEY_SPEC], dry_run=False)] == [True]
    assert [result.error for result in connector.push("Account", [create(1), create(2)])] == [None, None]


def test_what_salesforce_says_of_a_key_that_was_changed_meanwhile_concerns_all_records(
    connector: SalesforceConnector, person: Person, admin: Admin
) -> None:
    field = person.make_field(f"Account.{KEY}", **UNIQUE)
    connector.push("Account", [create(1)])
    person.change_field(field)
    with pytest.raises(ConfigError, match=f"Fields & Relationships > {KEY} > Edit tick 'External ID' and 'Unique'"):
        connector.push("Account", [create(2), create(3)])
    assert admin.count("Account") == 1


def test_a_field_that_was_hidden_is_looked_at_once_it_is_granted(
    connector: SalesforceConnector, person: Person, admin: Admin
) -> None:
    person.make_field(f"Account.{KEY}")
    (granted,) = person.query(f"SELECT Id FROM FieldPermissions WHERE Field = 'Account.{KEY}'")
    person.edit("FieldPermissions", granted["Id"], {"PermissionsRead": False, "PermissionsEdit": False})
    assert KEY not in connector.describe("Account")
    (found,) = connector.provision([KEY_SPEC], dry_run=False)
    assert not found.done
    assert "tick 'External ID' and 'Unique'" in str(found.manual)


TEXT, MONEY = (
    FieldSpec("Account", "Tier__c", "Tier", "text", 40),
    FieldSpec("Account", "Owed__c", "Owed", "currency", 18, 2),
)
TERMS = FieldSpec("Account", "Terms__c", "Terms", "picklist", values=("Net 30", "Net 60"))
DUE, HOLD = FieldSpec("Account", "Due__c", "Due", "date"), FieldSpec("Account", "Hold__c", "Hold", "checkbox")


def listed(*values: str, restricted: bool = True) -> dict[str, Any]:
    entries = {"value": [{"fullName": value, "label": value, "default": False} for value in values]}
    return {"type": "Picklist", "valueSet": {"restricted": restricted, "valueSetDefinition": entries}}


@pytest.mark.parametrize(
    ("spec", "made", "step"),
    [
        (TEXT, {"length": 20}, "set the length to 40"),
        (TEXT, NUMBER, "change the field type to Text with the length 40"),
        (MONEY, {"type": "Text"}, "change the field type to Currency"),
        (MONEY, {"type": "Currency", "precision": 18, "scale": 0}, "set the decimal places to 2"),
        (MONEY, {"type": "Currency", "precision": 10, "scale": 2}, "set the length to 16"),
        (TERMS, listed("Net 30", "Net 90"), "add the values Net 60"),
        (TERMS, {"type": "Checkbox", "defaultValue": "false"}, "change the field type to Picklist"),
        (DUE, {"type": "DateTime"}, "change the field type to Date"),
        (HOLD, {"type": "Text"}, "change the field type to Checkbox"),
    ],
)
def test_any_field_that_cannot_hold_its_values_is_told(
    connector: SalesforceConnector, person: Person, spec: FieldSpec, made: dict[str, Any], step: str
) -> None:
    person.make_field(f"Account.{spec.name}", **made)
    for dry_run in (True, False):
        (found,) = connector.provision([spec], dry_run=dry_run)
        assert not found.done
        assert f"{spec.name} > Edit {step}; then run" in str(found.manual)


@pytest.mark.parametrize(
    ("spec", "made"),
    [
        (TEXT, {"type": "LongTextArea", "length": 1000}),
        (TEXT, {"type": "Phone"}),
        (MONEY, NUMBER | {"scale": 2}),
        (TERMS, listed("Net 60", "Net 30", "Net 90")),
        (TERMS, listed("Net 90", restricted=False)),
        (TERMS, {"type": "Text"}),
    ],
)
def test_a_field_of_another_kind_that_holds_the_values_is_as_good(
    connector: SalesforceConnector, person: Person, spec: FieldSpec, made: dict[str, Any]
) -> None:
    person.make_field(f"Account.{spec.name}", **made)
    assert [found.done for found in connector.provision([spec], dry_run=True)] == [True]
