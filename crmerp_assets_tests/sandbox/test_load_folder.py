"""A folder of CSV files as it is in the CRM sandbox: the public pipeline, and small folders with other shapes."""

import time
from pathlib import Path
from types import SimpleNamespace

import pytest

import crmerp_assets
from crmerp_assets.sandbox.company.client import Administration
from crmerp_assets.sandbox.company.load import CRM_SALES_OPPORTUNITIES, MappingError, load_folder, load_mapping
from crmerp_assets.sandbox.company.people import Seller
from crmerp_assets.sandbox.salesforce import SalesforceSandbox

REPOSITORY = Path(crmerp_assets.__file__).parents[1]
FOLDER = REPOSITORY / "../shared/data/crm_sales_opportunities"
needs_folder = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"{FOLDER} is not there")
OPPORTUNITY = ("Id", "Name", "StageName", "Amount", "CloseDate", "AccountId", "Product_Name__c")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    with SalesforceSandbox(tmp_path_factory.mktemp("pipeline")) as sandbox:
        started = time.perf_counter()
        counts = load_folder(FOLDER, load_mapping(CRM_SALES_OPPORTUNITIES), sandbox.url)
        seconds = time.perf_counter() - started
        with Seller(sandbox.url) as seller, Administration(sandbox.url) as admin:
            deals = seller.find("Opportunity", "Name != null", OPPORTUNITY)
            yield SimpleNamespace(counts=counts, seconds=seconds, seller=seller, admin=admin, deals=deals)


def stage(loaded, name):
    return [deal for deal in loaded.deals if deal["StageName"] == name]


@needs_folder
def test_the_whole_pipeline_is_loaded_in_seconds(loaded):
    counts = {"accounts": 85, "products": 7, "opportunities": 8800, "lines": 5564, "text products": 1480}
    assert loaded.counts == counts
    assert loaded.admin.count("OpportunityLineItem") == 5564
    assert loaded.seconds < 20


@needs_folder
def test_won_deals_are_worth_what_the_file_says(loaded):
    won = stage(loaded, "Closed Won")
    assert (len(won), sum(deal["Amount"] for deal in won)) == (4238, 10_005_534)
    assert {deal["CloseDate"][:4] for deal in won} == {"2017"}


@needs_folder
def test_every_stage_has_its_deals(loaded):
    stages = {name: len(stage(loaded, name)) for name in ("Closed Lost", "Negotiation", "Prospecting")}
    assert stages == {"Closed Lost": 2473, "Negotiation": 1589, "Prospecting": 500}


@needs_folder
def test_open_deals_have_a_date_no_amount_and_often_no_account(loaded):
    deals = [*stage(loaded, "Negotiation"), *stage(loaded, "Prospecting")]
    assert all(deal["CloseDate"] for deal in deals)
    assert {deal["Amount"] for deal in deals} == {None}
    assert sum(deal["AccountId"] is None for deal in deals) == 1425


@needs_folder
def test_a_product_the_catalogue_does_not_have_stays_text(loaded):
    texts = [deal for deal in loaded.deals if deal["Product_Name__c"]]
    assert {deal["Product_Name__c"] for deal in texts} == {"GTXPro"}
    won = [deal for deal in texts if deal["StageName"] == "Closed Won"]
    assert len(won) == 729
    assert all(deal["Amount"] > 0 for deal in won)


@needs_folder
def test_accounts_keep_their_dirt_and_their_parents(loaded):
    fields = ("Name", "BillingCountry", "Industry", "Parent.Name")
    accounts = {a["Name"]: a for a in loaded.seller.find("Account", "Name != null", fields[:3])}
    assert accounts["Bioholding"]["BillingCountry"] == "Philipines"
    assert accounts["Acme Corporation"]["Industry"] == "technolgy"
    assert len(loaded.seller.find("Account", "ParentId != null")) == 15
    assert [a["Name"] for a in loaded.seller.find("Account", "Parent.Name = 'Golddex'")] == [
        "Funholding",
        "Vehement Capital Partners",
    ]


@needs_folder
def test_the_integration_may_see_the_text_field(loaded):
    where = "Field = 'Opportunity.Product_Name__c' AND PermissionsRead = true AND PermissionsEdit = true"
    assert len(loaded.seller.find("FieldPermissions", where, ("Id",))) == 1


MAPPING = """
currency: EUR
exported: 2020-01-01
accounts: {file: firms.csv, key: firm, fields: {Name: firm}, parent: owner}
products: {file: goods.csv, key: code, fields: {Name: title, ProductCode: code}, price: list}
opportunities: {file: deals.csv, key: no, name: "Deal {no}", fields: {StageName: stage, CloseDate: day}, account: firm}
lines: {file: sold.csv, opportunity: deal, product: code, price: each, quantity: pieces, text: Product_Name__c}
"""


@pytest.fixture
def small(tmp_path):
    files = {
        "mapping.yaml": MAPPING,
        "firms.csv": "firm,owner\nLeaf,Middle\nMiddle,Top\nTop,\nOrphan,Nobody\n",
        "goods.csv": "code,title,list\nA-1,Anvil,10\n",
        "deals.csv": "no,stage,day,firm\n1,Closed Won,2020-01-01,Leaf\n2,Proposal,2020-02-01,\n",
        "sold.csv": "deal,code,each,pieces\n1,A-1,9.5,3\n1,A-1,8,1\n2,Hammer,5,1\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    return tmp_path


def test_lines_may_be_in_a_file_of_their_own(small):
    with SalesforceSandbox(small / "crm") as sandbox:
        counts = load_folder(small, load_mapping(small / "mapping.yaml"), sandbox.url)
        with Seller(sandbox.url) as seller:
            deals = seller.find("Opportunity", "Name != null", ("Name", "Amount", "CurrencyIsoCode", "Product_Name__c"))
            owned = seller.find("Account", "Parent.Name = 'Middle'")
    assert counts == {"accounts": 4, "products": 1, "opportunities": 2, "lines": 2, "text products": 1}
    assert [tuple(deal.values()) for deal in deals] == [
        ("Deal 1", 36.5, "EUR", None),
        ("Deal 2", None, "EUR", "Hammer"),
    ]
    assert [account["Name"] for account in owned] == ["Leaf"]


def test_a_mapping_with_an_unknown_key_says_which(small):
    (small / "mapping.yaml").write_text(MAPPING.replace("price: list", "cost: list"))
    with pytest.raises(MappingError, match="cost"):
        load_mapping(small / "mapping.yaml")


def test_a_file_without_a_mapped_column_says_which(small):
    (small / "firms.csv").write_text("company,owner\nTop,\n")
    with (
        SalesforceSandbox(small / "crm") as sandbox,
        pytest.raises(MappingError, match=r"firms.csv has no column firm"),
    ):
        load_folder(small, load_mapping(small / "mapping.yaml"), sandbox.url)
