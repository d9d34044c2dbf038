"""Exactly once, nothing lost, under any fault: random stories of people, trouble and restarts.

People of both systems edit, win, re-open, bill, pay and credit, while calls fail, pages lie, clocks step and processes
die. After every sync the laws of story_laws.py hold, and both systems hold what the oracle says (story_oracle.py, which
shares nothing with the merge it judges).

A story that breaks a law is shrunk and printed as the list of its steps. `make story` tells more and longer ones;
CRMERP_STORIES=<examples>x<steps> sets how many.
"""

import copy
import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from story_laws import (
    balances_are_shown,
    cash_is_shown,
    nothing_is_doubled,
    nothing_is_open_without_a_reason,
    reviews_are_the_held_ones,
    take_over,
    the_order_is_the_deals,
    values_are_the_oracles,
)
from story_office import Fuse, Office
from story_oracle import CENT, CONTACT, CUSTOMER, PRODUCT, Bill, Deal, Line, Oracle, Record, Values, worth
from story_people import SKUS, People, Seen
from world import CLOSED, make_world

POLICY = "go_live: 2026-01-01\nretries: {base_seconds: 0.01, max_seconds: 0.02, max_attempts: 60}\n"
GOVERNANCE = """\
fields:
  email: {conflict: manual}
  website: {blank: clear}
  credit_limit: {blank: clear}
"""
COMPANIES = ("Acme", "Borealis", "Cobalt")
WEIRD = {"kind": st.sampled_from(("cut_before", "cut_after", "server_error", "throttle", "short_page", "repeat_page"))}
SYSTEM = st.sampled_from(("crm", "erp"))
COMPANY = st.sampled_from(COMPANIES)
WHICH = st.integers(0, 3)
CITIES = {"billing_city": ("Boston", "Austin", "Denver"), "shipping_city": ("Lyon", "Porto", "Ghent")}
LINES = st.lists(
    st.tuples(
        st.sampled_from(SKUS), st.integers(1, 5), st.sampled_from((Decimal(10), Decimal("12.50"), Decimal("99.99")))
    ),
    min_size=1,
    max_size=3,
)


def spelled(company: str, name: str, which: int) -> str | None:
    """The value number `which` of a company's field; number 3 is blank, except for names."""
    if name == "name":
        return company if which == 0 else f"{company} Works {which}"
    if which == 3:
        return None
    return {
        "phone": f"+1415555{ord(company[0]):03}{which}",
        "website": f"{company.lower()}{which}.com",
        "email": f"desk{which}@{company.lower()}.com",
        "credit_limit": str(1000 * (which + 1)),
        **{city: names[which] for city, names in CITIES.items()},
    }[name]


class Story(RuleBasedStateMachine):
    """People, trouble and syncs in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        folder = Path(self.open.enter_context(tempfile.TemporaryDirectory()))
        patched = self.open.enter_context(pytest.MonkeyPatch.context())
        self.world = self.open.enter_context(make_world(folder / "state", patched))
        governance = self.world.state / "config" / "mapping" / "governance"
        governance.mkdir(parents=True)
        (governance / "customer.yaml").write_text(GOVERNANCE, encoding="utf-8")
        self.world.policy(POLICY)
        self.world.provision()
        self.office, self.people, self.oracle = Office(self.world), People(self.world), Oracle()
        self.entries = dict(zip(SKUS, self.world.catalogue(len(SKUS)), strict=True))
        for n, sku in enumerate(SKUS):
            self.oracle.products[sku] = Record(PRODUCT, crm={"name": f"Product {n}"})
        self.invoices: dict[str, list[str]] = {}
        self.orders: set[str] = set()

    def teardown(self) -> None:
        self.people.close()
        self.office.close()
        self.open.close()

    # People

    @initialize(where=st.tuples(*[st.sampled_from(("crm", "erp", "both"))] * len(COMPANIES)), first=WHICH, second=WHICH)
    def companies_move_in(self, where: tuple[str, ...], first: int, second: int) -> None:
        """Entered on both sides, a company has one tax number, so that it is known to be one."""
        self.office.tick()
        for company, side in zip(COMPANIES, where, strict=True):
            record = self.oracle.companies[company] = Record(CUSTOMER)
            if side in ("crm", "both"):
                record.crm = self._values(company, first)
                self.people.new_account(company, record.crm, f"TAX-{company}")
            if side in ("erp", "both"):
                record.erp = self._values(company, second)
                self.people.new_customer(company, record.erp, f"TAX-{company}")
        self.sync()

    def _values(self, company: str, which: int) -> Values:
        return {name: spelled(company, name, which) for name in CUSTOMER}

    @rule(company=COMPANY, field=st.sampled_from(tuple(CUSTOMER)), crm=WHICH, erp=WHICH)
    def edit_on_both_sides(self, company: str, field: str, crm: int, erp: int) -> None:
        """In the same second."""
        self.office.tick()
        self._edit("crm", company, field, crm)
        self._edit("erp", company, field, erp)

    @rule(company=COMPANY, system=SYSTEM, field=st.sampled_from(tuple(CUSTOMER)), value=WHICH)
    def edit(self, company: str, system: str, field: str, value: int) -> None:
        """By the owner's people, or by the others."""
        self.office.tick()
        self._edit(system, company, field, value)

    def _edit(self, system: str, company: str, field: str, which: int) -> None:
        record = self.oracle.companies[company]
        values = record.crm if system == "crm" else record.erp
        if values is None:
            return
        value = values[field] = spelled(company, field, which)
        note(f"{field} of {company} becomes {value!r} in the {system.upper()}")
        self.people.edit(system, company, field, value)

    @rule(company=COMPANY, which=WHICH)
    def new_contact(self, company: str, which: int) -> None:
        if self.oracle.companies[company].crm is None or len(self.oracle.contacts) >= 3:
            return
        self.office.tick()
        word = f"Person{len(self.oracle.contacts)}"
        values: Values = {"title": f"Head {which}", "email": None}
        note(f"{word} is entered at {company}")
        self.people.new_contact(word, company, values)
        self.oracle.contacts[word] = company, Record(CONTACT, crm=values)

    @precondition(lambda self: self.oracle.contacts)
    @rule(which=WHICH, system=SYSTEM, field=st.sampled_from(tuple(CONTACT)), value=WHICH)
    def edit_contact(self, which: int, system: str, field: str, value: int) -> None:
        word, (_, record) = list(self.oracle.contacts.items())[which % len(self.oracle.contacts)]
        values = record.crm if system == "crm" else record.erp
        if values is None:
            return
        self.office.tick()
        values[field] = None if value == 3 else f"p{value}@example.com" if field == "email" else f"Head {value}"
        self.people.edit_contact(system, word, field, values[field])

    @rule(sku=st.sampled_from(SKUS), system=SYSTEM, value=WHICH)
    def rename_product(self, sku: str, system: str, value: int) -> None:
        record = self.oracle.products[sku]
        values = record.crm if system == "crm" else record.erp
        if values is None:
            return
        self.office.tick()
        values["name"] = f"{sku} model {value}"
        self.people.rename_product(system, sku, values["name"])

    @rule(company=COMPANY, lines=LINES, won=st.booleans())
    def new_deal(self, company: str, lines: list[Line], won: bool) -> None:
        if self.oracle.companies[company].crm is None or len(self.oracle.deals) >= 5:
            return
        self.office.tick()
        word = f"Deal{len(self.oracle.deals)}"
        self.people.new_deal(word, company, lines, self.entries)
        self.oracle.deals[word] = Deal(word, company, lines)
        note(f"{word} with {company} over {worth(lines)}")
        if won:
            self._stage(word, won=True)

    @precondition(lambda self: self.oracle.deals)
    @rule(which=WHICH, won=st.booleans())
    def win_or_reopen(self, which: int, won: bool) -> None:
        word = self._deal(which)
        if self.oracle.deals[word].won != won:
            self.office.tick()
            self._stage(word, won=won)

    def _stage(self, word: str, *, won: bool) -> None:
        note(f"{word} is {'won' if won else 're-opened'}")
        self.people.change_deal(word, StageName="Closed Won" if won else "Negotiation", CloseDate=CLOSED)
        self.oracle.deals[word].won = won

    def _deal(self, which: int) -> str:
        return list(self.oracle.deals)[which % len(self.oracle.deals)]

    @precondition(lambda self: self.oracle.deals)
    @rule(which=WHICH, lines=LINES | st.just([]))
    def change_lines(self, which: int, lines: list[Line]) -> None:
        """Before its order exists, or after."""
        self.office.tick()
        word = self._deal(which)
        note(f"the lines of {word} become {lines}")
        self.people.change_lines(word, lines, self.entries)
        self.oracle.deals[word].lines = lines

    @precondition(lambda self: self.oracle.deals)
    @rule(which=WHICH, value=WHICH)
    def rename_deal(self, which: int, value: int) -> None:
        self.office.tick()
        deal = self.oracle.deals[self._deal(which)]
        deal.name = f"{deal.name.split()[0]} again {value}"
        self.people.change_deal(deal.name.split()[0], Name=deal.name)

    @precondition(lambda self: self.orders)
    @rule(which=WHICH, first_line_only=st.booleans(), overdue=st.booleans())
    def bill(self, which: int, first_line_only: bool, overdue: bool) -> None:
        word = sorted(self.orders)[which % len(self.orders)]
        deal = self.oracle.deals[word]
        assert deal.order is not None
        left = sorted(set(range(len(deal.order.lines))) - {n for bill in deal.bills for n in bill.lines})
        if not left:
            return
        self.office.tick()
        billed = left[:1] if first_line_only else left
        note(f"{word} is billed: lines {billed}{', overdue' * overdue}")
        self.invoices.setdefault(word, []).append(self.people.bill(word, billed, overdue))
        deal.bills.append(Bill(worth([deal.order.lines[n] for n in billed]), overdue, billed))

    @precondition(lambda self: self.invoices)
    @rule(which=WHICH, bill=WHICH, kind=st.sampled_from(("pay", "credit")), part=st.booleans())
    def settle_invoice(self, which: int, bill: int, kind: str, part: bool) -> None:
        """Pay or credit an invoice, in full or in part."""
        word = sorted(self.invoices)[which % len(self.invoices)]
        deal, at = self.oracle.deals[word], bill % len(self.invoices[word])
        found = deal.bills[at]
        if found.open <= 0:
            return
        self.office.tick()
        amount = (found.open / 3).quantize(CENT) if part else found.open
        note(f"{amount} of invoice {at} of {word}: {kind}")
        if kind == "pay":
            self.people.pay(self.invoices[word][at], amount)
            found.paid += amount
        else:
            self.people.credit(self.invoices[word][at], amount)
            found.credited += amount

    # Trouble

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
        """Both systems' clocks are wrong by that many seconds until the next step."""
        self.office.tick(crm, erp)

    # Syncs

    @rule(calls=st.integers(1, 6), method=st.sampled_from(("push", "fetch", "pull")), after=st.booleans())
    def sync_that_dies(self, calls: int, method: str, after: bool) -> None:
        self._interrupted(lambda: self.office.once(fuse=Fuse(calls, (method,), after)))

    @rule()
    def sync_once(self) -> None:
        """What one side answers reaches the other only with the next sync."""
        self._interrupted(self.office.once)

    @rule(company=COMPANY, system=SYSTEM, field=st.sampled_from(tuple(CUSTOMER)), value=WHICH)
    def edit_between_plan_and_push(self, company: str, system: str, field: str, value: int) -> None:
        def meanwhile() -> None:
            self.office.tick()
            self._edit(system, company, field, value)

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
        act()
        seen = self.people.look()
        nothing_is_doubled(seen)
        take_over(before, self.oracle, seen)
        self.orders = {word for word, deal in self.oracle.deals.items() if deal.order is not None}

    def _newer(self, seen: Seen) -> dict[str, bool]:
        """Whose record of a company both systems call the newer one."""
        both = seen.accounts.keys() & seen.customers.keys()
        return {word: seen.accounts[word][0]["modified"] >= seen.customers[word][0]["modified"] for word in both}

    def _laws(self, seen: Seen, newer: dict[str, bool]) -> None:
        nothing_is_doubled(seen)
        held = {}
        for word, company in self.oracle.companies.items():
            crm, erp = _only(seen.accounts, word), _only(seen.customers, word)
            held[word] = values_are_the_oracles(word, company, crm, erp, crm_is_newer=newer.get(word, True))
            balances_are_shown(self.oracle, word, crm, erp)
        for word, (crm_rows, erp_rows) in (seen.contacts | seen.products).items():
            record = self.oracle.products.get(word) or self.oracle.contacts[word][1]
            crm, erp = next(iter(crm_rows), None), next(iter(erp_rows), None)
            values_are_the_oracles(word, record, crm, erp, crm_is_newer=True)
        for word, deal in self.oracle.deals.items():
            row = seen.deals[word][0]
            the_order_is_the_deals(deal, row, _only(seen.orders, word))
            cash_is_shown(deal, row)
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
    run_state_machine_as_test(Story, settings=_example(os.environ.get("CRMERP_STORIES", "6x40")))
