"""The CRM's side of the firms: accounts and the people known there."""

from datetime import date
from random import Random

from crmerp_assets.sandbox.company import spellings, words
from crmerp_assets.sandbox.company.firms import Firm
from crmerp_assets.sandbox.company.model import Fields, Record
from crmerp_assets.sandbox.company.moments import past_moment, salesforce_stamps
from crmerp_assets.sandbox.company.places import CURRENCY

_UMLAUTS = {ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue", ord("ß"): "ss", ord("é"): "e", ord("è"): "e", ord("ë"): "e"}
_FIRST_CONTACTS = (0.45, 0.8)


def account_key(firm: Firm) -> str:
    """The local key of a firm's account."""
    return f"account-{firm.index}"


def account(firm: Firm, rng: Random, today: date, evidence: str | None) -> Record:
    """The firm as sellers know it; `evidence` is what must be there to link it by (None for a mere prospect)."""
    record = Record(account_key(firm), _company(firm, rng, evidence) | _address(firm, rng))
    record.fields |= salesforce_stamps(past_moment(rng, today))
    if firm.parent is not None:
        record.refs["ParentId"] = f"account-{firm.parent}"
    return record


def _company(firm: Firm, rng: Random, evidence: str | None) -> Fields:
    noun = firm.core.split(" ")[1]
    nouns = words.NOUNS[firm.country]
    return {
        "Name": spellings.crm_name(firm, rng),
        "Website": None if evidence == "name_country" else spellings.website(firm, rng),
        "Phone": None if rng.random() < 0.08 else spellings.phone(firm, rng),
        "Tax_Id__c": firm.tax_number if _has_tax_number(rng, evidence) else None,
        "Industry": words.INDUSTRIES[nouns.index(noun)] if noun in nouns else words.INDUSTRIES[0],
        "NumberOfEmployees": int(10 ** rng.uniform(1, 4)),
        "AnnualRevenue": int(10 ** rng.uniform(2.5, 5.5)) * 1000,
        "Type": "Customer - Direct" if evidence else "Prospect",
        "CurrencyIsoCode": CURRENCY[firm.country],
    }


def _has_tax_number(rng: Random, evidence: str | None) -> bool:
    return evidence == "tax_id" or (evidence is None and rng.random() < 0.2)


def _address(firm: Firm, rng: Random) -> Fields:
    return {
        "BillingStreet": firm.street,
        "BillingCity": firm.place.city,
        "BillingState": spellings.state(firm, rng),
        "BillingPostalCode": firm.postcode,
        "BillingCountry": spellings.country(firm, rng),
    }


def contacts(firm: Firm, rng: Random, today: date) -> list[Record]:
    """One to three people; no two of a firm share an e-mail address."""
    roll = rng.random()
    count = 1 + sum(roll > bound for bound in _FIRST_CONTACTS)
    people: dict[str, Record] = {}
    for number in range(count):
        record = _contact(firm, rng, today, number)
        people.setdefault(record.fields["Email"], record)
    return list(people.values())


def _contact(firm: Firm, rng: Random, today: date, number: int) -> Record:
    first, last = rng.choice(words.FIRST_NAMES[firm.country]), rng.choice(words.LAST_NAMES[firm.country])
    title, department = rng.choice(words.TITLES)
    mailbox = f"{first}.{last}".lower().translate(_UMLAUTS)
    fields = {
        "FirstName": first,
        "LastName": last,
        "Email": f"{mailbox}@{firm.domain}",
        "Phone": spellings.phone(firm, rng),
        "Title": title,
        "Department": department,
        "CurrencyIsoCode": CURRENCY[firm.country],
    }
    fields |= salesforce_stamps(past_moment(rng, today))
    return Record(f"contact-{firm.index}-{number}", fields, {"AccountId": account_key(firm)})
