"""The ERP's side of the firms: customers with an address book, terms and credit, and their bookkeepers."""

from dataclasses import replace
from datetime import date
from random import Random

from crmerp_assets.sandbox.company import spellings
from crmerp_assets.sandbox.company.firms import Firm
from crmerp_assets.sandbox.company.model import Fields, Record
from crmerp_assets.sandbox.company.moments import past_moment
from crmerp_assets.sandbox.company.places import CURRENCY
from crmerp_assets.sandbox.company.taxids import spaced

_TERMS = ("Net 15", "Net 30", "Net 30", "Net 30", "Net 60", "Due on receipt")


def customer_key(firm: Firm, copy: int = 0) -> str:
    """The local key of a firm's customer; a firm that was entered twice has a second copy."""
    return f"customer-{firm.index}" + (f"-{copy}" if copy else "")


def customer(firm: Firm, rng: Random, today: date, evidence: str | None, copy: int = 0) -> Record:
    """The firm as the books know it; `evidence` is what must be there to link it by (None if no seller knows it)."""
    name = spellings.loose_name(firm, rng) if evidence == "tax_id" else spellings.erp_name(firm, rng)
    fields: Fields = {
        "name": name,
        "email": f"{rng.choice(('accounts', 'invoices', 'billing'))}@{firm.domain}",
        "phone": spellings.phone(firm, rng),
        "website": spellings.website(firm, rng) if evidence in ("domain_name", "domain", None) else None,
        "tax_number": _tax_number(firm, rng, evidence),
        "terms": rng.choice(_TERMS),
        "currency": CURRENCY[firm.country],
        "credit_limit": rng.randrange(10, 250) * 1000,
        "addresses": _addresses(firm, rng),
    }
    return Record(customer_key(firm, copy), fields, past_moment(rng, today))


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
        "label": "Head office",
        "billing": True,
        "shipping": True,
        "addressee": firm.name,
        "street": firm.street,
        "city": firm.place.city,
        "state": states[0] if states else None,
        "postcode": firm.postcode,
        "country": firm.country,
    }
    if rng.random() > 0.1:
        return [address]
    dock = {"label": "Warehouse", "billing": False, "street": f"Dock {rng.randrange(1, 9)}, {firm.street}"}
    return [address | {"shipping": False}, address | dock]


def bookkeeper(contact: Record, customer_key: str, rng: Random, today: date) -> Record:
    """A CRM contact whom the ERP knows too, under the same e-mail address."""
    given = contact.fields
    fields: Fields = {
        "first_name": given["first_name"],
        "last_name": given["last_name"],
        "email": rng.choice((given["email"], given["email"].capitalize())),
        "title": given["title"],
    }
    return Record(f"erp-{contact.key}", fields, past_moment(rng, today), {"customer": customer_key})
