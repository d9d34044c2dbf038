"""One invoice for several orders, which people make by a script or a SuiteApp and the REST API has no call for.

Its header is made from no order; every line names its order and the line it bills, and that is what the vendor's links
and its columns `createdfrom` tell. Assumed: the orders are of one customer, currency and subsidiary, and one with a
discount on the whole of it is billed alone, as an invoice has one such discount.
"""

from typing import Any

from crmerp_assets.sandbox.netsuite.engine.draft import Draft
from crmerp_assets.sandbox.netsuite.engine.records import Records
from crmerp_assets.sandbox.netsuite.engine.transform import apply_deposits, invoice_body
from crmerp_assets.sandbox.netsuite.errors import nonexistent_id, user_error

_SAME = ("entity", "currency", "subsidiary")
Body = dict[str, Any]


def bill_together(records: Records, orders: list[int], body: Body) -> Draft:
    """One invoice of all that can be billed of the orders; `body` overrides its header. Raises NetSuiteError."""
    target = records.type("invoice")
    rows = [records.stored(records.type("salesOrder"), order) for order in orders]
    _check(rows)
    each = [invoice_body(records.account, row, target) for row in rows if row is not None]
    lines = [(order, line) for order, one in zip(orders, each, strict=True) for line in one["item"]["items"]]
    whole = each[0] | body | {"item": {"items": [line for _, line in lines]}}
    draft = records.create(target, whole, "ignore", origins=tuple(order for order, _ in lines))
    for order in orders:
        apply_deposits(records, order)
    return draft


def _check(rows: list[Body | None]) -> None:
    known = [row for row in rows if row is not None]
    if not known or len(known) < len(rows):
        raise nonexistent_id()
    if any(len({row[column] for row in known}) > 1 for column in _SAME):
        raise user_error("Orders can be billed together only if customer, currency and subsidiary are the same.")
    if any(row["discountitem"] is not None for row in known):
        raise user_error("An order with a discount on its header is billed on an invoice of its own.")
