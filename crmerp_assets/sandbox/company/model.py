"""What a generated company consists of: records in plain words, tied together by local keys.

No system's field names are here: each system's adapter says what the words are there.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

Fields = dict[str, Any]


@dataclass(slots=True)
class Record:
    """One record to seed. `refs` maps a field to the key of the record it points to, whose id is known only later.

    `changed` (UTC) is when somebody touched it last, so many days after it was made.
    """

    key: str
    fields: Fields
    changed: datetime
    refs: dict[str, str] = field(default_factory=dict)
    age_days: int = 90

    @property
    def made(self) -> datetime:
        """When it was made."""
        return self.changed - timedelta(days=self.age_days)


@dataclass(frozen=True, slots=True)
class Match:
    """The truth about one pair: `evidence` is what a careful person would link them by."""

    account: str
    customer: str
    evidence: str


@dataclass(slots=True)
class Billing:
    """What the books say about a past order: when it was invoiced, when that is due, and what was paid when."""

    order: str
    invoice_date: date
    due_date: date
    payment_date: date | None
    paid_share: float


@dataclass(slots=True)
class Company:
    """Everything to seed, parents before children, and the truth to judge a linker by.

    | records | fields | refs |
    |---|---|---|
    | accounts | name, website, phone, tax_number, industry, employees, revenue, customer, currency, street, city, \
state, postcode, country | parent |
    | contacts | first_name, last_name, email, phone, title, department, currency | account |
    | products | name, sku, family, unit | |
    | prices | sku, price, currency | product |
    | deals | name, stage (prospecting, qualification, proposal, negotiation, won, lost), closes, currency, kind, \
amount | account |
    | lines | sku, quantity, price, position, discount (percent) | deal, product, price |
    | customers | name, email, phone, website, tax_number, terms, currency, credit_limit, addresses (label, billing, \
shipping, addressee, street, city, state, postcode, country as ISO code) | |
    | customer_contacts | first_name, last_name, email, title | customer |
    | items | sku, name, unit, service, prices (currency -> price) | |
    | orders | date, currency, reference, memo, lines (sku, quantity, rate, amount) | customer |
    """

    accounts: list[Record]
    contacts: list[Record]
    products: list[Record]
    prices: list[Record]
    deals: list[Record]
    lines: list[Record]
    customers: list[Record]
    customer_contacts: list[Record]
    items: list[Record]
    orders: list[Record]
    billings: list[Billing]
    matches: list[Match]
    ambiguous: list[Match]
