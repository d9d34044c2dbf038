"""A population as records of the two sandboxes: something to match, to audit and to measure with."""

from pathlib import Path

import polars as pl

from crmerp_assets.sandbox.company.client import Administration
from crmerp_assets.sandbox.company.salesforce import Salesforce
from crmerp_assets.sandbox.population.model import Population

_ACCOUNT = {
    "Name": "name",
    "Website": "website",
    "Phone": "phone",
    "Tax_Id__c": "tax_id",
    "BillingStreet": "billing_street",
    "BillingCity": "billing_city",
    "BillingState": "billing_subdivision",
    "BillingPostalCode": "billing_postcode",
    "BillingCountry": "billing_country",
}
_CUSTOMER = {"url": "website", "email": "email", "phone": "phone", "vatRegNumber": "tax_id"}
_ADDRESS = {
    "addr1": "billing_street",
    "city": "billing_city",
    "state": "billing_subdivision",
    "zip": "billing_postcode",
}
_TAX_FIELD = ("Account", "Tax_Id__c", "Tax Id", 40)
_NAME_LENGTH = 83


def fill(found: Population, crm_url: str, erp_url: str, ca_file: Path | None = None) -> dict[str, int]:
    """Add the population's records to both sandboxes; how many of each. Raises Refused where one is not taken."""
    with Administration(crm_url, ca_file) as crm, Administration(erp_url, ca_file) as erp:
        with Salesforce(crm_url, "admin", ca_file) as admin:
            admin.ensure_field(*_TAX_FIELD)
        return {"accounts": _accounts(crm, found), "customers": len(erp.seed("customer", _customers(found)))}


def _accounts(crm: Administration, found: Population) -> int:
    """Heads of groups before their members, whose parents have ids then."""
    heads = found.crm.filter(pl.col("parent").is_null())
    ids = crm.seed("Account", heads.select(**_ACCOUNT).to_dicts())
    known = heads.select(parent="native_id", ParentId=pl.Series(ids, dtype=pl.String))
    members = found.crm.filter(pl.col("parent").is_not_null()).join(
        known, on="parent", how="left", maintain_order="left"
    )
    return len(ids) + len(crm.seed("Account", members.select("ParentId", **_ACCOUNT).to_dicts()))


def _customers(found: Population) -> list[dict[str, object]]:
    """The ERP knows countries by code only, so it has the real one whatever was typed."""
    codes = found.truth.filter(system="erp").select("native_id", "country")
    known = found.erp.join(codes, on="native_id", maintain_order="left")
    country = pl.struct(pl.col("country").alias("id")).alias("country")
    address = pl.struct(*(pl.col(column).alias(name) for name, column in _ADDRESS.items()), country)
    line = pl.struct(defaultBilling=pl.lit(True), defaultShipping=pl.lit(True), addressBookAddress=address)
    return known.select(
        pl.col("name").str.slice(0, _NAME_LENGTH).alias("companyName"),
        **_CUSTOMER,
        subsidiary=pl.struct(id=pl.lit("1")),
        addressBook=pl.struct(items=pl.concat_list(line)),
    ).to_dicts()
