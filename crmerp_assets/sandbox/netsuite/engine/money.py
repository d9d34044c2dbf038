"""Amounts are reckoned in decimals and rounded half up to the currency's minor units, as ISO 4217 has them."""

import sqlite3
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.schema.reference import PRECISION


def decimal(value: Any) -> Decimal:
    return Decimal(0) if value is None else Decimal(str(value))


def rounding(account: Account, currency: int) -> Decimal:
    """The smallest unit of a currency, 0.01 for most."""
    row: sqlite3.Row | None = account.row("SELECT symbol, currencyprecision FROM currency WHERE id = ?", currency)
    digits = 2 if row is None else row["currencyprecision"]
    if digits is None and row is not None:
        digits = PRECISION.get(row["symbol"], 2)
    return Decimal(1).scaleb(-int(digits if digits is not None else 2))


def rounded(value: Decimal, unit: Decimal) -> Decimal:
    return value.quantize(unit, ROUND_HALF_UP)


def exchange_rate(account: Account, currency: int, day: str) -> float:
    """Base currency per unit of `currency` on that day: the latest rate entered until then."""
    row = account.row(
        "SELECT exchangerate FROM currencyrate WHERE transactioncurrency = ? AND effectivedate <= ?"
        " ORDER BY effectivedate DESC, id DESC LIMIT 1",
        currency,
        day,
    ) or account.row("SELECT exchangerate FROM currency WHERE id = ?", currency)
    return float(row["exchangerate"]) if row and row["exchangerate"] else 1.0
