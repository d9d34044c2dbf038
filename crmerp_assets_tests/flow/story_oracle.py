"""The oracle of the story: two systems as plain dicts, and what each must hold after a sync. Slow and obvious.

It shares nothing with the merge it judges. A company is two dicts of fields, one a system, and for each field the
values that both may last have agreed on. There may be several such bases: whether a write whose answer never came
counts as agreed is only known once it is settled, so where a sync was interrupted each possible base is followed,
and what the systems hold must come from one of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

Values = dict[str, str | None]
Pair = tuple[str | None, str | None]
"""What the CRM and the ERP hold of one field."""

CENT = Decimal("0.01")
HELD = "a person must decide"


@dataclass(frozen=True)
class Rule:
    """Who decides about a field: crm, erp, or shared with the newest value or by a person."""

    owner: str
    manual: bool = False
    clears: bool = False


CUSTOMER = {
    "name": Rule("shared"),
    "phone": Rule("shared"),
    "website": Rule("shared", clears=True),
    "email": Rule("shared", manual=True),
    "billing_city": Rule("erp"),
    "credit_limit": Rule("erp", clears=True),
    "shipping_city": Rule("crm"),
}
CONTACT = {"title": Rule("crm"), "email": Rule("crm")}
PRODUCT = {"name": Rule("erp")}


@dataclass
class Record:
    """One thing that both systems may hold. `bases`: field -> the values they may last have agreed on."""

    rules: Mapping[str, Rule]
    crm: Values | None = None
    erp: Values | None = None
    bases: dict[str, set[str | None]] = field(default_factory=dict)
    decided: dict[str, tuple[str | None, str | None, str]] = field(default_factory=dict)

    def base(self, name: str) -> set[str | None]:
        """What may be the base of a field; blank before both sides ever agreed."""
        return self.bases.get(name, {None})

    def outcomes(self, name: str, crm_is_newer: bool) -> dict[Pair, bool]:
        """What both sides may hold of a field after a sync, and whether a review is open for it then."""
        assert self.crm is not None
        assert self.erp is not None
        crm, erp, rule = self.crm.get(name), self.erp.get(name), self.rules[name]
        choice = self._choice(name, crm, erp)
        found = {}
        for base in self.base(name):
            after = merged(rule, crm, erp, base, crm_is_newer, choice)
            found[(crm, erp) if after == HELD else after] = after == HELD
        return found  # type: ignore[return-value]

    def _choice(self, name: str, crm: str | None, erp: str | None) -> str | None:
        """A decision counts for exactly the two values it was taken on."""
        decided = self.decided.get(name)
        return decided[2] if decided and decided[:2] == (crm, erp) else None

    def adopt(self, name: str, crm: str | None, erp: str | None) -> None:
        """Both sides are at rest with these values."""
        assert self.crm is not None
        assert self.erp is not None
        self.crm[name], self.erp[name] = crm, erp
        if crm == erp:
            self.bases[name] = {crm}
        elif self._choice(name, crm, erp) is None:
            self.decided.pop(name, None)


def merged(rule: Rule, crm: str | None, erp: str | None, base: str | None, crm_is_newer: bool, choice: str | None):  # type: ignore[no-untyped-def]
    """The pair that both sides hold afterwards, or HELD."""
    if crm == erp:
        return crm, erp
    if rule.owner == "crm":
        return crm, _follows(rule, crm, erp, base)
    if rule.owner == "erp":
        return _follows(rule, erp, crm, base), erp
    if crm is None and not (rule.clears and base is not None):
        return erp, erp
    if erp is None and not (rule.clears and base is not None):
        return crm, crm
    if erp == base:
        return crm, crm
    if crm == base:
        return erp, erp
    if choice is not None:
        return (crm, crm) if choice == "crm" else (erp, erp)
    if rule.manual:
        return HELD
    return (crm, crm) if crm_is_newer else (erp, erp)


def _follows(rule: Rule, owner: str | None, other: str | None, base: str | None) -> str | None:
    """What the side that does not own a field holds: the owner's value; a blank leaves it, or clears it."""
    if owner is not None:
        return owner
    return None if rule.clears and base is not None else other


@dataclass
class Bill:
    """An invoice in the ERP. `lines` are the lines of its order that it bills."""

    total: Decimal
    overdue: bool
    lines: list[int]
    paid: Decimal = Decimal(0)
    credited: Decimal = Decimal(0)

    @property
    def open(self) -> Decimal:
        """What is still owed."""
        return self.total - self.paid - self.credited

    @property
    def status(self) -> str:
        """As the CRM shows it."""
        if self.open <= 0:
            return "Credited" if self.credited >= self.total else "Paid"
        if self.overdue:
            return "Overdue"
        return "Partially Paid" if self.paid + self.credited > 0 else "Open"


Line = tuple[str, int, Decimal]
"""SKU, quantity, price of one."""


def worth(lines: list[Line]) -> Decimal:
    """The total of some lines."""
    return sum((quantity * price for _, quantity, price in lines), Decimal(0))


@dataclass
class Order:
    """What the ERP holds of a deal: its name and lines."""

    name: str
    lines: list[Line]


@dataclass
class Deal:
    """A deal in the CRM, its order in the ERP once there is one, and the order's bills."""

    name: str
    company: str
    lines: list[Line]
    won: bool = False
    order: Order | None = None
    bills: list[Bill] = field(default_factory=list)
    binned: bool = False
    """Whether it is deleted, along with its account."""

    def wanted(self) -> Order:
        """The order that would say what the deal says; a deal that lost its lines says nothing about them."""
        kept = self.order.lines if self.order is not None else []
        return Order(self.name, list(self.lines or kept))

    def due(self) -> bool:
        """Whether its order has to be made."""
        return self.won and self.order is None and not self.binned

    def gate(self) -> str | None:
        """What holds the next write of its order back, if there is anything to write."""
        if self.order is None and not self.due():
            return None
        if self.binned or self.order == self.wanted():
            return None
        if not self.won:
            return "not_won"
        if not self.wanted().lines:
            return "no_lines"
        if self.order_status() == "Billed":
            return "amended_after_billing"
        return "order_closed" if self.bills and not self._only_grows() else None

    def _only_grows(self) -> bool:
        """Whether the lines of the order stay, with as many pieces or more; lines may be added behind them."""
        now, then = self.wanted().lines, self.order.lines if self.order is not None else []
        kept = all(
            new[0] == old[0] and new[2] == old[2] and new[1] >= old[1] for new, old in zip(now, then, strict=False)
        )
        return kept and len(now) >= len(then)

    def after_sync(self) -> Order | None:
        """The order at rest."""
        if self.binned or self.gate() or not (self.due() or self.order):
            return self.order
        return self.wanted()

    def order_status(self) -> str | None:
        """As the CRM shows it."""
        if self.order is None:
            return None
        if not self.bills:
            return "Pending Fulfillment"
        billed = {line for bill in self.bills for line in bill.lines}
        return "Billed" if billed >= set(range(len(self.order.lines))) else "Partially Fulfilled"

    def cash(self) -> dict[str, str | Decimal | None]:
        """What the opportunity shows of its bills."""
        if not self.bills:
            return dict.fromkeys(("status", "invoiced", "paid", "credited", "open"))
        worst = ("Overdue", "Partially Paid", "Open", "Paid", "Credited")
        return {
            "status": min((bill.status for bill in self.bills), key=worst.index),
            "invoiced": sum((bill.total for bill in self.bills), Decimal(0)),
            "paid": sum((bill.paid for bill in self.bills), Decimal(0)),
            "credited": sum((bill.credited for bill in self.bills), Decimal(0)),
            "open": sum((bill.open for bill in self.bills), Decimal(0)),
        }


@dataclass
class Oracle:
    """Everything that people have made, by its name."""

    companies: dict[str, Record] = field(default_factory=dict)
    contacts: dict[str, tuple[str, Record]] = field(default_factory=dict)
    products: dict[str, Record] = field(default_factory=dict)
    deals: dict[str, Deal] = field(default_factory=dict)
    ghosts: set[str] = field(default_factory=set)
    """Companies whose account is deleted or merged away."""
    disturbed: set[str] = field(default_factory=set)
    """Companies that were ever part of a deletion or merge: only doubles and ghosts are judged there."""

    def grows(self) -> None:
        """Records that one side holds and the other must get: the other gets every value."""
        buyers = {deal.company for deal in self.deals.values() if deal.due()}
        for name, company in self.companies.items():
            if name not in self.disturbed and (company.crm is None or name in buyers):
                _copied(company)
        for company_name, contact in self.contacts.values():
            if self.companies[company_name].erp is not None:
                _copied(contact)
        for product in self.products.values():
            _copied(product)

    def owed(self, company: str) -> tuple[Decimal | None, Decimal | None]:
        """Open and overdue balance as the account shows them; nothing before the first order."""
        deals = [deal for deal in self.deals.values() if deal.company == company]
        bills = [bill for deal in deals for bill in deal.bills]
        if not any(deal.after_sync() for deal in deals):
            return None, None
        late = sum((bill.open for bill in bills if bill.status == "Overdue"), Decimal(0))
        return sum((bill.open for bill in bills), Decimal(0)), late


def _copied(record: Record) -> None:
    if record.crm is not None and record.erp is not None:
        return
    values = record.crm if record.crm is not None else record.erp
    assert values is not None
    record.crm, record.erp = dict(values), dict(values)
    record.bases = {name: {value} for name, value in values.items()}
