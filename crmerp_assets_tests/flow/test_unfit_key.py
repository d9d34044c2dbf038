"""A key field that an administrator made without Unique: nothing goes through it until it is mended, and then all does.

To see that the tests bite, protections were removed one at a time. What was removed, and what failed:

- `_of_another_kind` in `systems.check`: both
- `_unfit` in Salesforce's provisioning, and `require_key` before its pushes: nothing_is_pushed (the first one: both)
- steps to be taken by hand among those that leave a connection resting in `systems.provision`: nothing_is_pushed
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from world import GO_LIVE, World, make_world

from crmerp_assets.cli.main import app
from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.contract.case import Admin
from crmerp_assets.sync import systems
from crmerp_assets.sync.pauses import pauses
from crmerp_assets.sync.push import push
from crmerp_assets_tests.contract.salesforce_case import KEY, Person

STEP = f"In Setup > Object Manager > Account > Fields & Relationships > {KEY} > Edit tick 'Unique'"
CUSTOMERS = [{"companyName": f"Only ERP {n}", "subsidiary": {"id": "1"}} for n in range(3)]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Nothing is provisioned yet."""
    with make_world(tmp_path / "state", monkeypatch) as made:
        made.policy(GO_LIVE)
        yield made


@pytest.fixture
def field(world: World) -> Iterator["Field"]:
    made = Field(world)
    yield made
    made.person.close()
    made.admin.close()


class Field:
    """The key of accounts as an administrator made it: an external id that lets records share a value."""

    def __init__(self, world: World) -> None:
        self.admin = Admin(world.crm.url)
        self.person = Person(world.crm.url, self.admin)
        self.id = self.person.make_field(f"Account.{KEY}", externalId=True)

    def mend(self) -> None:
        self.person.change_field(self.id, externalId=True, unique=True)


def test_the_commands_tell_the_step_and_check_fails_until_it_is_taken(world: World, field: Field) -> None:
    for options in ((), ("--yes",)):
        rows = json.loads(crmerp("provision", "--json", *options).output)
        (row,) = [row for row in rows if (row["object"], row["field"]) == ("Account", KEY)]
        assert not row["done"]
        assert row["by_hand"].startswith(STEP)
    told = " ".join(crmerp("provision").output.split())
    assert f"by hand salesforce: Account.{KEY} → {STEP}" in told
    checked = crmerp("check")
    assert checked.exit_code == 1
    failed = " ".join(checked.output.split())
    assert f"NO salesforce: Account.{KEY} is not as the mapping needs it → {STEP}" in failed

    field.mend()

    assert crmerp("check").exit_code == 0


def test_nothing_is_pushed_by_such_a_key_and_all_of_it_once_it_is_mended(world: World, field: Field) -> None:
    world.provision()
    world.seed("erp", "customer", CUSTOMERS)
    world.pass_through(push=False)
    with world.platform() as used, pytest.raises(ConfigError, match="tick 'Unique'"):
        push(used, "salesforce", "test")

    assert _accounts(world) == 0
    assert world.open_intents("rejected", "sent", "claimed", "unknown").is_empty()
    assert world.open_intents("planned").height == 3
    with world.platform() as used:
        (rest,) = pauses(used).rows(named=True)
        assert (rest["connection"], rest["error_class"]) == ("salesforce", "ConfigError")
        assert STEP in rest["error"]
        systems.provision(used, dry_run=False)
        systems.check(used)
        assert pauses(used).height == 1, "what an administrator has still to do ends no rest"

    field.mend()
    with world.platform() as used:
        assert all(finding.ok for _, finding in systems.check(used))
        assert pauses(used).is_empty()
    world.settle()
    assert _accounts(world) == 3
    assert world.open_intents().is_empty()


def _accounts(world: World) -> int:
    return int(world.admin("crm", "count?object=Account", method="GET")["count"])


def crmerp(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "300"}, catch_exceptions=False)
