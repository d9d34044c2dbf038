"""What lines are made of: items that are sold, discounts and descriptions; they share ids, external ids and names.

From the vendor's record browser: non-inventory items, services and other charges are a record type each for what is
sold, bought to be sold, and bought. Assumed: `itemtype` does not tell them apart, `subtype` does, and other items have
none; kits and assemblies need no members here.
"""

from collections.abc import Iterator

from crmerp_assets.sandbox.netsuite.schema import fields as f
from crmerp_assets.sandbox.netsuite.schema.fields import RecordType, Sublist

PRICE = Sublist(
    "price",
    fields=f.named(
        f.reference("priceLevel", "pricelevel"),
        f.reference("currency", "currency"),
        f.money("price", "unitprice"),
    ),
)

ITEM_TYPES = {
    "inventoryItem": ("Inventory Item", "InvtPart"),
    "assemblyItem": ("Assembly", "Assembly"),
    "kitItem": ("Kit/Package", "Kit"),
    "downloadItem": ("Download Item", "DwnLdItem"),
    "giftCertificateItem": ("Gift Certificate", "GiftCert"),
}
# By the beginning of their names; what they are for is the rest.
USED_ITEM_TYPES = {
    "nonInventory": ("Non-inventory Item", "NonInvtPart"),
    "service": ("Service", "Service"),
    "otherCharge": ("Other Charge", "OthCharge"),
}
PURCHASE = "Purchase"
USES = ("Sale", "Resale", PURCHASE)

DISCOUNT, DESCRIPTION = "Discount", "Description"


def record_types() -> Iterator[RecordType]:
    for name, (label, code) in ITEM_TYPES.items():
        yield RecordType(name, label, "item", "item", code, -10, _fields(), {"price": PRICE})
    for name, (label, code) in USED_ITEM_TYPES.items():
        for use in USES:
            prices = {} if use == PURCHASE else {"price": PRICE}
            yield RecordType(f"{name}{use}Item", f"{label} for {use}", "item", "item", code, -10, _fields(), prices)
    discount = _fields() | f.named(f.rate("rate"), f.boolean("isPreTax"))
    yield RecordType("discountItem", "Discount", "item", "item", DISCOUNT, -10, discount)
    yield RecordType("descriptionItem", "Description", "item", "item", DESCRIPTION, -10, _fields())


def use_of(record_type: str) -> str | None:
    """What items of that record type are for; None of those that are for anything."""
    named = (use for name in USED_ITEM_TYPES for use in USES if record_type == f"{name}{use}Item")
    return next(named, None)


def _fields() -> dict[str, f.Field]:
    return f.named(
        f.text("externalId", 255),
        f.text("itemId", 60, label="Item Name/Number", required=True),
        f.text("displayName", 60, label="Display Name/Code"),
        f.text("description", 999, label="Sales Description"),
        f.boolean("isInactive"),
        f.boolean("isTaxable"),
        f.reference("saleUnit", "unitstypeuom", label="Sale Unit"),
        f.reference("subsidiary", "subsidiary"),
        f.datetime("createdDate"),
        f.datetime("lastModifiedDate"),
    )
