"""What a generated company consists of: records in each vendor's own field names, tied together by local keys."""

from dataclasses import dataclass, field
from typing import Any

Fields = dict[str, Any]


@dataclass(slots=True)
class Record:
    """One record to seed. `refs` maps a field to the key of the record it points to, whose id is known only later."""

    key: str
    fields: Fields
    refs: dict[str, str] = field(default_factory=dict)


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
    invoice_date: str
    due_date: str
    payment_date: str | None
    paid_share: float


@dataclass(slots=True)
class Company:
    """Everything to seed, parents before children, and the truth to judge a linker by."""

    accounts: list[Record]
    contacts: list[Record]
    products: list[Record]
    prices: list[Record]
    opportunities: list[Record]
    lines: list[Record]
    customers: list[Record]
    customer_contacts: list[Record]
    items: list[Record]
    orders: list[Record]
    billings: list[Billing]
    matches: list[Match]
    ambiguous: list[Match]
