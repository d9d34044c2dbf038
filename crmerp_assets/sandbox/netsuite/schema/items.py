"""The three kinds of item that are sold; they share ids, external ids and item names."""

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
    "nonInventorySaleItem": ("Non-inventory Item for Sale", "NonInvtPart"),
    "inventoryItem": ("Inventory Item", "InvtPart"),
    "serviceSaleItem": ("Service for Sale", "Service"),
}


def record_types() -> Iterator[RecordType]:
    for name, (label, code) in ITEM_TYPES.items():
        yield RecordType(name, label, "item", "item", code, -10, _fields(), {"price": PRICE})


def _fields() -> dict[str, f.Field]:
    return f.named(
        f.text("externalId", 255),
        f.text("itemId", 60, label="Item Name/Number", required=True),
        f.text("displayName", 60, label="Display Name/Code"),
        f.text("description", 999, label="Sales Description"),
        f.boolean("isInactive"),
        f.reference("saleUnit", "unitstypeuom", label="Sale Unit"),
        f.reference("subsidiary", "subsidiary"),
        f.datetime("createdDate"),
        f.datetime("lastModifiedDate"),
    )
