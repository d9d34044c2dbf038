"""The currencies a customer may be billed in, and what it owes in each: the `currencyList` of its record.

From the vendor's help: a transaction's currency is one of those on the customer's record, its primary one by default,
and cannot be changed once the transaction is saved. Where no list was ever entered the account is lenient, unless it
was told otherwise (`Options.customer_currencies`). A currency that the customer does not have is refused as any value
that is not among a field's options is.
"""

from typing import Any

from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.draft import Draft, read_line
from crmerp_assets.sandbox.netsuite.errors import invalid_value, user_error
from crmerp_assets.sandbox.netsuite.schema.balances import AMOUNTS, amount
from crmerp_assets.sandbox.netsuite.schema.entities import CURRENCY_LIST

LIST = "currencyList"
_INSERT = "INSERT OR IGNORE INTO customercurrency (entity, currency) VALUES (?, ?)"


def save(account: Account, draft: Draft) -> None:
    """Add the body's currencies; `?replace=currencyList` drops those not mentioned. The primary one always stays.

    An account that takes no others lists every customer's primary one; a lenient one only where a list was entered.
    """
    if LIST not in draft.lists:
        if account.options.customer_currencies:
            account.db.execute(_INSERT, (draft.id, draft.value("currency")))
        return
    items = draft.lists[LIST]
    if items is None or LIST in draft.replace:
        forget(account, draft.id)
    for position, item in enumerate(items or ()):
        columns = read_line(account, CURRENCY_LIST.fields, item, f"{LIST}.items[{position}].", draft)
        account.db.execute(_INSERT, (draft.id, columns.get("currency")))
    account.db.execute(_INSERT, (draft.id, draft.value("currency")))


def forget(account: Account, customer: int) -> None:
    account.db.execute("DELETE FROM customercurrency WHERE entity = ?", (customer,))


def of(account: Account, customer: int, primary: int) -> list[int]:
    """The primary currency and those of the list."""
    rows = account.rows("SELECT currency FROM customercurrency WHERE entity = ? ORDER BY currency", customer)
    return list(dict.fromkeys([primary, *(row["currency"] for row in rows)]))


def balances(account: Account, customer: int, currency: int) -> dict[str, Any]:
    """The amounts of one line of the list."""
    only = f"AND t.currency = {int(currency)}"
    columns = ", ".join(f"{amount(name, str(int(customer)), only)} AS {name}" for name in AMOUNTS)
    row = account.row(f"SELECT {columns}")
    return {"currency": currency, **(dict(row) if row else {})}


def check(account: Account, draft: Draft, primary: int) -> None:
    """Raises NetSuiteError for a currency that the transaction cannot have."""
    currency, before = draft.value("currency"), (draft.before or {}).get("currency")
    if "currency" not in draft.columns or draft.seeding or currency == before:
        return
    if before is not None:
        raise user_error("You cannot change the currency of a transaction after it has been saved.")
    row = account.row("SELECT isinactive FROM currency WHERE id = ?", currency)
    if row is None or row["isinactive"] == "T" or not _held(account, draft.value("entity"), currency, primary):
        raise invalid_value("currency", "currency", currency)


def _held(account: Account, customer: int, currency: int, primary: int) -> bool:
    held = of(account, customer, primary)
    listed = account.row("SELECT 1 FROM customercurrency WHERE entity = ?", customer) is not None
    return currency in held or not (listed or account.options.customer_currencies)
