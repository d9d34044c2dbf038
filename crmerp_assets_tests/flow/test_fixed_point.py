"""After a sync both sides are at rest: planning again plans nothing, and a rebuild from nothing comes to the same."""

from datetime import date

from polars.testing import assert_frame_equal
from world import CLOSED, GO_LIVE, World

from crmerp_assets.sandbox.company.people import Accountant, Seller
from crmerp_assets_tests.flow.begun import begun

ENTITIES = ("customer", "contact", "product", "order", "invoice")


def test_planning_right_after_a_sync_plans_nothing_also_when_rebuilt_from_nothing(world: World) -> None:
    _company(world)

    world.run("plan")
    assert world.open_intents().is_empty()

    golden = {entity: world.golden(entity) for entity in ENTITIES}
    for file in world.state.glob("warehouse.duckdb*"):
        file.unlink()
    world.pass_through(push=False)

    assert world.open_intents().is_empty()
    for entity, before in golden.items():
        after = world.golden(entity)
        assert before.height > 0
        assert_frame_equal(after, before, check_column_order=False)
    assert world.pass_through() == 0


def test_a_warehouse_that_is_deleted_under_a_running_process_is_rebuilt(world: World) -> None:
    """The daemon keeps one platform for its whole life."""
    world.run("plan")
    for file in world.state.glob("warehouse.duckdb*"):
        file.unlink()

    assert world.run("plan").success


def test_edits_of_people_travel_as_governance_says_and_then_both_sides_rest(world: World) -> None:
    accounts = _company(world)
    with Seller(world.crm.url) as ann, Accountant(world.erp.url) as bob:
        customer = {row["companyname"]: row["id"] for row in world.suiteql("SELECT id, companyname FROM customer")}
        ann.change("Account", accounts[0], {"Phone": "+1 202 555 0142", "BillingCity": "Nowhere"})
        bob.change_customer(customer["Company 1"], email="books@example.com", creditLimit=5000)
        ann.change("Account", accounts[2], {"Website": "older.example.com"})
        bob.change_customer(customer["Company 2"], url="https://newer.example.com")
        world.admin("crm", "late", {"object": "Account", "id": accounts[2], "seconds_ago": 120})

        assert 0 < world.settle() < 12
        assert world.pass_through() == 0

        fields = "Phone, BillingCity, Email__c, Credit_Limit__c, Website"
        crm = {row["Id"]: row for row in world.soql(f"SELECT Id, {fields} FROM Account")}
        erp = {row["id"]: row for row in world.suiteql("SELECT id, phone, email, url, creditlimit FROM customer")}
    assert "2025550142" in "".join(c for c in erp[customer["Company 0"]]["phone"] if c.isdigit())
    assert crm[accounts[0]]["BillingCity"] == "Boston", "the ERP owns billing addresses"
    assert crm[accounts[1]]["Email__c"] == "books@example.com"
    assert crm[accounts[1]]["Credit_Limit__c"] == 5000
    assert "newer.example.com" in crm[accounts[2]]["Website"], "the newest edit of a shared field counts"
    assert "newer.example.com" in erp[customer["Company 2"]]["url"]


def test_a_changed_rule_or_mapping_reaches_records_that_did_not_change(world: World) -> None:
    _configure(world, "governance/customer.yaml", "fields:\n  website: {conflict: manual}\n")
    accounts = _company(world)
    with Seller(world.crm.url) as ann, Accountant(world.erp.url) as bob:
        ann.change("Account", accounts[0], {"Website": "one.example.com", "Phone": "+1 202 555 0142"})
        customer = world.suiteql("SELECT id FROM customer WHERE companyname = 'Company 0'")[0]["id"]
        bob.change_customer(customer, url="https://two.example.com")
    world.settle()
    assert world.soql("SELECT Website FROM Account WHERE Website LIKE '%one.example.com'"), "held for a person"

    _configure(world, "governance/customer.yaml", "fields:\n  website: {conflict: crm}\n")
    _configure(world, "matrix/customer.salesforce.yaml", "fields:\n  phone: {transform: text}\n")
    world.pass_through()

    assert "one.example.com" in world.suiteql(f"SELECT url FROM customer WHERE id = {customer}")[0]["url"]
    with world.platform() as used, used.warehouse.open() as con:
        phones = con.execute("SELECT phone FROM conformed.salesforce__customer").fetchall()
    assert ("+1 202 555 0142",) in phones


def _configure(world: World, file: str, text: str) -> None:
    """Override a file of the mapping."""
    path = world.state / "config" / "mapping" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@begun
def _company(world: World) -> list[str]:
    """Three customers with contacts, orders, an invoice and a payment, in agreement; the accounts' ids."""
    world.policy(GO_LIVE)
    accounts = world.accounts(3)
    world.seed("crm", "Contact", [{"LastName": f"Person {n}", "AccountId": a} for n, a in enumerate(accounts)])
    with Seller(world.crm.url) as ann:
        ann.change("Account", accounts[0], {"BillingCity": "Boston", "BillingCountry": "USA"})
    world.deals(accounts, world.catalogue(), 5)
    world.settle()
    with Accountant(world.erp.url) as bob:
        day = date.fromisoformat(CLOSED)
        invoice = bob.bill(bob.orders()[0]["id"], invoice_date=day)
        bob.pay(invoice, day=day)
    world.settle()
    return accounts
