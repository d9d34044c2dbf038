"""The ERP's side of the firms: customers with an address book, terms and credit, and their bookkeepers."""

from dataclasses import replace
from datetime import date
from random import Random

from crmerp_assets.sandbox.company import spellings
from crmerp_assets.sandbox.company.firms import Firm
from crmerp_assets.sandbox.company.model import Fields, Record
from crmerp_assets.sandbox.company.moments import netsuite_stamps, past_moment
from crmerp_assets.sandbox.company.places import CURRENCY
from crmerp_assets.sandbox.company.taxids import spaced

CURRENCY_IDS = {"USD": "1", "GBP": "2", "CAD": "3", "EUR": "4"}
_TERMS = ("1", "2", "2", "2", "3", "4")
_SUBSIDIARY = {"id": "1"}
_NAME_LENGTH = 83


def customer_key(firm: Firm, copy: int = 0) -> str:
    """The local key of a firm's customer; a firm that was entered twice has a second copy."""
    return f"customer-{firm.index}" + (f"-{copy}" if copy else "")


def customer(firm: Firm, rng: Random, today: date, evidence: str | None, copy: int = 0) -> Record:
    """The firm as the books know it; `evidence` is what must be there to link it by (None if no seller knows it)."""
    name = spellings.loose_name(firm, rng) if evidence == "tax_id" else spellings.erp_name(firm, rng)
    fields: Fields = {
        "companyName": name[:_NAME_LENGTH],
        "isPerson": False,
        "email": f"{rng.choice(('accounts', 'invoices', 'billing'))}@{firm.domain}",
        "phone": spellings.phone(firm, rng),
        "url": spellings.website(firm, rng) if evidence in ("domain_name", "domain", None) else None,
        "vatRegNumber": _tax_number(firm, rng, evidence),
        "terms": {"id": rng.choice(_TERMS)},
        "currency": {"id": CURRENCY_IDS[CURRENCY[firm.country]]},
        "subsidiary": _SUBSIDIARY,
        "creditLimit": rng.randrange(10, 250) * 1000,
        "addressBook": {"items": _addresses(firm, rng)},
    }
    return Record(customer_key(firm, copy), fields | netsuite_stamps(past_moment(rng, today)))


def renamed(firm: Firm, other: Firm, rng: Random, today: date) -> Record:
    """A customer with the firm's web domain but another firm's name: bought, renamed, or somebody's mistake."""
    return customer(replace(firm, core=other.core), rng, today, "domain")


def _tax_number(firm: Firm, rng: Random, evidence: str | None) -> str | None:
    """Where the tax number is not the evidence, only the books have it."""
    if evidence in ("twice", "domain") or (evidence != "tax_id" and rng.random() < 0.4):
        return None
    return spaced(firm.country, firm.tax_number, rng)


def _addresses(firm: Firm, rng: Random) -> list[Fields]:
    states = firm.place.states
    address = {
        "addressee": firm.name,
        "addr1": firm.street,
        "city": firm.place.city,
        "state": states[0] if states else None,
        "zip": firm.postcode,
        "country": {"id": firm.country},
    }
    billing = {"label": "Head office", "defaultBilling": True, "defaultShipping": True, "addressBookAddress": address}
    if rng.random() > 0.1:
        return [billing]
    dock = address | {"addr1": f"Dock {rng.randrange(1, 9)}, {firm.street}"}
    shipping = {"label": "Warehouse", "defaultBilling": False, "defaultShipping": True, "addressBookAddress": dock}
    return [billing | {"defaultShipping": False}, shipping]


def bookkeeper(contact: Record, customer_key: str, rng: Random, today: date) -> Record:
    """A CRM contact whom the ERP knows too, under the same e-mail address."""
    given = contact.fields
    fields: Fields = {
        "firstName": given["FirstName"],
        "lastName": given["LastName"],
        "email": rng.choice((given["Email"], given["Email"].capitalize())),
        "title": given["Title"],
        "subsidiary": _SUBSIDIARY,
    }
    fields |= netsuite_stamps(past_moment(rng, today))
    return Record(f"erp-{contact.key}", fields, {"company": customer_key})
