"""`crmerp sandbox ...`: a person plays the accountant from the command line, naming documents by their numbers."""

import socket

import pytest
from typer.testing import CliRunner

from crmerp_assets.cli.main import app as crmerp
from crmerp_assets.cli.pair import chosen
from crmerp_assets.cli.sandbox import app
from crmerp_assets.cli.stage import Stage, connections, running
from crmerp_assets.sandbox.company.client import Administration
from crmerp_assets.sandbox.company.people import Accountant
from crmerp_assets.sandbox.company.salesforce import Salesforce
from crmerp_assets.sandbox.netsuite import NetSuiteSandbox
from crmerp_assets.sandbox.odoo import OdooSandbox
from crmerp_assets.sandbox.salesforce import SalesforceSandbox
from crmerp_assets.settings import Settings


@pytest.fixture
def bob(tmp_path, monkeypatch):
    with NetSuiteSandbox(tmp_path, require_approval=True) as sandbox, Accountant(sandbox.url) as person:
        env_file = tmp_path / "sandbox.env"
        env_file.write_text(f"SALESFORCE_URL={sandbox.url}\nNETSUITE_URL={sandbox.url}\n")
        monkeypatch.setenv("CRMERP_ENV_FILE", str(env_file))
        yield person


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(*arguments):
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output


def test_an_order_is_played_to_its_end_by_number(bob):
    customer = bob.create("customer", {"companyName": "Payer", "subsidiary": {"id": "1"}})
    item = bob.create("nonInventorySaleItem", {"itemId": "GOODS"})
    lines = {"items": [{"item": {"id": item}, "quantity": 4, "rate": 25}]}
    order = bob.create("salesOrder", {"entity": {"id": customer}, "item": lines})
    number = bob.read("salesOrder", order)["tranId"]
    run("approve", number)
    run("deposit", number, "10")
    run("bill", number, "--line", "1", "--quantity", "1")
    run("fulfil", number)
    run("bill", number)
    first, second = bob.invoices()
    assert (first["unpaid"], second["unpaid"]) == ("15", "75")
    run("pay", second["tranid"], "40")
    run("credit", second["tranid"], "5")
    run("write-off", second["tranid"])
    assert bob.invoices()[1]["unpaid"] == "0"
    (payment,) = bob.documents("CustPymt")
    run("void", payment["tranid"])
    assert bob.invoices()[1]["unpaid"] == "40"
    loose = bob.receive(customer, 7)
    run("refund", bob.read("customerPayment", loose)["tranId"])
    assert bob.read("customerPayment", loose)["unapplied"] == 0.0


def test_populate_adds_generated_companies_to_both_systems(tmp_path, monkeypatch):
    crm_folder, erp_folder = tmp_path / "crm", tmp_path / "erp"
    with SalesforceSandbox(crm_folder) as crm, NetSuiteSandbox(erp_folder) as erp:
        env_file = tmp_path / "sandbox.env"
        env_file.write_text(f"SALESFORCE_URL={crm.url}\nNETSUITE_URL={erp.url}\n")
        monkeypatch.setenv("CRMERP_ENV_FILE", str(env_file))
        run("populate", "200", "--seed", "3")
        with Administration(crm.url) as accounts, Administration(erp.url) as customers:
            assert (accounts.count("Account"), customers.count("customer")) == (200, 200)
        with Salesforce(crm.url, "admin") as admin:
            rows = admin.query("SELECT Name, ParentId, BillingCountry FROM Account")
        assert len({row["Name"] for row in rows}) > 180
        assert any(row["ParentId"] for row in rows), "members of groups name their heads"


def test_in_another_pair_the_same_commands_work_and_say_what_is_not_there(tmp_path, monkeypatch):
    config = tmp_path / "config"
    config.mkdir()
    (config / "connections.yaml").write_text(connections(chosen("hubspot", "odoo")))
    with OdooSandbox(tmp_path / "odoo") as sandbox, Administration(sandbox.url) as admin:
        (tmp_path / "sandbox.env").write_text(f"HUBSPOT_URL={sandbox.url}\nODOO_URL={sandbox.url}\n")
        monkeypatch.setenv("CRMERP_ENV_FILE", str(tmp_path / "sandbox.env"))
        monkeypatch.setenv("CRMERP_CONFIG", str(config))
        (partner,) = admin.seed("res.partner", [{"name": "Payer", "is_company": True}])
        (product,) = admin.seed("product.product", [{"default_code": "GOODS", "name": "Goods"}])
        line = {"product_id": int(product), "product_uom_qty": 2, "price_unit": 50}
        admin.seed("sale.order", [{"partner_id": int(partner), "order_line": [[0, 0, line]]}])
        run("approve", "S00001")
        run("bill", "S00001")
        with chosen("hubspot", "odoo").erp.worker(sandbox.url) as books:
            (invoice,) = books.invoices()
            run("pay", invoice.number, "40")
            assert [one.kind for one in books.settlements()] == ["account.payment"]
        refused = CliRunner().invoke(app, ["deposit", "S00001", "10"])
    assert refused.exit_code == 2
    assert "no deposits" in refused.output


def test_a_crm_and_an_erp_of_one_vendor_are_two_databases_with_credentials_of_their_own(tmp_path):
    pair = chosen("odoo_crm", "odoo")
    settings = Settings(state=tmp_path, config=tmp_path / "config", env_file=tmp_path / "sandbox.env")
    with Stage(settings, {system: free_port() for system in pair.servers}, pair=pair) as stage:
        with Administration(stage.urls["odoo_crm"]) as crm, Administration(stage.urls["odoo"]) as erp:
            crm.seed("res.partner", [{"name": "Known to the CRM alone", "is_company": True}])
            assert (crm.count("res.partner"), erp.count("res.partner")) == (1, 0)
        place = running(settings)
        assert (place.crm_url, place.erp_url) == (stage.urls["odoo_crm"], stage.urls["odoo"])
        left = dict(line.split("=", 1) for line in settings.env_file.read_text().splitlines())
    assert left["ODOO_CRM_API_KEY"] != left["ODOO_API_KEY"]


@pytest.mark.parametrize(("option", "there"), [("--crm", "odoo_crm"), ("--crm", "hubspot"), ("--erp", "tryton")])
def test_a_system_that_is_none_is_answered_with_those_there_are(option, there):
    result = CliRunner().invoke(crmerp, ["demo", option, "abacus"])
    assert result.exit_code == 2
    assert "abacus" in result.output
    assert there in result.output
