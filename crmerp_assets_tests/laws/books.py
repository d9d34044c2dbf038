"""Double-entry books in plain Decimals: the slow and obvious way to know what is owed.

Every document posts entries that move an amount from one account to another; voiding a document posts each of them the
other way round. What is owed and what is unapplied are nothing but the balances of accounts.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)
PAID = ("payment", "deposit")


@dataclass
class Document:
    """An invoice, payment, credit, write-off, deposit or refund."""

    id: str
    kind: str
    customer: str
    amount: Decimal
    day: date
    due: date | None = None
    currency: str = "USD"
    rate: Decimal = Decimal(1)
    void: bool = False
    applied: list[tuple[str, Decimal]] = field(default_factory=list)
    """Invoices it settled, whether or not that stands."""


@dataclass
class Books:
    """`journal`: (document, debit account, credit account, amount), never changed."""

    documents: dict[str, Document] = field(default_factory=dict)
    journal: list[tuple[str, str, str, Decimal]] = field(default_factory=list)

    def balance(self, account: str) -> Decimal:
        """Debits less credits."""
        return sum((a for _, debit, _, a in self.journal if debit == account), ZERO) - sum(
            (a for _, _, credit, a in self.journal if credit == account), ZERO
        )

    def enter(self, document: Document) -> Document:
        """Post a document by itself."""
        self.documents[document.id] = document
        if document.kind == "invoice":
            self._post(document, f"owed {document.id}", "sales", document.amount)
        elif document.kind != "refund":
            self._post(document, document.kind, f"left {document.id}", document.amount)
        return document

    def apply(self, by: Document, invoice: Document, amount: Decimal) -> None:
        """Settle a part of an invoice."""
        by.applied.append((invoice.id, amount))
        self._post(by, f"left {by.id}", f"owed {invoice.id}", amount)

    def refund(self, refund: Document, of: Document) -> None:
        """Give back a part of a document."""
        self.enter(refund)
        self._post(refund, f"left {of.id}", "cash", refund.amount)

    def void(self, document: Document) -> None:
        """Post everything the other way round."""
        document.void = True
        for _, debit, credit, amount in [entry for entry in self.journal if entry[0] == document.id]:
            self._post(document, credit, debit, amount)

    def _post(self, document: Document, debit: str, credit: str, amount: Decimal) -> None:
        self.journal.append((document.id, debit, credit, amount))

    def owed(self, invoice: str) -> Decimal:
        """What is open of an invoice."""
        return self.balance(f"owed {invoice}")

    def left(self, document: str) -> Decimal:
        """What is unapplied of a payment, credit or deposit."""
        return -self.balance(f"left {document}")

    def of(self, *kinds: str) -> list[Document]:
        """Documents of some kinds."""
        return [one for one in self.documents.values() if one.kind in kinds]

    def settled(self, invoice: str, *kinds: str, reversed_ones: bool | None = None) -> Decimal:
        """What documents of some kinds settled of an invoice; `reversed_ones` says which: None for all."""
        return sum(
            (
                amount
                for one in self.of(*kinds)
                for target, amount in one.applied
                if target == invoice and reversed_ones in (None, one.void)
            ),
            ZERO,
        )

    def status(self, invoice: Document, today: date) -> str:
        """The status by the table in `canonical.status`, asked of the books."""
        if invoice.void:
            return "void"
        given = self.settled(invoice.id, "credit", "write_off", reversed_ones=False)
        if self.owed(invoice.id) == 0:
            return "credited" if given and given >= invoice.amount else "paid"
        if invoice.due is not None and invoice.due < today:
            return "overdue"
        return "partially_paid" if self.owed(invoice.id) < invoice.amount else "open"

    def expected(self, invoice: Document, today: date) -> dict[str, object]:
        """Everything a golden invoice must say."""
        settling = ("payment", "deposit", "credit", "write_off")
        status = self.status(invoice, today)
        assert invoice.due is not None
        return {
            "invoiced": ZERO if invoice.void else invoice.amount,
            "paid": self.settled(invoice.id, *PAID),
            "credited": self.settled(invoice.id, "credit"),
            "written_off": self.settled(invoice.id, "write_off"),
            "reversed": self.settled(invoice.id, *settling, reversed_ones=True),
            "open_balance": self.owed(invoice.id),
            "company_open_balance": _company(self.owed(invoice.id), invoice),
            "status": status,
            "days_overdue": (today - invoice.due).days if status == "overdue" else 0,
        }

    def account(self, customer: str, today: date) -> dict[str, object]:
        """Everything an account must say, in company currency."""
        mine = [one for one in self.documents.values() if one.customer == customer]
        owed = {one.id: _company(self.owed(one.id), one) for one in mine if one.kind == "invoice"}
        late = [one for one in mine if one.kind == "invoice" and self.status(one, today) == "overdue"]
        money = [one for one in mine if one.kind in PAID and not one.void]
        last = max((one.day for one in money), default=None)
        spare = [one for one in mine if one.kind not in ("invoice", "refund")]
        return {
            "balance": sum(owed.values(), ZERO),
            "overdue_balance": sum((owed[one.id] for one in late), ZERO),
            "days_overdue": max(((today - one.due).days for one in late if one.due), default=0),
            "unapplied_credit": sum((_company(self.left(one.id), one) for one in spare), ZERO),
            "last_payment_date": last,
            "last_payment_amount": sum((_company(one.amount, one) for one in money if one.day == last), ZERO)
            if last
            else None,
        }


def _company(amount: Decimal, document: Document) -> Decimal:
    return (amount * document.rate).quantize(Decimal("0.01"), ROUND_HALF_UP)
