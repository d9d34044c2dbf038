"""What people do in a story, told to the oracle as it happens to the systems."""

import json
import tempfile
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from story_office import Office
from story_oracle import CENT, CONTACT, CUSTOMER, PRODUCT, Bill, Deal, Line, Oracle, Record, Values, worth
from story_people import SKUS, People
from world import CLOSED, make_world

from crmerp_assets.sync.review import decide, open_reviews

POLICY = "go_live: 2026-01-01\nretries: {base_seconds: 0.01, max_seconds: 0.02, max_attempts: 60}\n"
GOVERNANCE = """\
fields:
  email: {conflict: manual}
  website: {blank: clear}
  credit_limit: {blank: clear}
"""
TAX_NUMBERS = {"Acme": "27-1839465", "Borealis": "84-3019572", "Cobalt": "61-9240738"}
COMPANIES = tuple(TAX_NUMBERS)
SYSTEM = st.sampled_from(("crm", "erp"))
COMPANY = st.sampled_from(COMPANIES)
WHICH = st.integers(0, 3)
EDITS = st.dictionaries(st.sampled_from(tuple(CUSTOMER)), WHICH, min_size=1, max_size=5)
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


class PeopleRules(RuleBasedStateMachine):
    """Both systems, the platform and the people; each rule is one thing that somebody does."""

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

    @initialize(where=st.tuples(*[st.sampled_from(("crm", "erp", "both"))] * len(COMPANIES)), first=WHICH, second=WHICH)
    def companies_move_in(self, where: tuple[str, ...], first: int, second: int) -> None:
        """Entered on both sides, a company has one tax number, so that it is known to be one."""
        self.office.tick()
        for company, side in zip(COMPANIES, where, strict=True):
            record = self.oracle.companies[company] = Record(CUSTOMER)
            if side in ("crm", "both"):
                record.crm = self._values(company, first)
                self.people.new_account(company, record.crm, TAX_NUMBERS[company])
            if side in ("erp", "both"):
                record.erp = self._values(company, second)
                self.people.new_customer(company, record.erp, TAX_NUMBERS[company])
        self.sync()
        for number, company in enumerate(self._alive()):
            self._contact(f"Person{number}", company)
            self._sold(company, [("SKU-0", 1, Decimal(10)), ("SKU-1", 2, Decimal("12.50"))], won=True)
        self.sync()

    def _values(self, company: str, which: int) -> Values:
        return {name: spelled(company, name, which) for name in CUSTOMER}

    @rule(company=COMPANY, crm=EDITS, erp=EDITS)
    def edit_on_both_sides(self, company: str, crm: dict[str, int], erp: dict[str, int]) -> None:
        """In the same second, some of them the same fields."""
        self.office.tick()
        self._edit("crm", company, crm)
        self._edit("erp", company, erp)

    @rule(company=COMPANY, system=SYSTEM, changes=EDITS)
    def edit(self, company: str, system: str, changes: dict[str, int]) -> None:
        """By the owner's people, or by the others."""
        self.office.tick()
        self._edit(system, company, changes)

    def _edit(self, system: str, company: str, changes: dict[str, int]) -> None:
        record = self.oracle.companies[company]
        values = record.crm if system == "crm" else record.erp
        if values is None or (system == "crm" and company in self.oracle.ghosts):
            return
        for field, which in changes.items():
            values[field] = spelled(company, field, which)
            note(f"{field} of {company} becomes {values[field]!r} in the {system.upper()}")
            self.people.edit(system, company, field, values[field])

    def _contact(self, word: str, company: str) -> None:
        values: Values = {"title": "Head", "email": None}
        self.people.new_contact(word, company, values)
        self.oracle.contacts[word] = company, Record(CONTACT, crm=values)

    @precondition(lambda self: self.oracle.contacts)
    @rule(which=WHICH, system=SYSTEM, field=st.sampled_from(tuple(CONTACT)), value=WHICH)
    def edit_contact(self, which: int, system: str, field: str, value: int) -> None:
        word, (company, record) = list(self.oracle.contacts.items())[which % len(self.oracle.contacts)]
        values = record.crm if system == "crm" else record.erp
        if values is None or company in self.oracle.disturbed:
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
        if company in self._alive() and len(self.oracle.deals) < 6:
            self.office.tick()
            self._sold(company, lines, won=won)

    def _sold(self, company: str, lines: list[Line], *, won: bool) -> None:
        word = f"Deal{len(self.oracle.deals)}"
        self.people.new_deal(word, company, lines, self.entries)
        self.oracle.deals[word] = Deal(word, company, lines)
        note(f"{word} with {company} over {worth(lines)}")
        if won:
            self._stage(word, won=True)

    @precondition(lambda self: self._live())
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
        return self._live()[which % len(self._live())]

    def _live(self) -> list[str]:
        return [word for word, deal in self.oracle.deals.items() if not deal.binned]

    @precondition(lambda self: self._live())
    @rule(which=WHICH, lines=LINES | st.none() | st.just([]), name=WHICH)
    def change_deal(self, which: int, lines: list[Line] | None, name: int) -> None:
        """Its lines, unless None, and its name: before its order exists, or after."""
        self.office.tick()
        word = self._deal(which)
        deal = self.oracle.deals[word]
        deal.name = f"{word} again {name}" if name else word
        note(f"{word} is called {deal.name!r}")
        self.people.change_deal(word, Name=deal.name)
        if lines is not None:
            note(f"the lines of {word} become {lines}")
            self.people.change_lines(word, lines, self.entries)
            deal.lines = lines

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

    @rule(which=WHICH, answer=SYSTEM)
    def decide(self, which: int, answer: str) -> None:
        """A person answers a review: whose value counts, for exactly the values that were asked about."""
        reviews = open_reviews(self.office.platform, "conflict").to_dicts()
        if not reviews:
            return
        review = reviews[which % len(reviews)]
        (key, field), detail = json.loads(review["subject"]), json.loads(review["detail"])
        word = next(word for word, rows in self.people.look().accounts.items() if rows[0]["Crmerp_Id__c"] == key)
        note(f"a person decides that {field} of {word} is {detail[answer]!r}")
        decide(self.office.platform, review["id"], answer, "Ana")
        self.oracle.companies[word].decided[field] = detail["crm"], detail["erp"], answer

    def sync(self) -> None:
        """Until both sides are at rest."""
        raise NotImplementedError

    def _alive(self) -> list[str]:
        """Companies with an account."""
        companies = self.oracle.companies.items()
        return [word for word, company in companies if company.crm is not None and word not in self.oracle.ghosts]
