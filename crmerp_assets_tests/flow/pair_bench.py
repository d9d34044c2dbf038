"""The bench with any CRM and any ERP: what people do there is said once, and each system does it in its own way.

All forms of one side are planned together. Names are random words and no two records share a phone, so that nothing is
taken for a double of anything else.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import dagster as dg
import duckdb
import httpx
import polars as pl
import pytest
from bench import HASTY_PATIENCE, HASTY_SECONDS, ROUNDS, Bench, Case, paused, with_connectors
from crm_hands import CRM_HANDS
from erp_hands import erp_hand
from mortal import Life
from pair_hands import PRICE, SKUS, CrmHand, ErpHand, digits
from test_business_day import staged
from world import World, push_all, read_and_plan

from crmerp_assets.bootstrap import build
from crmerp_assets.cli.pair import chosen
from crmerp_assets.sandbox.company.generate import generate
from crmerp_assets.sandbox.company.model import Company
from crmerp_assets.sandbox.company.roles import Newcomer, SaleLine
from crmerp_assets.sandbox.company.seed import seed
from crmerp_assets.settings import Settings
from crmerp_assets.sync.push import push
from crmerp_assets_tests.tryton.proxy import Proxy

TODAY = date.today()
POLICY = """
go_live: 2026-01-01
create:
  customer: {{crm: always, erp: always}}
  contact: {{crm: with_customer}}
  product: {{erp: {products}}}
  order: {{crm: always}}
orders: {{not_won: cancel}}
retries: {{base_seconds: 0.001, max_seconds: 0.002, max_attempts: 9}}
breaker: {{first_load: true, min_attempts: 1000000}}
"""
SHOWN = "mirror: {orders: true, invoices: true}\n"
"""Said beside HubSpot, which alone has records of its own for the ERP's documents."""
WRITES_LINES = "lines: {write: create}\n"
"""Said in HubSpot's mapping of orders, so that the lines of a new deal are written."""
SHARED = "fields:\n  customer: {owner: shared}\n"
"""Said of contacts, so that one who changes company in the ERP does so in the CRM: HubSpot has a call for that."""
UNHURRIED = {"secondly": 10_000, "ten_secondly": 100_000}
"""Pauses are cut short, so that HubSpot's real windows would only refuse."""
HOMES = ("Northwind Traders", "Zebra Foods")
"""The accounts to which deals and contacts belong."""
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
SOLD = 2
"""Of the first product in a won deal; of the second there are three."""


@dataclass
class PairBench(Bench):
    """Both systems with the products of SKUS in common, two accounts, and those who work there."""

    names: tuple[str, str]
    seller: Any
    accountant: Any
    crm: CrmHand
    erp: ErpHand
    random: Random = field(default_factory=lambda: Random(7))
    ids: dict[str, str] = field(default_factory=dict)
    invoices: dict[str, str] = field(default_factory=dict)
    homes: list[str] = field(default_factory=list)

    def run(self, cases: Sequence[Case]) -> None:
        """Try every case of one side: plan all together, push one after the other, and recover."""
        side = cases[0].form.side
        other = next(name for name in self.names if name != side)
        updated = [case for case in cases if case.form.change]
        self.seed(updated)
        self.quiet()
        self.seed([case for case in cases if not case.form.change])
        for form in dict.fromkeys(case.form for case in updated):
            assert form.change is not None
            form.change(self, [case for case in updated if case.form is form])
        self.plan()
        push(self.patient, other, "the other side")
        self.plan()
        self.hold(cases)
        for case in cases:
            self.strike(case)
        self._let_go(side)
        self.quiet()

    def plan(self) -> None:
        """Read both systems and plan everything."""
        read_and_plan(self.patient)

    def name(self, case: Case, number: int) -> str:
        words = 1 if case.form.entity == "contact" else 2
        return " ".join("".join(self.random.choices(SYLLABLES, k=4)).capitalize() for _ in range(words))

    def quiet(self) -> None:
        """Plan and push until nothing is sent any more; then nothing is left to do anywhere."""
        for _ in range(ROUNDS):
            self.plan()
            if push_all(self.patient) == 0:
                break
        left = pl.concat([self.open(name) for name in self.names])
        assert left.is_empty(), left.select("connection", "entity", "state", "reason", "error", "changes").to_dicts()

    def _let_go(self, side: str) -> None:
        """What was held back and belongs to no case."""
        with self.patient.ledger.begin() as tx:
            held = tx.intents.open(side, states=["waiting"])
            tx.intents.approve(held["id"].to_list(), by="bench")

    def account(self, names: Iterable[str]) -> None:
        """New accounts in the CRM."""
        for name in names:
            site = f"https://{name.replace(' ', '').lower()}.example"
            street = f"{self.random.randint(1, 900)} {self.random.choice(SYLLABLES).capitalize()} Street"
            newcomer = Newcomer(name, site, self.phone(name), street, "Boston", "02108", "United States", "USD")
            self.ids[name] = self.seller.create_account(newcomer)

    def phone(self, name: str, new: bool = False) -> str:
        """The phone of a record of this name, before and after it was changed."""
        number = Random(name + "new" * new).randint(0, 7_999_999)
        return f"+1212{number + 2_000_000}"

    def sell(self, names: Iterable[str]) -> None:
        """Won deals of the first account."""
        lines = [SaleLine(SKUS[0], SOLD, PRICE), SaleLine(SKUS[1], 3, PRICE)]
        for name in names:
            self.ids[name] = self.seller.create_deal(self.homes[0], name, lines, TODAY, "USD")
            self.seller.win(self.ids[name], TODAY)

    def bill(self, names: Iterable[str]) -> None:
        """Invoice the orders of these names."""
        orders = self.by_name(self.names[1], "order")
        for name in names:
            self.invoices[name] = self.accountant.bill(orders[name], TODAY)

    def billed(self) -> dict[str, str]:
        """name of the order -> number of its invoice."""
        numbers = {one.id: one.number for one in self.accountant.invoices()}
        return {name: numbers[invoice] for name, invoice in self.invoices.items()}

    def held(self, side: str, entity: str) -> list[dict[str, Any]]:
        """What the CRM, or the ERP, holds of an entity."""
        hand: CrmHand | ErpHand = self.crm if side == self.names[0] else self.erp
        return hand.records(entity)

    def by_name(self, side: str, entity: str) -> dict[str, str]:
        """name -> id."""
        return {str(row["name"]).removeprefix("Ann "): row["id"] for row in self.held(side, entity)}

    def customers(self) -> list[str]:
        """The ERP's ids of the two accounts that were there from the start."""
        keys = {one.account: one.key.lower() for one in self.seller.keyed_accounts()}
        known = self.accountant.keyed_customers()
        return [known[keys[home]] for home in self.homes]

    def whose(self, side: str, customer: str | None) -> str | None:
        """`first` or `second` where a record belongs to one of the two accounts."""
        known = self.homes if side == self.names[0] else self.customers()
        return dict(zip(known, ("first", "second"), strict=True)).get(customer or "", customer)

    def phone_of(self, row: dict[str, Any]) -> str:
        """`old`, `new` or what else is the phone of a record."""
        shown = digits(row.get("phone"))
        known = {digits(self.phone(row["name"], new)): "new" if new else "old" for new in (False, True)}
        return known.get(shown, shown)


def catalogue() -> Company:
    """A company with the products of SKUS, and without customers."""
    whole = generate(TODAY, accounts=10)
    kept: dict[str, Any] = {one.name: [] for one in fields(Company)}
    for name in ("products", "prices", "items"):
        kept[name] = [record for record in getattr(whole, name) if record.fields["sku"] in SKUS]
    return Company(**kept)


@contextmanager
def make_pair(crm: str, erp: str, folder: Path) -> Iterator[PairBench]:
    """A bench in a folder of its own; Tryton stands behind a proxy."""
    pair = chosen(crm, erp)
    with ExitStack() as up:
        patch = up.enter_context(pytest.MonkeyPatch.context())
        stage, servers = up.enter_context(staged(pair, folder, patch))
        tryton = servers.get("tryton")
        if tryton is not None:
            servers["tryton"] = up.enter_context(
                closing(Proxy(tryton.url, lambda: tryton.sql("DELETE FROM ir_session")))
            )
            patch.setenv("TRYTON_URL", servers["tryton"].url)
        if crm == "hubspot":
            httpx.post(f"{servers[crm].url}/_sandbox/limits", json=UNHURRIED).raise_for_status()
        seed(catalogue(), stage.place, TODAY)
        world = World(stage.settings.state, None, None, up.enter_context(dg.DagsterInstance.ephemeral()))  # type: ignore[arg-type]
        _configure(world, crm, erp)
        up.enter_context(duckdb.connect(str(stage.settings.state / "warehouse.duckdb"))).execute("SET threads = 1")
        world.provision()
        life, built = Life(""), build(Settings())
        patient = with_connectors(built, paused(life), 30.0, 900.0)
        hasty = with_connectors(built, paused(life), HASTY_SECONDS, HASTY_PATIENCE)
        for platform in (built, patient, hasty):
            up.callback(platform.close)
        seller = up.enter_context(pair.crm.worker(stage.place.crm_url))
        accountant = up.enter_context(pair.erp.worker(stage.place.erp_url))
        hands = CRM_HANDS[crm](seller), erp_hand(erp, accountant, tryton)
        bench = PairBench(world, patient, hasty, life, servers, pair.names, seller, accountant, *hands)
        bench.account(HOMES)
        bench.homes = [bench.ids[name] for name in HOMES]
        yield bench


def _configure(world: World, crm: str, erp: str) -> None:
    policy = POLICY.format(products="never" if erp == "tryton" else "always")
    world.policy(policy + SHOWN * (crm == "hubspot"))
    mapping = world.state / "config" / "mapping"
    for folder in ("matrix", "governance"):
        (mapping / folder).mkdir(parents=True)
    (mapping / "governance" / "contact.yaml").write_text(SHARED, encoding="utf-8")
    if crm == "hubspot":
        (mapping / "matrix" / "order.hubspot.yaml").write_text(WRITES_LINES, encoding="utf-8")
