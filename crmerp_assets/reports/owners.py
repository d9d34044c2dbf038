"""Who acts on money that is stuck, and what they do: one line for each gate, place and kind of stray document.

A new gate is one line here; the runbook shows this table, and a test holds the two together.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import polars as pl

SALES, OPERATIONS, FINANCE = "sales", "sales operations", "finance"
PLATFORM, ADMINISTRATOR = "the platform", "an administrator"
APPROVER = "sales manager or finance approver"
BEGIN, END = "<!-- owners: begin -->", "<!-- owners: end -->"


class Owner(NamedTuple):
    """Who acts, and what they do next."""

    who: str
    next_step: str


UNKNOWN = Owner(ADMINISTRATOR, "look at the reason and `crmerp trace`, find out who decides, and tell them")
OWNERS: Mapping[str, Owner] = MappingProxyType(
    {
        # gates of orders
        "not_won": Owner(SALES, "win the deal again, or ask finance to cancel the order"),
        "no_account": Owner(SALES, "choose the deal's account in the CRM"),
        "account_merged": Owner(SALES, "choose the deal's account in the CRM, unless the reason says to wait"),
        "outside_scope": Owner(OPERATIONS, "correct the account, or the scope in policy.yaml; else tell sales"),
        "no_lines": Owner(SALES, "add what was sold to the deal"),
        "identity_in_review": Owner(OPERATIONS, "`crmerp review list`: say which customer the account is"),
        "unknown_product": Owner(OPERATIONS, "`crmerp review list`: say which product it is"),
        "no_customer": Owner(FINANCE, "correct what keeps the customer out of the ERP"),
        "no_product": Owner(FINANCE, "create or reactivate the product in the ERP"),
        "unit_differs": Owner(OPERATIONS, "make the product's unit the same in both systems"),
        "waiting_approval": Owner(APPROVER, "approve the deal, or send it back"),
        "approval_refused": Owner(SALES, "change the deal, which asks again, or lose it"),
        "credit_hold": Owner(FINANCE, "lift the customer's credit hold, or tell sales"),
        "credit_limit": Owner(FINANCE, "raise the customer's credit limit, or collect what is open"),
        "missing_rate": Owner(FINANCE, "enter the exchange rate in the ERP"),
        "currency_not_allowed": Owner(FINANCE, "add the currency to the customer in the ERP, or tell sales"),
        "currency_disabled": Owner(FINANCE, "enable the currency for the customer in the ERP, or tell sales"),
        "amended_after_billing": Owner(FINANCE, "bill or credit the difference, or ask sales to put the deal back"),
        "order_closed": Owner(FINANCE, "change the order in the ERP by hand, or ask sales to put the deal back"),
        # gates of every record
        "on_hold": Owner(ADMINISTRATOR, "`crmerp hold list`: see why, then `crmerp hold lift`"),
        "does_not_fit": Owner(OPERATIONS, "correct the value that the reason names"),
        "breaker": Owner(ADMINISTRATOR, "`crmerp plan`: look, then release or keep"),
        "rejected": Owner(FINANCE, "correct what the ERP refused, then `crmerp retry`"),
        "skipped": Owner(FINANCE, "nothing while the reason holds; `crmerp retry` plans it again"),
        "validation": Owner(OPERATIONS, "correct the deal in the CRM"),
        # places without a gate
        "differs": Owner(FINANCE, "compare the lines that are named, and correct the order or the deal"),
        "pending": Owner(PLATFORM, "nothing: it is written with the next push"),
        "parked": Owner(ADMINISTRATOR, "`crmerp review show`: see what was refused"),
        "deleted": Owner(FINANCE, "restore the order, or ask sales to take the deal back"),
        "order_cancelled": Owner(FINANCE, "enter the order again, or ask sales to take the deal back"),
        "unplanned": Owner(PLATFORM, "`crmerp sync`; if it stays, `crmerp trace` and tell an administrator"),
        "currency_differs": Owner(FINANCE, "enter the order in the deal's currency, or ask sales to correct the deal"),
        # orders that agree in total, and documents without a deal
        "lines_differ": Owner(FINANCE, "compare the lines that are named"),
        "overbilled": Owner(FINANCE, "check the invoices of the order; credit what was billed too much"),
        "closed_short": Owner(FINANCE, "bill the rest, or ask sales to lower the deal"),
        "deal_deleted": Owner(SALES, "restore the deal, or ask finance to cancel the order"),
        "deal_unknown": Owner(FINANCE, "find out which deal the order belongs to, or cancel it"),
        "invoice_without_order": Owner(FINANCE, "nothing if it was meant so; else bill it from its order"),
        "invoice_of_unknown_order": Owner(ADMINISTRATOR, "`crmerp sync --compare-ids`: why is the order not read?"),
        "invoice_without_customer": Owner(ADMINISTRATOR, "`crmerp sync --compare-ids`: why is the customer not read?"),
    }
)


def owned(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `owner` and `next_step` by the gate, or by the place where there is none; other gates are UNKNOWN's."""
    key = pl.coalesce("gate", "place")
    who = {name: owner.who for name, owner in OWNERS.items()}
    steps = {name: owner.next_step for name, owner in OWNERS.items()}
    somebody = ~((pl.col("place") == "ordered") & pl.col("gate").is_null())
    return rows.with_columns(
        pl.when(somebody).then(key.replace_strict(known, default=other, return_dtype=pl.String)).alias(name)
        for name, known, other in (("owner", who, UNKNOWN.who), ("next_step", steps, UNKNOWN.next_step))
    )


def owners_page() -> str:
    """The table as Markdown, as the runbook shows it."""
    lines = [("reason", "who", "what they do"), ("---",) * 3]
    lines += [(f"`{name}`", *owner) for name, owner in OWNERS.items()]
    lines.append(("anything else", *UNKNOWN))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
