"""What a fresh account holds before anyone enters a customer."""

import sqlite3
from collections.abc import Iterable

Currency = tuple[int, str, str, float, str, int]

CURRENCIES = [
    (1, "US Dollar", "USD", 1.0, "T", 2),
    (2, "British Pound", "GBP", 1.27, "F", 2),
    (3, "Canadian Dollar", "CAD", 0.73, "F", 2),
    (4, "Euro", "EUR", 1.09, "F", 2),
]
# Currencies that an account has besides, if it was told to (`more_currencies`). The vendor's help knows a precision of
# zero or two only and has it changed by support; three decimals for dinars are what ISO 4217 says, and assumed here.
MORE_CURRENCIES = {
    "JPY": (5, "Japanese Yen", 0.0066),
    "KWD": (6, "Kuwaiti Dinar", 3.25),
    "BHD": (7, "Bahraini Dinar", 2.65),
}
NOT_TAXABLE = -8
TERMS = [(1, "Net 15", 15), (2, "Net 30", 30), (3, "Net 60", 60), (4, "Due on receipt", 0)]
CONTACT_ROLES = [
    (1, "Primary Contact"),
    (2, "Alternate Contact"),
    (3, "Decision Maker"),
    (4, "Consultant"),
    (5, "Billing"),
]
UNITS = [
    (1, "Each", "Each"),
    (2, "Hour", "Hours"),
    (3, "Box", "Boxes"),
    (4, "Day", "Days"),
    (5, "Month", "Months"),
    (6, "License", "Licenses"),
    (7, "Kilogram", "Kilograms"),
]
PRICE_LEVELS = [(1, "Base Price"), (2, "Alternate Price 1"), (5, "Online Price"), (-1, "Custom")]
# ISO 4217 exponents that differ from 2, for currencies an administrator adds later.
PRECISION = {"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "ISK": 0, "KWD": 3, "BHD": 3, "TND": 3, "JOD": 3, "OMR": 3}


def load(db: sqlite3.Connection, now: str, more_currencies: Iterable[str] = ()) -> None:
    """Fill the lists of a new database; a database that has currencies is left alone."""
    if db.execute("SELECT 1 FROM currency").fetchone():
        return
    _currencies(db, now, [*CURRENCIES, *(_more(symbol) for symbol in more_currencies)])
    db.execute("INSERT INTO salestaxitem VALUES (?, NULL, '-Not Taxable-', 0, 'F')", (NOT_TAXABLE,))
    db.executemany("INSERT INTO term (id, name, daysuntilnetdue, isinactive) VALUES (?, ?, ?, 'F')", TERMS)
    db.execute("INSERT INTO subsidiary (id, name, currency, isinactive) VALUES (1, 'Parent Company', 1, 'F')")
    db.executemany("INSERT INTO contactrole (id, name) VALUES (?, ?)", CONTACT_ROLES)
    db.executemany("INSERT INTO unitstypeuom (internalid, unitname, pluralname) VALUES (?, ?, ?)", UNITS)
    db.executemany("INSERT INTO pricelevel (id, name) VALUES (?, ?)", PRICE_LEVELS)
    db.execute("INSERT INTO employee (id, entityid) VALUES (3, 'integration')")


def _more(symbol: str) -> Currency:
    id_, name, rate = MORE_CURRENCIES[symbol]
    return id_, name, symbol, rate, "F", PRECISION[symbol]


def _currencies(db: sqlite3.Connection, now: str, currencies: list[Currency]) -> None:
    db.executemany(
        "INSERT INTO currency (id, name, symbol, exchangerate, isbasecurrency, currencyprecision, isinactive,"
        f" lastmodifieddate) VALUES (?, ?, ?, ?, ?, ?, 'F', '{now}')",
        currencies,
    )
    db.executemany(
        "INSERT INTO currencyrate (id, basecurrency, transactioncurrency, effectivedate, exchangerate,"
        f" lastmodifieddate) VALUES (?, 1, ?, '2015-01-01', ?, '{now}')",
        [(id_, id_, rate) for id_, _, _, rate, _, _ in currencies if id_ != 1],
    )
