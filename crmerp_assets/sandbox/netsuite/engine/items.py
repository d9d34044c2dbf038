"""What the account insists on for items, and their prices."""

from typing import Any

from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.draft import Draft, read_line
from crmerp_assets.sandbox.netsuite.errors import missing, user_error
from crmerp_assets.sandbox.netsuite.schema.items import PRICE, use_of

BASE_LEVEL = 1
_LIST = "price"


def check_item(account: Account, draft: Draft) -> None:
    if not draft.value("itemid"):
        raise missing(["Item Name/Number"])
    if draft.new:
        draft.columns.setdefault("isinactive", "F")
        draft.columns |= {"itemtype": draft.type.code, "recordtype": draft.type.name}
        draft.columns["subtype"] = use_of(draft.type.name)
        draft.columns.setdefault("istaxable", "T")
    if "itemid" in draft.columns and not draft.seeding:
        sql = "SELECT 1 FROM item WHERE itemid = ? AND id <> ?"
        if account.row(sql, draft.columns["itemid"], draft.id):
            raise user_error("An item with this name already exists. Please choose another name.")
    _save_prices(account, draft)


def _save_prices(account: Account, draft: Draft) -> None:
    if _LIST not in draft.lists:
        return
    items = draft.lists[_LIST]
    if not draft.new and (items is None or _LIST in draft.replace):
        account.db.execute("DELETE FROM pricing WHERE item = ?", (draft.id,))
    for position, item in enumerate(items or ()):
        body = {key: value for key, value in item.items() if key not in ("quantity", "priceLevelName", "currencyPage")}
        columns = read_line(account, PRICE.fields, body, f"{_LIST}.items[{position}].", draft)
        _save_price(account, draft, columns)


def _save_price(account: Account, draft: Draft, columns: dict[str, Any]) -> None:
    level, currency = columns.get("pricelevel") or BASE_LEVEL, columns.get("currency") or 1
    if not draft.new:
        account.flush()
        account.db.execute(
            "DELETE FROM pricing WHERE item = ? AND pricelevel = ? AND currency = ?", (draft.id, level, currency)
        )
    row = {"item": draft.id, "pricelevel": level, "currency": currency, "unitprice": columns.get("unitprice")}
    account.insert("pricing", row)


def base_price(account: Account, item: int, currency: int) -> float:
    """What the item costs in that currency when an order line names no rate."""
    sql = "SELECT unitprice FROM pricing WHERE item = ? AND pricelevel = ? AND currency = ?"
    row = account.row(sql, item, BASE_LEVEL, currency)
    return float(row["unitprice"] or 0) if row else 0.0
