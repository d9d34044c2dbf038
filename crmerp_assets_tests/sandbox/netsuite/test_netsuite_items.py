"""The kinds of items: a record type for each kind and use, told apart in SuiteQL, and what cannot be sold.

Tried, and caught by the test named: purchase items let on orders (`bought_only`), one use for all (`kind_and_use`).
"""

import pytest

KINDS = {
    "inventoryItem": ("InvtPart", None),
    "assemblyItem": ("Assembly", None),
    "kitItem": ("Kit", None),
    "downloadItem": ("DwnLdItem", None),
    "giftCertificateItem": ("GiftCert", None),
    "nonInventorySaleItem": ("NonInvtPart", "Sale"),
    "nonInventoryResaleItem": ("NonInvtPart", "Resale"),
    "nonInventoryPurchaseItem": ("NonInvtPart", "Purchase"),
    "serviceResaleItem": ("Service", "Resale"),
    "otherChargeSaleItem": ("OthCharge", "Sale"),
    "otherChargePurchaseItem": ("OthCharge", "Purchase"),
    "discountItem": ("Discount", None),
}


def test_suiteql_tells_items_apart_by_kind_and_use(api):
    ids = [api.create(name, itemId=name) for name in KINDS]
    rows = api.query(f"SELECT itemid, itemtype, subtype FROM item WHERE id IN ({', '.join(ids)})")
    assert {row["itemid"]: (row["itemtype"], row.get("subtype")) for row in rows} == KINDS


def test_an_item_is_found_under_its_own_record_type_only(api):
    item = api.create("nonInventoryResaleItem", itemId="GOODS")
    assert api.read("nonInventoryResaleItem", item)["itemId"] == "GOODS"
    assert api.refusal("PATCH", f"nonInventorySaleItem/{item}", {"description": "New"})[1] == "NONEXISTENT_ID"


@pytest.mark.parametrize("kind", ["nonInventory", "service", "otherCharge"])
def test_what_is_bought_only_cannot_be_put_on_an_order_and_has_no_price(api, kind):
    item = api.create(f"{kind}PurchaseItem", itemId=f"{kind} to use")
    body = {"entity": {"id": api.customer()}, "item": {"items": [{"item": {"id": item}, "quantity": 1, "rate": 5}]}}
    assert api.refusal("POST", "salesOrder", body)[1] == "INVALID_CONTENT"
    price = {"price": {"items": [{"price": 5}]}}
    assert api.refusal("PATCH", f"{kind}PurchaseItem/{item}", price)[1] == "NONEXISTENT_FIELD"
    sold = api.create(f"{kind}ResaleItem", itemId=f"{kind} to sell", **price)
    body["item"]["items"][0] = {"item": {"id": sold}, "quantity": 2}
    assert api.read("salesOrder", api.create("salesOrder", **body))["total"] == 10.0
