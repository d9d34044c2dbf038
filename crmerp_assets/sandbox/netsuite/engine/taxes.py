"""Sales tax: one rate for a document, reckoned once on the sum of its taxable lines and rounded to the currency's unit.

The rate is that of the document's tax item, else of the customer's, else the subsidiary's (`Options.tax_rates`; without
any, nothing is taxed). From the vendor's help: customers and items may be exempt; a discount before tax lowers what is
taxed. From queries people publish: tax is a line with taxline 'T' in `transactionline`, negative on sales, and
`transaction.foreigntotal` includes it, so net is the sum of the lines with mainline 'F' and taxline 'F'. Assumed:
`transaction.taxtotal` (in the document's currency), one tax line for a document, and rounding half up by document.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.draft import Draft
from crmerp_assets.sandbox.netsuite.engine.money import decimal, rounded
from crmerp_assets.sandbox.netsuite.schema.items import DISCOUNT

Line = dict[str, Any]
_HUNDRED = Decimal(100)


def set_rate(account: Account, draft: Draft) -> Decimal:
    """The document's rate in percent; it is settled when the document is made or its tax item changes."""
    if draft.new or "taxitem" in draft.columns:
        draft.columns["taxrate"] = float(_rate(account, draft))
    return decimal(draft.value("taxrate"))


def _rate(account: Account, draft: Draft) -> Decimal:
    rates = account.options.tax_rates
    if not rates:
        return Decimal(0)
    customer = account.row("SELECT taxable, taxitem FROM customer_stored WHERE id = ?", draft.value("entity"))
    if customer is not None and customer["taxable"] == "F":
        return Decimal(0)
    item = draft.value("taxitem") or (customer["taxitem"] if customer else None)
    if item is None:
        return decimal(rates.get(str(draft.value("subsidiary")), 0))
    draft.columns["taxitem"] = item
    row = account.row("SELECT rate FROM salestaxitem WHERE id = ?", item)
    return decimal(row["rate"] if row else 0)


def mark(lines: Iterable[Line], pre_tax: dict[int, bool], exempt: frozenset[int], rate: Decimal) -> None:
    """Say of each line whether it is taxed; a discount line before tax follows the line above it."""
    above = "F"
    for line in lines:
        if line.get("itemtype") == DISCOUNT:
            taxed = above if pre_tax.get(line["item"], True) else "F"
        else:
            taxed = line.get("istaxable") or ("F" if line["item"] in exempt else "T")
            above = taxed
        line["istaxable"], line["taxrate"] = taxed, float(rate) if taxed == "T" else 0.0


def tax(lines: Iterable[Line], discount: Decimal, rate: Decimal, unit: Decimal) -> Decimal:
    """Tax on the taxable lines; `discount` is the header's, if it comes before tax, spread over all lines."""
    taxable = subtotal = Decimal(0)
    for line in lines:
        amount = decimal(line["foreignamount"])
        subtotal += amount
        taxable += amount if line["istaxable"] == "T" else 0
    if subtotal:
        taxable += discount * taxable / subtotal
    return rounded(taxable * rate / _HUNDRED, unit)
