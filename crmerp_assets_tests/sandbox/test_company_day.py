"""A seeded company, its people at work, and a business day in both sandboxes. The tests play the platform's part."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from crmerp_assets.sandbox.company import systems as there
from crmerp_assets.sandbox.company.client import Administration, Refused
from crmerp_assets.sandbox.company.day import AFTERNOON, MORNING, UNKNOWN_PRODUCT, NotLinked, afternoon, morning
from crmerp_assets.sandbox.company.generate import generate
from crmerp_assets.sandbox.company.people import Accountant, SaleLine, Seller
from crmerp_assets.sandbox.company.scene import Pair
from crmerp_assets.sandbox.company.seed import AlreadySeeded, Place, seed
from crmerp_assets.sandbox.netsuite import NetSuiteSandbox
from crmerp_assets.sandbox.salesforce import SalesforceSandbox

TODAY = datetime.now(UTC).date()
CURRENCIES = {"USD": "1", "GBP": "2", "EUR": "4"}


@pytest.fixture(scope="module")
def company():
    return generate(TODAY)


@pytest.fixture(scope="module")
def systems(tmp_path_factory):
    directory = tmp_path_factory.mktemp("company")
    with SalesforceSandbox(directory / "crm") as crm, NetSuiteSandbox(directory / "erp") as erp:
        yield SimpleNamespace(crm=crm.url, erp=erp.url)


@pytest.fixture(scope="module")
def seeded(systems, company):
    return seed(company, place(systems), TODAY)


def place(systems):
    return Place(there.crm("salesforce"), systems.crm, there.erp("netsuite"), systems.erp)


@pytest.fixture(scope="module")
def seller(systems, seeded):
    with Seller(systems.crm) as person:
        yield person


@pytest.fixture(scope="module")
def accountant(systems, seeded):
    with Accountant(systems.erp) as person:
        yield person


@pytest.fixture(scope="module")
def platform(seeded, seller, accountant):
    """What a first sync has left: keys on both sides and the field for products in words."""
    seller.ensure_field("Account", "Crmerp_Id__c", "Golden Id", 64)
    seller.ensure_field("Opportunity", "Product_Name__c", "Product")
    for number, (account, customer) in enumerate(seeded.pairs[:20]):
        seller.change("Account", account, {"Crmerp_Id__c": f"G-{number}"})
        accountant.change_customer(customer, externalId=f"G-{number}")
    return dict(seeded.pairs)


@pytest.fixture(scope="module")
def office(systems, seeded):
    """A seller and an accountant as the day knows them, in no system's words."""
    found = place(systems)
    with found.crm.worker(found.crm_url) as sells, found.erp.worker(found.erp_url) as books:
        yield sells, books


@pytest.fixture(scope="module")
def morning_events(platform, office):
    return morning(*office, TODAY)


@pytest.fixture(scope="module")
def orders(morning_events, platform, seller, accountant):
    """The orders the platform would make of the won deals that have products."""
    won = [e for e in morning_events if e.won and e.kind != "unknown_product_deal_won"]
    customer = accountant.create("customer", {"companyName": "Thornquay", "subsidiary": {"id": "1"}})
    items = {row["itemid"]: row["id"] for row in accountant.query("SELECT id, itemid FROM item")}
    return {e.crm_id: order_of(seller, accountant, e, platform.get(e.detail["account"], customer), items) for e in won}


def order_of(seller, accountant, event, customer, items):
    (deal,) = seller.find("Opportunity", f"Id = '{event.crm_id}'", ("Id", "CurrencyIsoCode"))
    fields = ("ProductCode", "Quantity", "TotalPrice")
    sold = seller.find("OpportunityLineItem", f"OpportunityId = '{event.crm_id}'", fields)
    fallback = items["RT-100"]
    lines = [
        {"item": {"id": items.get(s["ProductCode"], fallback)}, "quantity": s["Quantity"], "amount": s["TotalPrice"]}
        for s in sold
    ]
    currency = {"id": CURRENCIES[deal["CurrencyIsoCode"]]}
    body = {"entity": {"id": customer}, "currency": currency, "item": {"items": lines}}
    return accountant.create("salesOrder", body)


def only(events, kind):
    return [event for event in events if event.kind == kind]


def test_both_systems_hold_what_was_generated(systems, seeded, company):
    with Administration(systems.crm) as crm, Administration(systems.erp) as erp:
        assert crm.count("Account") == 520
        assert crm.count("OpportunityLineItem") == len(company.lines)
        assert (erp.count("customer"), erp.count("salesOrder"), erp.count("invoice")) == (200, 60, 60)
    assert seeded.counts["accounts"] == 520
    assert len(seeded.pairs) == 175


def test_seeding_twice_is_refused_unless_asked_for(systems, seeded, company):
    with pytest.raises(AlreadySeeded, match="not empty"):
        seed(company, place(systems), TODAY)


def test_seeded_records_look_untouched_for_weeks(systems, seeded):
    two_weeks_ago = (TODAY - timedelta(days=13)).isoformat()
    recent = f"SystemModstamp > {two_weeks_ago}T00:00:00Z"
    with Seller(systems.crm, "eve") as eve, Accountant(systems.erp, "eve") as bookkeeper:
        assert len(eve.find("Opportunity", recent)) <= 7
        sql = "SELECT type, COUNT(*) n FROM transaction WHERE lastmodifieddate > TO_DATE(?, 'YYYY-MM-DD') GROUP BY type"
        assert [row for row in bookkeeper.query(sql, two_weeks_ago) if int(row["n"]) > 7] == []


def test_past_invoices_are_paid_open_and_overdue(accountant):
    today = TODAY.isoformat()
    kinds = Counter((i["status"], i["duedate"] < today) for i in accountant.invoices() if i["trandate"] < today)
    assert kinds["B", True] > 10
    assert min(kinds["A", True], kinds["A", False]) > 4


def test_a_deal_is_sold_at_list_price_or_as_agreed(seller, seeded):
    account = seeded.pairs[30][0]
    lines = [SaleLine("RT-100", 2), SaleLine("SW-08", 1, Decimal("150.50"), Decimal(10))]
    deal = seller.create_deal(account, "Two prices", lines, TODAY, "EUR")
    (found,) = [d for d in seller.open_deals() if d["Id"] == deal]
    assert found["Amount"] == 1342.59
    assert [line["ProductCode"] for line in found["Lines"]] == ["RT-100", "SW-08"]


def test_a_product_without_a_price_is_named(seller, seeded):
    with pytest.raises(LookupError, match="NO-SUCH"):
        seller.create_deal(seeded.pairs[30][0], "Nothing", [SaleLine("NO-SUCH")], TODAY)


def test_what_a_system_refuses_is_told_in_its_words(seller):
    with pytest.raises(Refused, match="bad value"):
        seller.create("Opportunity", {"Name": "x", "StageName": "Nonsense", "CloseDate": "2026-01-01"})


def test_the_day_needs_linked_customers(office, seeded):
    with pytest.raises(NotLinked):
        morning(*office, TODAY, linked=[Pair(*seeded.pairs[0], "USD")])


def test_every_step_of_the_morning_leaves_an_event(morning_events):
    assert list(dict.fromkeys(event.kind for event in morning_events)) == [step.name for step in MORNING]


def test_six_deals_are_won_today(morning_events, seller):
    won = seller.find("Opportunity", f"IsWon = true AND CloseDate = {TODAY}", ("Id", "CurrencyIsoCode"))
    assert len(won) == 6
    assert {deal["Id"] for deal in won} <= {event.crm_id for event in morning_events}


def test_the_twelve_line_deal_has_twelve_lines(morning_events, seller):
    (event,) = only(morning_events, "twelve_line_deal_won")
    assert len(seller.find("OpportunityLineItem", f"OpportunityId = '{event.crm_id}'")) == 12


def test_the_unknown_product_is_only_words(morning_events, seller):
    (event,) = only(morning_events, "unknown_product_deal_won")
    fields = ("Product_Name__c", "Amount", "HasOpportunityLineItem")
    (deal,) = seller.find("Opportunity", f"Id = '{event.crm_id}'", fields)
    assert deal == {"Product_Name__c": UNKNOWN_PRODUCT, "Amount": 1800.0, "HasOpportunityLineItem": False}


def test_the_same_phone_is_changed_in_both_systems_the_erp_last(morning_events, seller, accountant):
    crm, erp = only(morning_events, "phone_changed_in_both")
    assert timedelta(seconds=1) <= erp.at - crm.at <= timedelta(seconds=10)
    (account,) = seller.find("Account", f"Id = '{crm.crm_id}'", ("Phone",))
    assert account["Phone"] != accountant.read("customer", erp.erp_id)["phone"]


def test_the_address_changes_only_in_its_street(morning_events, accountant):
    (event,) = only(morning_events, "address_changed_in_erp")
    book = accountant.read("customer", event.erp_id)["addressBook"]["items"]
    (address,) = [line["addressBookAddress"] for line in book if line["defaultBilling"]]
    assert address["addr1"] == event.detail["street"]
    assert address["city"]


def test_the_afternoon_pays_part_pays_credits_and_leaves_overdue(orders, office, accountant):
    events = afternoon(*office, TODAY, orders)
    assert list(dict.fromkeys(event.kind for event in events)) == [step.name for step in AFTERNOON]
    invoices = {row["id"]: row for row in accountant.invoices()}
    state = {event.kind: invoices[event.erp_id] for event in events if event.what == "An invoice is issued"}
    assert state["invoice_paid"]["unpaid"] == "0"
    part = Decimal(state["invoice_part_paid"]["paid"]) / Decimal(state["invoice_part_paid"]["total"])
    assert round(part, 2) == Decimal("0.40")
    assert state["invoice_credited"]["unpaid"] == "0"
    assert date.fromisoformat(state["invoice_overdue"]["duedate"]) == TODAY - timedelta(days=30)
    assert state["invoices_issued"]["paid"] == "0"


def test_an_order_can_be_billed_in_part_and_an_invoice_credited_in_part(accountant):
    item = accountant.query("SELECT id FROM item WHERE itemid = 'RT-100'")[0]["id"]
    customer = accountant.create("customer", {"companyName": "Part Payer", "subsidiary": {"id": "1"}})
    lines = [{"item": {"id": item}, "quantity": 4, "rate": 100}, {"item": {"id": item}, "quantity": 1, "rate": 50}]
    order = accountant.create("salesOrder", {"entity": {"id": customer}, "item": {"items": lines}})
    invoice = accountant.bill(order, partial={1: 3})
    accountant.credit(invoice, Decimal("30.00"))
    record = accountant.read("invoice", invoice)
    assert (record["total"], record["amountRemaining"]) == (300.0, 270.0)
    assert accountant.total("invoice", accountant.bill(order)) == Decimal(150)
