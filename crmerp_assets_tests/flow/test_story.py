"""Exactly once, nothing lost, under any fault: random stories of people, trouble and restarts.

People of both systems edit, win, re-open, bill, pay and credit, while calls fail, pages lie, clocks step and processes
die. After every sync the laws of story_laws.py hold, and both systems hold what the oracle says (story_oracle.py, which
shares nothing with the merge it judges).

A story that breaks a law is shrunk and printed as the list of its steps. `make story` tells more and longer ones;
CRMERP_STORIES=<examples>x<steps> sets how many.

What was removed, one at a time, and what was said then, in short stories told by hand:
the gate order_closed (an intent is left over, rejected), the look at versions before an update (the ERP's edit became
the CRM's), ownership of writes (billing_city, blanked by its owner, came back), settling (the name stayed apart), the
base that a write leaves (an e-mail waited for a person although only the ERP had changed it).
"""

import copy
import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test
from story_ghosts import GhostRules
from story_laws import (
    an_order_stays,
    balances_are_shown,
    cash_is_shown,
    no_ghost_comes_back,
    nothing_is_doubled,
    nothing_is_open_without_a_reason,
    reviews_are_the_held_ones,
    take_over,
    the_order_is_the_deals,
    values_are_the_oracles,
)
from story_office import Fuse
from story_people import Seen
from story_rules import COMPANY, EDITS, SYSTEM

WEIRD = {"kind": st.sampled_from(("cut_before", "cut_after", "server_error", "throttle", "short_page", "repeat_page"))}


class Story(GhostRules):
    """People, trouble and syncs in any order."""

    @rule(system=SYSTEM, times=st.integers(1, 3), skip=st.integers(0, 12), **WEIRD)
    def trouble(self, system: str, kind: str, times: int, skip: int) -> None:
        """What networks and vendors do to the next calls."""
        self.office.trouble(system, kind=kind, times=times, skip=skip)

    @rule(system=SYSTEM, kind=st.sampled_from(("cut_before", "cut_after", "server_error")), times=st.integers(1, 2))
    def trouble_with_writes(self, system: str, kind: str, times: int) -> None:
        match = r"^(PUT|PATCH|POST) /services/(rest/record|data/v[\d.]+/(composite|sobjects|jobs))"
        self.office.trouble(system, kind=kind, times=times, match=match)

    @rule(lose_warehouse=st.booleans())
    def restart(self, lose_warehouse: bool) -> None:
        self.office.restart(lose_warehouse=lose_warehouse)

    @rule(crm=st.integers(-120, 120), erp=st.integers(-120, 120))
    def clocks_step(self, crm: int, erp: int) -> None:
        """Both systems' clocks are wrong by that many seconds from now on."""
        self.office.skew = {"crm": crm, "erp": erp}
        self.office.tick()

    @rule(calls=st.integers(1, 6), method=st.sampled_from(("push", "fetch", "pull")), after=st.booleans())
    def sync_that_dies(self, calls: int, method: str, after: bool) -> None:
        self._interrupted(lambda: self.office.once(fuse=Fuse(calls, (method,), after)))

    @rule()
    def sync_once(self) -> None:
        """What one side answers reaches the other only with the next sync."""
        self._interrupted(self.office.once)

    @rule(company=COMPANY, system=SYSTEM, changes=EDITS)
    def edit_between_plan_and_push(self, company: str, system: str, changes: dict[str, int]) -> None:
        def meanwhile() -> None:
            self.office.tick()
            self._edit(system, company, changes)

        self._interrupted(lambda: self.office.once(meanwhile))

    @rule()
    def sync(self) -> None:
        """Until both sides are at rest; then every law holds."""
        newer = self._newer(self.people.look())
        self.office.settle()
        self.oracle.grows()
        seen = self.people.look()
        self._laws(seen, newer)
        self.orders = {word for word, deal in self.oracle.deals.items() if deal.order is not None}

    def _interrupted(self, act: Callable[[], object]) -> None:
        """A sync that may end anywhere: each side holds what it held or what it should, and the story goes on there."""
        before = copy.deepcopy(self.oracle)
        calm = not self.office.troubled
        smooth = act() is not None and calm
        seen = self.people.look()
        nothing_is_doubled(seen)
        take_over(before, self.oracle, seen, smooth=smooth)
        self.orders = {word for word, deal in self.oracle.deals.items() if deal.order is not None}

    def _newer(self, seen: Seen) -> dict[str, bool]:
        """Whose record of a company both systems call the newer one."""
        both = seen.accounts.keys() & seen.customers.keys()
        return {word: seen.accounts[word][0]["modified"] >= seen.customers[word][0]["modified"] for word in both}

    def _laws(self, seen: Seen, newer: dict[str, bool]) -> None:
        nothing_is_doubled(seen)
        no_ghost_comes_back(self.oracle, seen)
        held = {}
        for word, company in self.oracle.companies.items():
            if word in self.oracle.disturbed:
                continue
            crm, erp = _only(seen.accounts, word), _only(seen.customers, word)
            held[word] = values_are_the_oracles(word, company, crm, erp, crm_is_newer=newer.get(word, True))
            balances_are_shown(self.oracle, word, crm, erp)
        for word, (crm_rows, erp_rows) in (seen.contacts | seen.products).items():
            if word in self.oracle.contacts and self.oracle.contacts[word][0] in self.oracle.disturbed:
                continue
            record = self.oracle.products.get(word) or self.oracle.contacts[word][1]
            crm, erp = next(iter(crm_rows), None), next(iter(erp_rows), None)
            values_are_the_oracles(word, record, crm, erp, crm_is_newer=True)
        for word, deal in self.oracle.deals.items():
            if deal.company in self.oracle.disturbed:
                an_order_stays(deal, _only(seen.orders, word))
                continue
            row = seen.deals[word][0]
            the_order_is_the_deals(deal, row, _only(seen.orders, word))
            cash_is_shown(deal, row)
        event(f"{sum(deal.order is not None for deal in self.oracle.deals.values())} orders at a sync")
        if self.oracle.disturbed:
            return
        nothing_is_open_without_a_reason(self.oracle, self.office)
        reviews_are_the_held_ones(self.office, held)


def _only(found: dict[str, list[dict]], word: str) -> dict | None:
    return next(iter(found.get(word, [])), None)


def _example(text: str) -> settings:
    """`<examples>x<steps>` as settings; derandomised, so that a run in CI tells the same stories each time."""
    examples, steps = map(int, text.split("x"))
    return settings(
        deadline=None,
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=not os.environ.get("CRMERP_STORIES"),
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_laws_hold_after_every_sync_of_any_story() -> None:
    run_state_machine_as_test(Story, settings=_example(os.environ.get("CRMERP_STORIES", "4x30")))
