"""Salesforce with Tryton: a won deal becomes a party and a sale on a real Tryton server, and its money flows back.

What a transaction brought that was so long that no pull looked back as far, the nightly comparison finds, although a
part of the record bears a later stamp; without `unstamped`, or where it compares stamps alone, the first test here
fails.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest
from world import CLOSED, CONNECTIONS, GO_LIVE, PLAIN, World, drafted

from crmerp_assets.bootstrap import Shared
from crmerp_assets.connectors.tryton.values import day
from crmerp_assets.sandbox.salesforce import SalesforceSandbox
from crmerp_assets.sandbox.tryton.installing import DATABASE, INTEGRATION_PASSWORD
from crmerp_assets.sync.deletions import compare_ids
from crmerp_assets.sync.systems import check
from crmerp_assets_tests.contract.tryton_case import shared_server
from crmerp_assets_tests.flow.least import beyond, grant_in_tryton, looking, missing, needed
from crmerp_assets_tests.tryton.proxy import Fault, Proxy
from crmerp_assets_tests.tryton.server import Person, TrytonServer

ACCESS = "Administration > Models > Models Access"
TRYTON = """
  - {name: tryton, type: tryton, role: erp, url: "${TRYTON_URL}", database: "${TRYTON_DATABASE}",
     username: integration, password: "${TRYTON_PASSWORD}"}
"""


@dataclass
class Office:
    """The world, with someone who works in Tryton, and the proxy through which the platform gets there."""

    world: World
    person: Person
    server: TrytonServer
    proxy: Proxy

    def read(self, model: str, domain: list[Any], *fields: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.person.call(
            f"model.{model}.search_read", domain, 0, None, [["id", "ASC"]], list(fields)
        )
        return found

    def account(self) -> str:
        address = {"BillingStreet": "1 Main Street", "BillingCity": "Boston", "BillingCountry": "United States"}
        (made,) = self.world.seed("crm", "Account", [{"Name": "Northwind", "CurrencyIsoCode": "USD", **address}])
        return made

    def sell(self, line: str, values: dict[str, Any]) -> None:
        """A change of a line that a sales rep makes in the CRM."""
        token = self.world.admin("crm", "token", {"user": "rep"})["access_token"]
        url = f"{self.world.crm.url}/services/data/v68.0/sobjects/OpportunityLineItem/{line}"
        answer = httpx.patch(url, json=values, headers={"Authorization": f"Bearer {token}"}, verify=PLAIN)
        assert answer.status_code == 204

    def deal(self, deal: str) -> dict[str, Any]:
        names = ("Order_Number", "Order_Status", "Order_Total", "Invoiced", "Paid", "Credited", "Open_Balance")
        asked = ", ".join(f"ERP_{name}__c" for name in names)
        (row,) = self.world.soql(f"SELECT {asked}, ERP_Invoice_Status__c FROM Opportunity WHERE Id = '{deal}'")
        return row


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with tryton_world(tmp_path / "world", monkeypatch) as office:
        yield office


@contextmanager
def tryton_world(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    (folder / "config").mkdir(parents=True)
    crm_only = CONNECTIONS.partition("  - name: netsuite")[0]
    (folder / "config" / "connections.yaml").write_text(crm_only + TRYTON, encoding="utf-8")
    server = shared_server()
    server.reset()
    with (
        SalesforceSandbox(folder / "salesforce") as crm,
        dg.DagsterInstance.ephemeral() as instance,
        closing(Proxy(server.url, lambda: server.sql("DELETE FROM ir_session"))) as proxy,
        closing(Person(server.url)) as person,
    ):
        variables = crm.credentials | {"TRYTON_URL": proxy.url, "TRYTON_DATABASE": DATABASE}
        variables |= {"TRYTON_PASSWORD": INTEGRATION_PASSWORD, "CRMERP_STATE": str(folder)}
        variables |= {"CRMERP_CONFIG": str(folder / "config"), "CRMERP_ENV_FILE": str(folder / "none.env")}
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        world = World(folder, crm, None, instance)  # type: ignore[arg-type]
        world.policy(GO_LIVE)
        world.provision()
        yield Office(world, person, server, proxy)
        if Shared._built is not None:
            Shared._built[1].close()
            Shared._built = None


def test_a_won_deal_is_ordered_invoiced_and_part_paid_in_tryton(office: Office) -> None:
    world = office.world
    entries = world.catalogue(3)
    (deal,) = world.deals([office.account()], entries, 1, lines=2)
    world.settle()
    (party,) = office.read("party.party", [["code", "like", "cust-%"]], "name", "code", "addresses.city")
    assert (party["name"], party["addresses."][0]["city"]) == ("Northwind", "Boston")
    (sale,) = office.read("sale.sale", [], "reference", "number", "state", "party", "sale_date", "invoices")
    assert (sale["party"], sale["state"]) == (party["id"], "processing")
    assert sale["sale_date"] == day(date.fromisoformat(CLOSED))
    row = office.deal(deal)
    assert (row["ERP_Order_Number__c"], Decimal(str(row["ERP_Order_Total__c"]))) == (sale["number"], Decimal("20.5"))

    drafted(world, deal)
    (invoice,) = sale["invoices"]
    office.person.edit("account.invoice", str(invoice), {"invoice_date": day(date.today())})
    office.person.willing("model.account.invoice.post", [invoice])
    office.person.pay(str(invoice), Decimal("12.50"), day(date.today()))
    world.settle()
    row = office.deal(deal)
    money = {name: Decimal(str(row[f"ERP_{name}__c"])) for name in ("Invoiced", "Paid", "Open_Balance")}
    assert money == {"Invoiced": Decimal("20.5"), "Paid": Decimal("12.5"), "Open_Balance": Decimal("8")}
    assert row["ERP_Invoice_Status__c"] == "Partially Paid"
    assert world.settle() == 0

    stamp = "UPDATE party_party SET name = 'Late', write_date = '2026-01-05 08:00:00' WHERE id = ?"
    office.server.sql(stamp, party["id"])
    with world.platform() as used:
        found = [{one.native_object: one.missed for one in compare_ids(used, "tryton")} for _ in range(2)]
    assert found == [dict.fromkeys(found[0], 0) | {"party.party": 1}, dict.fromkeys(found[0], 0)]


def test_everything_that_the_mapping_needs_is_there_and_the_jobs_are_for_what_tryton_has(office: Office) -> None:
    from crmerp_assets.definitions import defs

    with office.world.platform() as used:
        assert [finding for name, finding in check(used) if name == "tryton" and not finding.ok] == []
    assert defs().resolve_job_def("sync") is not None


def test_a_user_with_the_rights_that_are_printed_and_no_other_does_all(office: Office) -> None:
    world = office.world
    with looking(world, "tryton") as look:
        assert "party.party: delete" in beyond(look())
        rights = needed(look())
        grant_in_tryton(office.person, [one for one in rights if one.name != "sale.sale: create"])
        where = f"{ACCESS} > New: model sale.sale, the integration's group"
        assert missing(look()) == {"sale.sale: create": where}
        grant_in_tryton(office.person, rights)
        assert (missing(look()), beyond(look())) == ({}, [])
    (deal,) = world.deals([office.account()], world.catalogue(3), 1, lines=2)
    world.settle()
    opened = world.open_intents()
    assert opened.is_empty(), opened.select("entity", "connection", "state", "reason", "error").to_dicts()
    (sale,) = office.read("sale.sale", [], "number", "state", "invoices")
    assert office.deal(deal)["ERP_Order_Number__c"] == sale["number"]
    office.person.edit("account.invoice", str(sale["invoices"][0]), {"invoice_date": day(date.today())})
    office.person.willing("model.account.invoice.post", sale["invoices"])
    office.person.pay(str(sale["invoices"][0]), Decimal("12.50"), day(date.today()))
    world.settle()
    assert Decimal(str(office.deal(deal)["ERP_Paid__c"])) == Decimal("12.5")


@pytest.mark.parametrize(("step", "kind"), [("party.party.create", "cut_after"), ("sale.sale.confirm", "cut_before")])
def test_a_lost_answer_at_any_step_makes_one_party_and_one_sale(office: Office, step: str, kind: str) -> None:
    world = office.world
    (deal,) = world.deals([office.account()], world.catalogue(3), 1)
    office.proxy.faults.append(Fault(kind, rf"model\.{step}"))
    world.settle()
    assert len(office.read("party.party", [["code", "like", "cust-%"]], "id")) == 1
    (sale,) = office.read("sale.sale", [], "number", "reference", "state")
    assert sale["reference"].startswith("so-")
    assert not sale["reference"].endswith(")")
    assert office.deal(deal)["ERP_Order_Number__c"] == sale["number"]


def ordered(office: Office) -> str:
    """A deal of one line, whose sale is confirmed and that Tryton's queue has not begun to process; the line."""
    world = office.world
    (deal,) = world.deals([office.account()], world.catalogue(1), 1, lines=1)
    world.settle()
    office.server.sql("UPDATE sale_sale SET state = 'confirmed'")
    (line,) = world.soql(f"SELECT Id, Quantity FROM OpportunityLineItem WHERE OpportunityId = '{deal}'")
    assert line["Quantity"] == 1
    return str(line["Id"])


def sold(office: Office) -> tuple[str, str]:
    (sale,) = office.read("sale.sale", [], "state", "untaxed_amount")
    return sale["state"], sale["untaxed_amount"]["decimal"]


def test_a_deal_that_is_put_back_while_its_change_is_on_the_way_has_its_sale_confirmed_again(office: Office) -> None:
    world = office.world
    line = ordered(office)
    office.sell(line, {"Quantity": 5})
    office.proxy.faults.append(Fault("cut_before", r"model\.sale\.sale\.write"))
    world.pass_through()
    assert sold(office) == ("draft", "10.25")
    office.sell(line, {"Quantity": 1})
    world.settle()
    assert sold(office) in [(one, "10.25") for one in ("confirmed", "processing")]
    assert world.open_intents().is_empty()


@pytest.mark.parametrize("lost", [False, True])
def test_a_change_that_tryton_does_not_confirm_waits_with_its_reason_until_it_does(office: Office, lost: bool) -> None:
    """Also where that is found out only when it is settled."""
    world, confirm = office.world, r"model\.sale\.sale\.confirm"
    office.sell(ordered(office), {"Quantity": 5})
    office.proxy.faults += [Fault("cut_before", confirm, times=2 * lost), Fault("refuse", confirm, times=9)]
    world.pass_through()
    assert sold(office) == ("quotation" if lost else "draft", "51.25")
    world.pass_through()
    for _ in range(2):
        world.pass_through()
        (parked,) = world.open_intents().to_dicts()
        assert (parked["state"], parked["error_class"]) == ("rejected", "Rejected")
        assert sold(office) == ("draft", "51.25")
    office.proxy.faults.clear()
    with world.platform() as used, used.ledger.begin() as tx:
        assert tx.intents.retry([parked["id"]]) == 1
    world.settle()
    assert sold(office) in [(one, "51.25") for one in ("confirmed", "processing")]
    assert world.open_intents().is_empty()


def test_a_sale_that_is_changed_when_the_process_dies_is_confirmed_by_the_next_one(office: Office) -> None:
    world = office.world
    office.sell(ordered(office), {"Quantity": 5})
    dead = Fault("cut_before", r"model\.sale\.sale\.(quote|confirm)", times=100)
    office.proxy.faults.append(dead)
    world.pass_through()
    office.proxy.faults.clear()
    assert sold(office) == ("draft", "51.25")
    world.settle()
    assert sold(office) in [(one, "51.25") for one in ("confirmed", "processing")]
