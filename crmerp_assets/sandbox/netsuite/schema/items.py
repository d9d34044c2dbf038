"""What lines are made of: items that are sold, discounts and descriptions; they share ids, external ids and names."""

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


DISCOUNT, DESCRIPTION = "Discount", "Description"
# Lines of these types have no quantity and cannot be fulfilled.
UNCOUNTED = frozenset({DISCOUNT, DESCRIPTION})


def record_types() -> Iterator[RecordType]:
    for name, (label, code) in ITEM_TYPES.items():
        yield RecordType(name, label, "item", "item", code, -10, _fields(), {"price": PRICE})
    discount = _fields() | f.named(f.rate("rate"), f.boolean("isPreTax"))
    yield RecordType("discountItem", "Discount", "item", "item", DISCOUNT, -10, discount)
    yield RecordType("descriptionItem", "Description", "item", "item", DESCRIPTION, -10, _fields())


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
