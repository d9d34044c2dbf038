"""The CRM's side of the firms: accounts and the people known there."""

from datetime import date
from random import Random

from crmerp_assets.sandbox.company import spellings, words
from crmerp_assets.sandbox.company.firms import Firm
from crmerp_assets.sandbox.company.model import Fields, Record
from crmerp_assets.sandbox.company.moments import past_moment
from crmerp_assets.sandbox.company.places import CURRENCY

_UMLAUTS = {ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue", ord("ß"): "ss", ord("é"): "e", ord("è"): "e", ord("ë"): "e"}
_FIRST_CONTACTS = (0.45, 0.8)


def account_key(firm: Firm) -> str:
    """The local key of a firm's account."""
    return f"account-{firm.index}"


def account(firm: Firm, rng: Random, today: date, evidence: str | None) -> Record:
    """The firm as sellers know it; `evidence` is what must be there to link it by (None for a mere prospect)."""
    fields = _company(firm, rng, evidence) | _address(firm, rng)
    refs = {} if firm.parent is None else {"parent": f"account-{firm.parent}"}
    return Record(account_key(firm), fields, past_moment(rng, today), refs)


def _company(firm: Firm, rng: Random, evidence: str | None) -> Fields:
    noun = firm.core.split(" ")[1]
    nouns = words.NOUNS[firm.country]
    return {
        "name": spellings.crm_name(firm, rng),
        "website": None if evidence == "name_country" else spellings.website(firm, rng),
        "phone": None if rng.random() < 0.08 else spellings.phone(firm, rng),
        "tax_number": firm.tax_number if _has_tax_number(rng, evidence) else None,
        "industry": words.INDUSTRIES[nouns.index(noun)] if noun in nouns else words.INDUSTRIES[0],
        "employees": int(10 ** rng.uniform(1, 4)),
        "revenue": int(10 ** rng.uniform(2.5, 5.5)) * 1000,
        "customer": bool(evidence),
        "currency": CURRENCY[firm.country],
    }


def _has_tax_number(rng: Random, evidence: str | None) -> bool:
    return evidence == "tax_id" or (evidence is None and rng.random() < 0.2)


def _address(firm: Firm, rng: Random) -> Fields:
    return {
        "street": firm.street,
        "city": firm.place.city,
        "state": spellings.state(firm, rng),
        "postcode": firm.postcode,
        "country": spellings.country(firm, rng),
    }


def contacts(firm: Firm, rng: Random, today: date) -> list[Record]:
    """One to three people; no two of a firm share an e-mail address."""
    roll = rng.random()
    count = 1 + sum(roll > bound for bound in _FIRST_CONTACTS)
    people: dict[str, Record] = {}
    for number in range(count):
        record = _contact(firm, rng, today, number)
        people.setdefault(record.fields["email"], record)
    return list(people.values())


def _contact(firm: Firm, rng: Random, today: date, number: int) -> Record:
    first, last = rng.choice(words.FIRST_NAMES[firm.country]), rng.choice(words.LAST_NAMES[firm.country])
    title, department = rng.choice(words.TITLES)
    mailbox = f"{first}.{last}".lower().translate(_UMLAUTS)
    fields = {
        "first_name": first,
        "last_name": last,
        "email": f"{mailbox}@{firm.domain}",
        "phone": spellings.phone(firm, rng),
        "title": title,
        "department": department,
        "currency": CURRENCY[firm.country],
    }
    return Record(f"contact-{firm.index}-{number}", fields, past_moment(rng, today), {"account": account_key(firm)})
