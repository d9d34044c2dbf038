"""Customers and contacts: entities share one set of internal ids and external ids."""

from collections.abc import Iterator

from crmerp_assets.sandbox.netsuite.schema import fields as f
from crmerp_assets.sandbox.netsuite.schema.fields import RecordType, Sublist

ADDRESS = f.named(
    f.text("addressee", 83),
    f.text("attention", 83),
    f.text("addr1", 150, label="Address 1"),
    f.text("addr2", 150, label="Address 2"),
    f.text("addr3", 150, label="Address 3"),
    f.text("city", 50),
    f.text("state", 50),
    f.text("zip", 36),
    f.reference("country", "country"),
    f.text("addrPhone", 32),
)

CURRENCY_LIST = Sublist(
    "currencyList",
    fields=f.named(
        f.reference("currency", "currency"),
        f.money("balance", "balancesearch", readonly=True),
        f.money("overdueBalance", "overduebalancesearch", readonly=True),
        f.money("unbilledOrders", "unbilledorderssearch", readonly=True),
        f.money("depositBalance", readonly=True),
    ),
)

ADDRESS_BOOK = Sublist(
    "addressBook",
    fields=f.named(
        f.text("label", 150),
        f.boolean("defaultBilling"),
        f.boolean("defaultShipping"),
    ),
)

CUSTOMER = RecordType(
    name="customer",
    label="Customer",
    table="customer",
    pool="entity",
    code="CustJob",
    type_id=-2,
    created="datecreated",
    sublists={"addressBook": ADDRESS_BOOK, "currencyList": CURRENCY_LIST},
    fields=f.named(
        f.text("externalId", 255),
        f.text("entityId", 83, label="Customer ID"),
        f.text("companyName", 83),
        f.text("firstName", 32),
        f.text("lastName", 32),
        f.boolean("isPerson"),
        f.email("email"),
        f.phone("phone"),
        f.phone("fax"),
        f.text("url", 100, label="Web Address"),
        f.text("vatRegNumber", 20, label="Tax Reg. Number"),
        f.text("accountNumber", 50, label="Account"),
        f.reference("terms", "term"),
        f.reference("currency", "currency", label="Primary Currency"),
        f.reference("subsidiary", "subsidiary", label="Primary Subsidiary", required=True),
        f.money("creditLimit"),
        f.choice("creditHoldOverride", {"AUTO": "Auto", "ON": "On", "OFF": "Off"}),
        f.boolean("taxable"),
        f.reference("taxItem", "salestaxitem"),
        f.reference("parent", "customer", label="Parent Company"),
        f.boolean("isInactive"),
        f.text("comments", 4000),
        f.money("balance", "balancesearch", readonly=True),
        f.money("overdueBalance", "overduebalancesearch", readonly=True),
        f.money("unbilledOrders", "unbilledorderssearch", readonly=True),
        f.money("depositBalance", readonly=True),
        f.datetime("dateCreated"),
        f.datetime("lastModifiedDate"),
    ),
)

CONTACT = RecordType(
    name="contact",
    label="Contact",
    table="contact",
    pool="entity",
    code="Contact",
    type_id=-6,
    created="datecreated",
    fields=f.named(
        f.text("externalId", 255),
        f.text("entityId", 83, label="Contact"),
        f.text("firstName", 32),
        f.text("lastName", 32),
        f.email("email"),
        f.phone("phone"),
        f.phone("mobilePhone"),
        f.text("title", 99, label="Job Title"),
        f.reference("company", "customer"),
        f.reference("contactRole", "contactrole", label="Role"),
        f.reference("subsidiary", "subsidiary"),
        f.text("comments", 999),
        f.boolean("isInactive"),
        f.datetime("dateCreated"),
        f.datetime("lastModifiedDate"),
    ),
)


def record_types() -> Iterator[RecordType]:
    yield from (CUSTOMER, CONTACT)
