"""The sales objects of a multi-currency organisation, as far as the platform and its users meet them."""

from crmerp_assets.sandbox.salesforce.schema.fields import (
    Field,
    ObjectType,
    checkbox,
    computed,
    lookup,
    money,
    number,
    picklist,
    text,
)
from crmerp_assets.sandbox.salesforce.schema.system import CURRENCY, MASTER, OWNER, object_type

INDUSTRIES = (
    "Agriculture", "Banking", "Biotechnology", "Chemicals", "Construction", "Consulting", "Education", "Electronics",
    "Energy", "Engineering", "Entertainment", "Finance", "Government", "Healthcare", "Insurance", "Machinery",
    "Manufacturing", "Media", "Retail", "Shipping", "Technology", "Telecommunications", "Transportation", "Other",
)  # fmt: skip
STAGES = ("Prospecting", "Qualification", "Proposal", "Negotiation", "Closed Won", "Closed Lost")


def _address(kind: str) -> tuple[Field, ...]:
    return (
        Field(f"{kind}Street", f"{kind} Street", "textarea", 255),
        text(f"{kind}City", f"{kind} City", 40),
        text(f"{kind}State", f"{kind} State/Province", 80),
        text(f"{kind}PostalCode", f"{kind} Zip/Postal Code", 20),
        text(f"{kind}Country", f"{kind} Country", 80),
    )


def sales_objects() -> list[ObjectType]:
    return [_account(), _contact(), *_products(), _opportunity(), _line_item()]


def _account() -> ObjectType:
    return object_type(
        "Account",
        "Account",
        "001",
        MASTER,
        text("Name", "Account Name", 255, required=True, name_field=True),
        picklist("Type", "Account Type", ("Prospect", "Customer - Direct", "Customer - Channel", "Other")),
        lookup("ParentId", "Parent Account ID", "Account", "ChildAccounts"),
        *_address("Billing"),
        *_address("Shipping"),
        Field("Phone", "Account Phone", "phone", 40),
        Field("Fax", "Account Fax", "phone", 40),
        text("AccountNumber", "Account Number", 40),
        Field("Website", "Website", "url", 255),
        picklist("Industry", "Industry", INDUSTRIES),
        money("AnnualRevenue", "Annual Revenue"),
        Field("NumberOfEmployees", "Employees", "int", precision=8),
        Field("Description", "Account Description", "textarea", 32000),
        CURRENCY,
        OWNER,
        mergeable=True,
        cascades=("Contacts", "Opportunities"),
    )


def _contact() -> ObjectType:
    return object_type(
        "Contact",
        "Contact",
        "003",
        MASTER,
        lookup("AccountId", "Account ID", "Account", "Contacts"),
        text("FirstName", "First Name", 40),
        text("LastName", "Last Name", 80, required=True),
        computed(text("Name", "Full Name", 121, name_field=True)),
        *_address("Mailing"),
        Field("Phone", "Business Phone", "phone", 40),
        Field("MobilePhone", "Mobile Phone", "phone", 40),
        Field("Email", "Email", "email", 80),
        text("Title", "Title", 128),
        text("Department", "Department", 80),
        Field("Description", "Contact Description", "textarea", 32000),
        CURRENCY,
        OWNER,
        mergeable=True,
    )


def _products() -> list[ObjectType]:
    return [
        object_type(
            "Product2",
            "Product",
            "01t",
            text("Name", "Product Name", 255, required=True, name_field=True),
            text("ProductCode", "Product Code", 255),
            Field("Description", "Product Description", "textarea", 4000),
            checkbox("IsActive", "Active"),
            picklist("Family", "Product Family"),
            picklist("QuantityUnitOfMeasure", "Quantity Unit Of Measure"),
            CURRENCY,
            cascades=("PricebookEntries",),
        ),
        object_type(
            "Pricebook2",
            "Price Book",
            "01s",
            text("Name", "Price Book Name", 255, required=True, name_field=True),
            Field("Description", "Description", "textarea", 255),
            checkbox("IsActive", "Active"),
            computed(checkbox("IsStandard", "Is Standard Price Book")),
            cascades=("PricebookEntries",),
        ),
        object_type(
            "PricebookEntry",
            "Price Book Entry",
            "01u",
            computed(text("Name", "Product Name", 255, name_field=True)),
            lookup("Pricebook2Id", "Price Book ID", "Pricebook2", "PricebookEntries", required=True, updateable=False),
            lookup("Product2Id", "Product ID", "Product2", "PricebookEntries", required=True, updateable=False),
            money("UnitPrice", "List Price", required=True),
            checkbox("IsActive", "Active"),
            checkbox("UseStandardPrice", "Use Standard Price"),
            computed(text("ProductCode", "Product Code", 255)),
            picklist("CurrencyIsoCode", "Currency ISO Code", default="", updateable=False),
        ),
    ]


def _opportunity() -> ObjectType:
    return object_type(
        "Opportunity",
        "Opportunity",
        "006",
        lookup("AccountId", "Account ID", "Account", "Opportunities"),
        text("Name", "Name", 120, required=True, name_field=True),
        Field("Description", "Description", "textarea", 32000),
        picklist("StageName", "Stage", STAGES, required=True, restricted=True),
        money("Amount", "Amount"),
        Field("Probability", "Probability (%)", "percent", precision=3, scale=0, default=""),
        Field("CloseDate", "Close Date", "date", required=True),
        picklist("Type", "Opportunity Type", ("Existing Business", "New Business")),
        text("NextStep", "Next Step", 255),
        picklist("LeadSource", "Lead Source"),
        computed(checkbox("IsClosed", "Closed")),
        computed(checkbox("IsWon", "Won")),
        computed(text("ForecastCategoryName", "Forecast Category", 40)),
        lookup("Pricebook2Id", "Price Book ID", "Pricebook2", "Opportunities"),
        computed(checkbox("HasOpportunityLineItem", "Has Line Item")),
        CURRENCY,
        OWNER,
        cascades=("OpportunityLineItems",),
    )


def _line_item() -> ObjectType:
    opportunity = lookup(
        "OpportunityId", "Opportunity ID", "Opportunity", "OpportunityLineItems", required=True, updateable=False
    )
    return object_type(
        "OpportunityLineItem",
        "Opportunity Product",
        "00k",
        opportunity,
        Field("SortOrder", "Sort Order", "int", precision=9),
        lookup("PricebookEntryId", "Price Book Entry ID", "PricebookEntry", "OpportunityLineItems", updateable=False),
        lookup("Product2Id", "Product ID", "Product2", "OpportunityLineItems", updateable=False),
        computed(text("ProductCode", "Product Code", 255)),
        computed(text("Name", "Opportunity Product Name", 376, name_field=True)),
        computed(picklist("CurrencyIsoCode", "Currency ISO Code", default="")),
        number("Quantity", "Quantity", 12, 2, required=True),
        Field("Discount", "Discount", "percent", precision=5, scale=2),
        money("TotalPrice", "Total Price"),
        money("UnitPrice", "Sales Price"),
        computed(money("ListPrice", "List Price")),
        Field("ServiceDate", "Date", "date"),
        text("Description", "Line Description", 255),
    )
