"""The table of native objects: every field path with its SuiteQL expression, its joins and its REST property."""

from __future__ import annotations

from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.netsuite.fields import (
    ADDRESS_PARTS,
    ADDRESS_SIDES,
    FOR_SALE,
    SYSTEM,
    Child,
    Column,
    Kind,
    NativeObject,
    computed,
    named,
    plain,
    reference,
)

_CURRENCY = "LEFT JOIN currency cur ON cur.id = t.currency"
_TERMS = "LEFT JOIN term trm ON trm.id = t.terms"
_SUBSIDIARY = "LEFT JOIN subsidiary sub ON sub.id = t.subsidiary"
_CURRENCIES = (
    "(SELECT LISTAGG(lst.symbol, ',') WITHIN GROUP (ORDER BY lst.symbol) FROM customercurrencybalance ccb "
    "JOIN currency lst ON lst.id = ccb.currency WHERE ccb.customer = t.id)"
)
_ADDRESS = "LEFT JOIN customeraddressbookentityaddress {0} ON {0}.nkey = t.default{0}address"

_COMMON = {
    "id": Column("t.id"),
    "externalId": plain("externalId"),
    "currency": reference("currency", "currency"),
    "currency.symbol": named("currency", "currency", "cur.symbol", "currency"),
}
_PARTY = {
    "entityId": plain("entityId"),
    "email": plain("email"),
    "phone": plain("phone"),
    "isInactive": plain("isInactive", "boolean"),
}
_TERM = {
    "terms": reference("terms", "term"),
    "terms.name": named("terms", "terms", "trm.name", "term"),
}

CUSTOMER = NativeObject(
    name="customer",
    table="customer",
    record_type="customer",
    joins={
        "currency": _CURRENCY,
        "terms": _TERMS,
        "subsidiary": _SUBSIDIARY,
        **{side: _ADDRESS.format(side) for side in ADDRESS_SIDES},
    },
    columns={
        **_COMMON,
        **_PARTY,
        **_TERM,
        "companyName": plain("companyName"),
        "isPerson": plain("isPerson", "boolean"),
        "url": plain("url"),
        "vatRegNumber": plain("vatRegNumber"),
        "comments": plain("comments"),
        "creditLimit": plain("creditLimit", "number"),
        "creditHoldOverride": plain("creditHoldOverride"),
        "currencyList": Column(_CURRENCIES),
        "parent": reference("parent", "customer"),
        "subsidiary": reference("subsidiary", "subsidiary"),
        "subsidiary.name": named("subsidiary", "subsidiary", "sub.name", "subsidiary"),
        "balance": computed("balancesearch", "number"),
        "overdueBalance": computed("overduebalancesearch", "number"),
        "dateCreated": computed("datecreated", "moment"),
        "lastModifiedDate": computed("lastmodifieddate", "moment"),
        **{
            f"{side}.{part}": Column(f"{side}.{part}", "address", (side,))
            for side in ADDRESS_SIDES
            for part in ADDRESS_PARTS
        },
    },
    deleted_types=("customer",),
    natural_key="entityId",
)

CONTACT = NativeObject(
    name="contact",
    table="contact",
    record_type="contact",
    joins={"role": "LEFT JOIN contactrole rol ON rol.id = t.contactrole"},
    columns={
        "id": Column("t.id"),
        "externalId": plain("externalId"),
        **_PARTY,
        "firstName": plain("firstName"),
        "lastName": plain("lastName"),
        "title": plain("title"),
        "company": reference("company", "customer"),
        "contactRole": reference("contactRole", "contactRole"),
        "contactRole.name": named("contactRole", "role", "rol.name", "contactRole"),
        "lastModifiedDate": computed("lastmodifieddate", "moment"),
    },
    deleted_types=("contact",),
    natural_key="entityId",
)

# Items that are products, by `itemtype`. Discounts, markups, subtotals, descriptions, payments, groups, taxes and
# shipping are items as well, but only shape a document: no product is made of them, though lines still name them.
# Record types are those of the record browser; that `itemtype` and `subtype` read so in SuiteQL is by what other
# clients ask for, not seen live.
_PRODUCTS = {
    "InvtPart": "inventoryItem",
    "Assembly": "assemblyItem",
    "Kit": "kitItem",
    "DwnLdItem": "downloadItem",
    "GiftCert": "giftCertificateItem",
}
# These have a record type for each use. What is for purchase only is no product either: nobody can put it on an order.
_USED_PRODUCTS = {"NonInvtPart": "nonInventory", "Service": "service", "OthCharge": "otherCharge"}
_ITEM_TYPES = _PRODUCTS | {
    f"{kind} {use}": f"{name}{use}Item" for kind, name in _USED_PRODUCTS.items() for use in (FOR_SALE, "Resale")
}
_ITEM_KINDS = ", ".join(f"'{kind}'" for kind in (*_PRODUCTS, *_USED_PRODUCTS))

ITEM = NativeObject(
    name="item",
    table="item",
    record_type="nonInventorySaleItem",
    only=f"t.itemtype IN ({_ITEM_KINDS}) AND COALESCE(t.subtype, '{FOR_SALE}') <> 'Purchase'",
    record_types=_ITEM_TYPES,
    joins={
        "unit": "LEFT JOIN unitstypeuom uom ON uom.internalid = t.saleunit",
        "base": "LEFT JOIN currency base ON base.isbasecurrency = 'T'",
        "price": "LEFT JOIN pricing prc ON prc.item = t.id AND prc.pricelevel = 1 AND prc.currency = base.id",
    },
    columns={
        "id": Column("t.id"),
        "externalId": plain("externalId"),
        "itemId": plain("itemId"),
        "displayName": plain("displayName"),
        "description": plain("description"),
        "isInactive": plain("isInactive", "boolean"),
        "itemType": computed("itemtype"),
        "saleUnit": reference("saleUnit", "unit"),
        "saleUnit.name": named("saleUnit", "unit", "uom.unitname", "unit"),
        "basePrice": Column("prc.unitprice", "price", ("base", "price")),
        "createdDate": computed("createddate", "moment"),
        "lastModifiedDate": computed("lastmodifieddate", "moment"),
    },
    deleted_types=(*(name.lower() for name in _ITEM_TYPES.values()), "item"),
    natural_key="itemId",
)

_LINK = ("c.nextdoc", "c.previousdoc", "COALESCE(c.nextline, 0)", "COALESCE(c.previousline, 0)")


def _lines(signed: Kind, *, named: bool = False) -> Child:
    """Item lines; on sales SuiteQL shows quantities and amounts negated, on credits as on the document.

    `named` ones have the name of their item too, which costs a join.
    """
    join = "LEFT JOIN item itm ON itm.id = c.item " if named else ""
    return Child(
        source=f"FROM transactionline c {join}WHERE c.mainline = 'F' AND c.taxline = 'F' "
        "AND COALESCE(c.transactiondiscount, 'F') = 'F'",
        parent="c.transaction",
        unique=("c.uniquekey",),
        order="c.linesequencenumber",
        columns={
            "item.line": Column("c.id"),
            "item.item": Column("c.item", "reference", points_to="item"),
            "item.quantity": Column("c.quantity", signed),
            "item.rate": Column("c.rate", "number"),
            "item.amount": Column("c.foreignamount", signed),
            "item.description": Column("c.memo"),
            **({"item.itemId": Column("itm.itemid")} if named else {}),
        },
    )


_APPLICATIONS = Child(
    source="FROM previoustransactionlinelink c WHERE c.linktype = 'Payment'",
    parent="c.nextdoc",
    unique=_LINK,
    columns={
        "apply.doc": Column("c.previousdoc", "reference", points_to="invoice"),
        "apply.amount": Column("c.foreignamount", "magnitude"),
    },
)
_DEPOSITS_APPLIED = Child(
    source="FROM previoustransactionlinelink c "
    "LEFT JOIN previoustransactionlinelink d ON d.nextdoc = c.nextdoc AND d.linktype = 'DepAppl' "
    "WHERE c.linktype = 'Payment'",
    parent="c.nextdoc",
    unique=_LINK,
    columns={**_APPLICATIONS.columns, "apply.deposit": Column("d.previousdoc", "reference")},
)
_REFUNDED = Child(
    source="FROM previoustransactionlinelink c WHERE c.linktype IN ('Payment', 'DepRfnd')",
    parent="c.nextdoc",
    unique=_LINK,
    columns={
        "refunded.doc": Column("c.previousdoc", "reference"),
        "refunded.amount": Column("c.foreignamount", "magnitude"),
    },
)
_BILLED = Child(
    source="FROM previoustransactionlinelink c "
    "JOIN transactionline n ON n.transaction = c.nextdoc AND n.id = c.nextline WHERE c.linktype = 'OrdBill'",
    parent="c.nextdoc",
    unique=_LINK,
    columns={
        "billed.order": Column("c.previousdoc", "reference", points_to="salesOrder"),
        "billed.amount": Column("n.foreignamount", "negated"),
    },
)
_ORIGINS = Child(
    source="FROM previoustransactionlinelink c WHERE c.linktype = 'OrdBill'",
    parent="c.nextdoc",
    unique=_LINK,
    columns={"createdFrom": Column("c.previousdoc", "reference", points_to="salesOrder")},
)

_TRANSACTION = {
    **_COMMON,
    "tranId": plain("tranId"),
    "entity": reference("entity", "customer"),
    "tranDate": plain("tranDate", "date"),
    "memo": plain("memo"),
    "status": computed("status"),
    "exchangeRate": plain("exchangeRate", "number"),
    "total": computed("foreigntotal", "number"),
    "subsidiary": reference("subsidiary", "subsidiary"),
    "subsidiary.name": named("subsidiary", "subsidiary", "sub.name", "subsidiary"),
    "voided": computed("voided", "boolean"),
    "createdDate": computed("createddate", "moment"),
    "lastModifiedDate": computed("lastmodifieddate", "moment"),
}
_JOINS = {"currency": _CURRENCY, "terms": _TERMS, "subsidiary": _SUBSIDIARY}


def _transaction(name: str, type_code: str, columns: dict[str, Column], children: dict[str, Child]) -> NativeObject:
    return NativeObject(
        name=name,
        table="transaction",
        record_type=name,
        only=f"t.type = '{type_code}'",
        modified_by="t.lastmodifiedby",
        joins=_JOINS,
        columns={**_TRANSACTION, **columns},
        children=children,
        deleted_types=(name.lower(),),
        natural_key="tranId",
    )


_TAXED = {"taxTotal": computed("taxtotal", "number")}
_PAID = {
    "amountPaid": computed("foreignamountpaid", "number"),
    "amountRemaining": computed("foreignamountunpaid", "number"),
}

SALES_ORDER = _transaction(
    "salesOrder",
    "SalesOrd",
    {
        **_TERM,
        **_TAXED,
        "otherRefNum": plain("otherRefNum"),
        "orderStatus": reference("orderStatus", sql="t.status"),
        "shipDate": plain("shipDate", "date"),
    },
    {"item": _lines("negated")},
)
INVOICE = _transaction(
    "invoice",
    "CustInvc",
    {**_TERM, **_TAXED, **_PAID, "otherRefNum": plain("otherRefNum"), "dueDate": plain("dueDate", "date")},
    {"item": _lines("negated"), "createdFrom": _ORIGINS, "billed": _BILLED},
)
_SETTLED = {
    "total": computed("foreigntotal", "magnitude"),
    "applied": computed("foreignamountpaid", "magnitude"),
    "unapplied": computed("foreignamountunpaid", "magnitude"),
    "payment": Column("t.foreigntotal", "magnitude", body="payment"),
}
_PAYER = {"customer": reference("customer", "customer", sql="t.entity")}
CUSTOMER_PAYMENT = _transaction(
    "customerPayment",
    "CustPymt",
    {**_SETTLED, **_PAYER},
    {"apply": _APPLICATIONS},
)
CUSTOMER_DEPOSIT = _transaction("customerDeposit", "CustDep", {**_SETTLED, **_PAYER}, {})
DEPOSIT_APPLICATION = _transaction(
    "depositApplication", "DepAppl", {**_SETTLED, **_PAYER}, {"apply": _DEPOSITS_APPLIED}
)
CUSTOMER_REFUND = _transaction("customerRefund", "CustRfnd", {**_SETTLED, **_PAYER}, {"refunded": _REFUNDED})
CREDIT_MEMO = _transaction(
    "creditMemo",
    "CustCred",
    {**_SETTLED, "payment": computed("foreigntotal", "magnitude")},
    {"apply": _APPLICATIONS, "item": _lines("number", named=True)},
)

CURRENCY_RATE = NativeObject(
    name="currencyRate",
    table="currencyrate",
    record_type="currencyRate",
    joins={
        "base": "LEFT JOIN currency base ON base.id = t.basecurrency",
        "traded": "LEFT JOIN currency traded ON traded.id = t.transactioncurrency",
    },
    columns={
        "id": Column("t.id"),
        "baseCurrency": Column("t.basecurrency", "reference", points_to="currency"),
        "baseCurrency.symbol": Column("base.symbol", "text", ("base",)),
        "transactionCurrency": Column("t.transactioncurrency", "reference", points_to="currency"),
        "transactionCurrency.symbol": Column("traded.symbol", "text", ("traded",)),
        "effectiveDate": Column("t.effectivedate", "date"),
        "exchangeRate": Column("t.exchangerate", "number"),
        "lastModifiedDate": computed("lastmodifieddate", "moment"),
    },
    deleted_types=("currencyrate",),
)

OBJECTS = {
    native.name: native
    for native in (
        CUSTOMER,
        CONTACT,
        ITEM,
        SALES_ORDER,
        INVOICE,
        CUSTOMER_PAYMENT,
        CREDIT_MEMO,
        CUSTOMER_DEPOSIT,
        DEPOSIT_APPLICATION,
        CUSTOMER_REFUND,
        CURRENCY_RATE,
    )
}


def native_object(name: str) -> NativeObject:
    """The object of that name; ConfigError names the ones that exist."""
    if name not in OBJECTS:
        message = f"NetSuite object {name!r} is not known here; use one of {', '.join(OBJECTS)} in the mapping."
        raise ConfigError(message, system=SYSTEM, object=name)
    return OBJECTS[name]
