"""A seeded company: the same seed and day give the same firms, people, products, deals and books."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from crmerp_assets.sandbox.company.accounts import account, account_key, contacts
from crmerp_assets.sandbox.company.books import past_orders
from crmerp_assets.sandbox.company.catalogue import crm_products, items
from crmerp_assets.sandbox.company.customers import bookkeeper, customer, customer_key, renamed
from crmerp_assets.sandbox.company.deals import Counts, deals
from crmerp_assets.sandbox.company.firms import Firm, firms
from crmerp_assets.sandbox.company.model import Company, Match, Record

DEFAULT_ACCOUNTS = 520
_EVIDENCE = ("tax_id", "tax_id", "domain_name", "domain_name", "name_country")


@dataclass(frozen=True, slots=True)
class Size:
    """How big the company is."""

    accounts: int
    customers: int
    deals: Counts
    past_orders: int

    @classmethod
    def of(cls, accounts: int) -> "Size":
        """A mid-sized firm by default; else a fifth are customers already and deals stop growing at 1,000."""
        if accounts == DEFAULT_ACCOUNTS:
            return cls(accounts, 200, Counts(total=300, won=90, lost=40), 60)
        total = min(accounts // 2, 1000)
        return cls(accounts, accounts // 5, Counts(total, total * 3 // 10, total // 8), min(total // 5, 60))

    @property
    def unclear(self) -> int:
        """So many firms are in the ERP twice, and as many under another name."""
        return 2 if self.customers >= 60 else int(self.customers >= 10)

    @property
    def erp_only(self) -> int:
        """Customers that no seller knows."""
        return max(self.customers // 10 - 1, 0)

    @property
    def known(self) -> int:
        """Customers that are accounts, too."""
        return self.customers - self.erp_only - 3 * self.unclear


def generate(today: date, seed: int = 7, accounts: int = DEFAULT_ACCOUNTS) -> Company:
    """The company as of `today`; its records were last changed three weeks ago or earlier."""
    rng, size = Random(seed), Size.of(accounts)  # noqa: S311 - reproducible, not secret
    sold_to = firms(rng, size.accounts + size.erp_only + size.unclear)
    in_crm, others = sold_to[: size.accounts], sold_to[size.accounts :]
    in_both = rng.sample(in_crm, size.known + 2 * size.unclear)
    matched, unclear = in_both[: size.known], in_both[size.known :]
    evidence: dict[int, str] = {firm.index: rng.choice(_EVIDENCE) for firm in matched}
    evidence |= dict.fromkeys((firm.index for firm in unclear), "unclear")

    company = _crm_side(rng, today, in_crm, evidence)
    _erp_side(company, rng, today, matched, evidence)
    _unclear_customers(company, rng, today, unclear, others[size.erp_only :])
    company.customers += [customer(firm, rng, today, None) for firm in others[: size.erp_only]]
    prospects = [firm for firm in in_crm if firm.index not in evidence]
    _trade(company, rng, today, matched, prospects, size)
    return company


def _crm_side(rng: Random, today: date, in_crm: Sequence[Firm], evidence: dict[int, str]) -> Company:
    products, prices = crm_products(rng, today)
    return Company(
        accounts=[account(firm, rng, today, evidence.get(firm.index)) for firm in in_crm],
        contacts=[contact for firm in in_crm for contact in contacts(firm, rng, today)],
        products=products,
        prices=prices,
        deals=[],
        lines=[],
        customers=[],
        customer_contacts=[],
        items=items(rng, today),
        orders=[],
        billings=[],
        matches=[],
        ambiguous=[],
    )


def _erp_side(company: Company, rng: Random, today: date, matched: Sequence[Firm], evidence: dict[int, str]) -> None:
    first_contact = {contact.refs["account"]: contact for contact in reversed(company.contacts)}
    for firm in matched:
        key = customer_key(firm)
        company.customers.append(customer(firm, rng, today, evidence[firm.index]))
        company.matches.append(Match(account_key(firm), key, evidence[firm.index]))
        if rng.random() < 0.6:
            company.customer_contacts.append(bookkeeper(first_contact[account_key(firm)], key, rng, today))


def _unclear_customers(
    company: Company, rng: Random, today: date, unclear: Sequence[Firm], names: Sequence[Firm]
) -> None:
    """Half of them are in the ERP twice under the same name, half under another firm's name with their own domain."""
    for firm, record, reason in _unclear(rng, today, unclear, names):
        company.customers.append(record)
        company.ambiguous.append(Match(account_key(firm), record.key, reason))


def _unclear(
    rng: Random, today: date, unclear: Sequence[Firm], names: Sequence[Firm]
) -> Iterator[tuple[Firm, Record, str]]:
    twice, others = unclear[: len(names)], unclear[len(names) :]
    for firm in twice:
        for copy in range(2):
            yield firm, customer(firm, rng, today, "twice", copy), "same name and country twice"
    for firm, name in zip(others, names, strict=True):
        yield firm, renamed(firm, name, rng, today), "same domain, other name"


def _trade(
    company: Company, rng: Random, today: date, known: Sequence[Firm], prospects: Sequence[Firm], size: Size
) -> None:
    made = deals(rng, today, known, prospects, size.deals)
    company.deals = [deal.header for deal in made]
    company.lines = [line for deal in made for line in deal.lines]
    customers = {firm.index: customer_key(firm) for firm in known}
    won = made[: size.deals.won]
    company.orders, company.billings = past_orders(rng, today, won, customers, size.past_orders)
