"""A copy stands in for the work that tests begin with only where that work would have met and done the same.

To see that the tests bite, protections were removed one at a time. What was removed, and what failed:

- the look at what was written, in `begin`: `test_a_world_that_something_was_written_to_is_worked_on_itself`
- the configuration, the options or the arguments in the key: `test_other_circumstances_do_the_work_themselves`
- the look at what does not last: `test_what_does_not_last_is_not_kept`
- the copy of the result: `test_the_second_begins_with_what_the_first_left_and_neither_touches_the_others`
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from world import World, make_world

from crmerp_assets_tests.flow.begun import begun

Made = Callable[..., AbstractContextManager[World]]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """Worlds of the test's own, one after another."""
    folders = iter(range(9))
    return lambda **options: make_world(tmp_path / str(next(folders)), monkeypatch, **options)


def _work() -> tuple[list[str], Callable[..., list[str]]]:
    done: list[str] = []

    def _companies(world: World, count: int = 1, fault: bool = False) -> list[str]:
        done.append(world.erp.url)
        if fault:
            world.admin("erp", "faults", {"kind": "throttle", "match": "nothing"})
        return world.accounts(count)

    _companies.__qualname__ += str(id(done))
    return done, begun(_companies)


def test_the_second_begins_with_what_the_first_left_and_neither_touches_the_others(made: Made) -> None:
    done, companies = _work()
    with made() as first:
        ids = companies(first)
        first.accounts(1)
        ids.append("something of the first")
    with made() as second:
        again = companies(second)
        assert len(done) == 1
        assert [row["Id"] for row in second.soql("SELECT Id FROM Account")] == again == ids[:1]
        second.accounts(1)
        assert [row["Name"] for row in second.soql("SELECT Name FROM Account ORDER BY Name")] == [
            "Company 0",
            "Company 1",
        ], "names go on where they were"
        second.provision()


def test_other_circumstances_do_the_work_themselves(made: Made) -> None:
    done, companies = _work()
    for number in range(4):
        with made(**({"tax_rates": {"1": 20.0}} if number == 1 else {})) as world:
            if number == 2:
                world.policy("go_live: 2026-01-01\n")
            companies(world, 2 if number == 3 else 1)
            assert len(done) == number + 1


def test_a_world_that_something_was_written_to_is_worked_on_itself(made: Made) -> None:
    done, companies = _work()
    for number in range(2):
        with made() as world:
            if number:
                world.seed("erp", "customer", [{"companyName": "Already there", "subsidiary": {"id": "1"}}])
            companies(world)
            assert len(done) == number + 1
            assert len(world.suiteql("SELECT id FROM customer")) == number


def test_what_does_not_last_is_not_kept(made: Made) -> None:
    done, companies = _work()
    for number in range(2):
        with made() as world:
            companies(world, fault=True)
            assert len(done) == number + 1
            assert world.erp.faults.list()
