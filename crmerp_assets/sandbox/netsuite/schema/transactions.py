"""Orders, fulfilments, invoices, payments, credits, deposits and refunds: they share ids, external ids and a table.

Names and status letters are those of the vendor's REST API browser (2026.1) and of its status lists. The browser lets
`orderStatus` be written as A or B only; that C cancels and H closes an order stands here for the buttons of the UI.
"""

from collections.abc import Iterator

from crmerp_assets.sandbox.netsuite.schema import fields as f
from crmerp_assets.sandbox.netsuite.schema.fields import Field, RecordType, Sublist

ORDER_STATUSES = {
    "A": "Pending Approval",
    "B": "Pending Fulfillment",
    "C": "Cancelled",
    "D": "Partially Fulfilled",
    "E": "Pending Billing/Partially Fulfilled",
    "F": "Pending Billing",
    "G": "Billed",
    "H": "Closed",
}
STATUSES = {
    "SalesOrd": ORDER_STATUSES,
    "CustInvc": {"A": "Open", "B": "Paid In Full", "V": "Voided"},
    "CustPymt": {"B": "Not Deposited", "C": "Deposited", "V": "Voided"},
    "CustCred": {"A": "Open", "B": "Fully Applied", "V": "Voided"},
    "ItemShip": {"A": "Picked", "B": "Packed", "C": "Shipped"},
    "CustDep": {"A": "Not Deposited", "B": "Deposited", "C": "Fully Applied", "V": "Voided"},
    "DepAppl": {},
    "CustRfnd": {"V": "Voided"},
}
TYPE_NAMES = {
    "SalesOrd": "Sales Order",
    "CustInvc": "Invoice",
    "CustPymt": "Payment",
    "CustCred": "Credit Memo",
    "ItemShip": "Item Fulfillment",
    "CustDep": "Customer Deposit",
    "DepAppl": "Deposit Application",
    "CustRfnd": "Customer Refund",
}
NUMBER_PREFIX = {
    "SalesOrd": "SO",
    "CustInvc": "INV",
    "CustPymt": "PMT",
    "CustCred": "CM",
    "ItemShip": "IF",
    "CustDep": "DEP",
    "DepAppl": "DA",
    "CustRfnd": "RF",
}

ITEM_LINES = Sublist(
    "item",
    fields=f.named(
        f.integer("line", "id"),
        f.reference("item", "item", required=True),
        f.number("quantity"),
        f.rate("rate"),
        f.money("amount", "foreignamount"),
        f.text("description", 4000, "memo"),
        f.integer("price"),
        f.reference("units", "unitstypeuom"),
        f.boolean("isClosed"),
        f.number("quantityBilled", readonly=True),
        f.number("quantityFulfilled", "quantityshiprecv", readonly=True),
        f.boolean("isTaxable"),
        f.number("taxRate1", "taxrate", readonly=True),
        f.integer("orderLine"),
    ),
)

APPLY_LINES = Sublist(
    "apply",
    fields=f.named(
        f.reference("doc", "transaction", "previousdoc"),
        f.integer("line", "previousline"),
        f.boolean("apply"),
        f.money("amount", "foreignamount"),
        f.text("refNum", 45, "tranid", readonly=True),
        f.money("due", readonly=True),
        f.money("total", readonly=True),
    ),
)

FULFILLED_LINES = Sublist(
    "item",
    fields=f.named(
        f.integer("line", "id"),
        f.integer("orderLine"),
        f.reference("item", "item"),
        f.number("quantity"),
        f.boolean("itemReceive"),
        f.integer("location"),
    ),
)


def _common(entity: str) -> tuple[Field, ...]:
    return (
        f.text("externalId", 255),
        f.text("tranId", 45, label="Transaction Number"),
        f.reference(entity, "customer", "entity", label="Customer", required=True),
        f.date("tranDate"),
        f.reference("currency", "currency"),
        f.number("exchangeRate"),
        f.reference("subsidiary", "subsidiary"),
        f.text("memo", 999),
        f.datetime("createdDate"),
        f.datetime("lastModifiedDate"),
    )


def _sales(code: str) -> tuple[Field, ...]:
    return (
        *_common("entity"),
        f.text("otherRefNum", 45, label="PO #"),
        f.email("email"),
        f.reference("terms", "term"),
        f.reference("discountItem", "item"),
        f.rate("discountRate"),
        f.reference("taxItem", "salestaxitem"),
        f.number("taxRate", readonly=True),
        f.money("subtotal", readonly=True),
        f.money("discountTotal", readonly=True),
        f.money("taxTotal", readonly=True),
        f.money("total", "foreigntotal", readonly=True),
        f.choice("status", STATUSES[code], readonly=True),
    )


def _order() -> dict[str, Field]:
    return f.named(*_sales("SalesOrd"), f.choice("orderStatus", ORDER_STATUSES, "status"), f.date("shipDate"))


def _invoice() -> dict[str, Field]:
    return f.named(
        *_sales("CustInvc"),
        f.date("dueDate"),
        f.choice("approvalStatus", {"1": "Pending Approval", "2": "Approved", "3": "Rejected", "11": "Open"}),
        f.money("amountPaid", "foreignamountpaid", readonly=True),
        f.money("amountRemaining", "foreignamountunpaid", readonly=True),
        f.reference("createdFrom", "transaction", readonly=True),
    )


def _credit_memo() -> dict[str, Field]:
    return f.named(
        *_sales("CustCred"),
        f.money("applied", "foreignamountpaid", readonly=True),
        f.money("unapplied", "foreignamountunpaid", readonly=True),
        f.money("amountRemaining", "foreignamountunpaid", readonly=True),
        f.reference("createdFrom", "transaction", readonly=True),
    )


def _payment() -> dict[str, Field]:
    return f.named(
        *_common("customer"),
        f.money("payment", "foreigntotal"),
        f.money("total", "foreigntotal", readonly=True),
        f.money("applied", "foreignamountpaid", readonly=True),
        f.money("unapplied", "foreignamountunpaid", readonly=True),
        f.choice("status", STATUSES["CustPymt"], readonly=True),
    )


def _fulfillment() -> dict[str, Field]:
    return f.named(
        *_common("entity"),
        f.choice("shipStatus", STATUSES["ItemShip"], "status"),
        f.choice("status", STATUSES["ItemShip"], readonly=True),
        f.reference("createdFrom", "transaction", readonly=True),
    )


def _deposit() -> dict[str, Field]:
    return f.named(
        *_common("customer"),
        f.money("payment", "foreigntotal"),
        f.money("total", "foreigntotal", readonly=True),
        f.reference("salesOrder", "transaction"),
        f.choice("status", STATUSES["CustDep"], readonly=True),
    )


def _deposit_application() -> dict[str, Field]:
    return f.named(
        *_common("customer"),
        f.reference("deposit", "transaction"),
        f.money("total", "foreigntotal", readonly=True),
        f.money("applied", "foreignamountpaid", readonly=True),
        f.money("unapplied", "foreignamountunpaid", readonly=True),
    )


def _refund() -> dict[str, Field]:
    return f.named(
        *_common("customer"),
        f.money("total", "foreigntotal", readonly=True),
        f.choice("status", STATUSES["CustRfnd"], readonly=True),
    )


def record_types() -> Iterator[RecordType]:
    lines, apply = {"item": ITEM_LINES}, {"apply": APPLY_LINES}
    yield _transaction("salesOrder", "Sales Order", "SalesOrd", _order(), lines)
    yield _transaction("invoice", "Invoice", "CustInvc", _invoice(), lines)
    yield _transaction("customerPayment", "Payment", "CustPymt", _payment(), apply)
    yield _transaction("creditMemo", "Credit Memo", "CustCred", _credit_memo(), lines | apply)
    fulfilled = {"item": FULFILLED_LINES}
    yield _transaction("itemFulfillment", "Item Fulfillment", "ItemShip", _fulfillment(), fulfilled)
    yield _transaction("customerDeposit", "Customer Deposit", "CustDep", _deposit(), {})
    yield _transaction("depositApplication", "Deposit Application", "DepAppl", _deposit_application(), apply)
    refunded = apply | {"deposit": APPLY_LINES}
    yield _transaction("customerRefund", "Customer Refund", "CustRfnd", _refund(), refunded)


def _transaction(
    name: str, label: str, code: str, fields: dict[str, Field], sublists: dict[str, Sublist]
) -> RecordType:
    return RecordType(name, label, "transaction", "transaction", code, -30, fields, sublists)
