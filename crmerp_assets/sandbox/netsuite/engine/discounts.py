"""Discounts: a discount line takes an amount or a percentage off the line above it, a header discount off the subtotal.

From the vendor's help: rates are amounts or percentages, negative ones lower the total; the header's discount is a line
of its own in `transactionline` (`transactiondiscount`), not in the REST record's `item` list; `subtotal` stands before
it, `discountTotal` is it. Assumed: a percentage is written and read as text ("-10%"), and SuiteQL shows it as
`ratepercent` -10 with `rate` -0.1; a discount item without a rate of its own on the document brings the item's.
"""

from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.draft import Draft
from crmerp_assets.sandbox.netsuite.engine.money import decimal, rounded
from crmerp_assets.sandbox.netsuite.errors import invalid_value
from crmerp_assets.sandbox.netsuite.schema.items import DISCOUNT

Line = dict[str, Any]
_HUNDRED = Decimal(100)


def percent_of(rate: Any) -> Decimal | None:
    """-10 of "-10%"; None of a plain amount."""
    return decimal(rate[:-1]) if isinstance(rate, str) and rate.endswith("%") else None


def shown(percent: float) -> str:
    """A percentage as a document shows it."""
    return f"{decimal(percent).normalize():f}%"


def price(account: Account, line: Line, given: Any, above: Line | None, unit: Decimal) -> None:
    """Amount and rate of a discount line; an amount given stands, a percentage follows the line above."""
    line["quantity"] = None
    if "foreignamount" in given and line["foreignamount"] is not None:
        line["rate"], line["ratepercent"] = line["foreignamount"], None
    else:
        _set_rate(account, line, given)
        line["foreignamount"] = line["rate"]
        if line.get("ratepercent") is not None:
            base = decimal(above["foreignamount"]) if above else Decimal(0)
            line["foreignamount"] = base * decimal(line["ratepercent"]) / _HUNDRED
    line["foreignamount"] = float(rounded(decimal(line["foreignamount"]), unit))


def _set_rate(account: Account, line: Line, given: Any) -> None:
    rate = line["rate"] if "rate" in given else line.get("rate")
    if rate is None:
        rate = item_rate(account, line["item"])
    percent = percent_of(rate)
    if percent is not None:
        line["rate"], line["ratepercent"] = float(percent / _HUNDRED), float(percent)
    elif "rate" in given or line.get("ratepercent") is None:
        line["rate"], line["ratepercent"] = float(decimal(rate)), None


def item_rate(account: Account, item: int) -> Any:
    row = account.row("SELECT rate FROM item WHERE id = ?", item)
    return row["rate"] if row and row["rate"] is not None else 0.0


def header(account: Account, draft: Draft, subtotal: Decimal, unit: Decimal) -> Decimal:
    """What the header's discount changes the total by. Raises NetSuiteError if its item is no discount."""
    item = draft.value("discountitem")
    if item is None:
        return Decimal(0)
    row = account.row("SELECT itemtype FROM item WHERE id = ?", item)
    if row is None or row["itemtype"] != DISCOUNT:
        raise invalid_value("discountItem", "discountitem", item)
    rate = draft.value("discountrate")
    rate = item_rate(account, item) if rate is None else rate
    draft.columns["discountrate"] = str(rate)
    percent = percent_of(rate)
    return rounded(decimal(rate) if percent is None else subtotal * percent / _HUNDRED, unit)
