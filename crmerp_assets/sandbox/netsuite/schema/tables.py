"""The tables of SuiteQL, in its own column names, and the statements that create them.

A column is written `name:type` or `name:type>table`, the latter a reference whose display text that table holds.
`customer` is a view: balances are computed when they are read, which is why they never touch `lastmodifieddate`.
"""

import sqlite3
from dataclasses import dataclass

from crmerp_assets.sandbox.netsuite.schema.balances import CUSTOMER_VIEW

SQL_TYPES = {
    "key": "INTEGER PRIMARY KEY",
    "int": "INTEGER",
    "real": "REAL",
    "text": "TEXT",
    "nocase": "TEXT COLLATE NOCASE",
    "bool": "TEXT",
    "date": "TEXT",
    "datetime": "TEXT",
}

_TABLES = {
    "transaction": """id:key type:text recordtype:text externalid:nocase tranid:text entity:int>customer trandate:date
        duedate:date status:text otherrefnum:text memo:text email:text currency:int>currency exchangerate:real
        foreigntotal:real taxtotal:real foreignamountpaid:real foreignamountunpaid:real terms:int>term
        subsidiary:int>subsidiary shipdate:date approvalstatus:text createddate:datetime createdby:int>employee
        lastmodifieddate:datetime lastmodifiedby:int>employee voided:bool""",
    "transactionline": """uniquekey:key id:int transaction:int>transaction linesequencenumber:int mainline:bool
        taxline:bool transactiondiscount:bool item:int>item itemtype:text quantity:real quantitybilled:real
        quantityshiprecv:real rate:real ratepercent:real foreignamount:real netamount:real
        memo:text price:int units:int>unitstypeuom entity:int>customer createdfrom:int>transaction isclosed:bool""",
    "previoustransactionlinelink": """previousdoc:int>transaction previousline:int previoustype:text
        nextdoc:int>transaction nextline:int nexttype:text linktype:text foreignamount:real""",
    "customer": """id:key externalid:nocase entityid:text companyname:text firstname:text lastname:text altname:text
        isperson:bool email:text phone:text fax:text url:text vatregnumber:text accountnumber:text terms:int>term
        currency:int>currency subsidiary:int>subsidiary creditlimit:real creditholdoverride:text
        taxable:bool taxitem:int>salestaxitem parent:int>customer isinactive:bool
        comments:text defaultbillingaddress:int>customeraddressbookentityaddress
        defaultshippingaddress:int>customeraddressbookentityaddress lastmodifieddate:datetime datecreated:datetime""",
    "customeraddressbook": """internalid:key entity:int>customer
        addressbookaddress:int>customeraddressbookentityaddress defaultbilling:bool defaultshipping:bool
        label:text""",
    "customeraddressbookentityaddress": """nkey:key addressee:text attention:text addr1:text addr2:text addr3:text
        city:text state:text zip:text country:text addrphone:text""",
    "contact": """id:key externalid:nocase entityid:text firstname:text lastname:text email:text phone:text
        mobilephone:text title:text company:int>customer contactrole:int>contactrole subsidiary:int>subsidiary
        comments:text isinactive:bool lastmodifieddate:datetime datecreated:datetime""",
    "contactrole": "id:key name:text",
    "item": """id:key externalid:nocase itemid:text displayname:text description:text isinactive:bool itemtype:text
        subtype:text recordtype:text saleunit:int>unitstypeuom subsidiary:int>subsidiary lastmodifieddate:datetime
        createddate:datetime""",
    "pricing": "item:int>item pricelevel:int>pricelevel currency:int>currency unitprice:real",
    "pricelevel": "id:key name:text",
    "unitstypeuom": "internalid:key unitname:text pluralname:text",
    "currency": """id:key externalid:nocase name:text symbol:text exchangerate:real isbasecurrency:bool
        currencyprecision:int isinactive:bool lastmodifieddate:datetime""",
    "currencyrate": """id:key externalid:nocase basecurrency:int>currency transactioncurrency:int>currency
        effectivedate:date exchangerate:real lastmodifieddate:datetime""",
    "term": "id:key externalid:nocase name:text daysuntilnetdue:int isinactive:bool",
    "salestaxitem": "id:key externalid:nocase itemid:text rate:real isinactive:bool",
    "subsidiary": "id:key externalid:nocase name:text currency:int>currency isinactive:bool",
    "employee": "id:key entityid:text",
    "deletedrecord": "recordid:int recordtypeid:int name:text deleteddate:datetime type:nocase deletedby:int>employee",
    "systemnote": "recordid:int recordtypeid:int name:int>employee date:datetime field:text",
}

_COMPUTED = {"customer": "balancesearch:real overduebalancesearch:real unbilledorderssearch:real"}

# What the REST API shows and SuiteQL has no column for, or none that a source of ours names.
_HIDDEN = {
    "transaction": """subtotal:real discounttotal:real discountitem:int>item discountrate:text taxitem:int>salestaxitem
        taxrate:real salesorder:int>transaction deposit:int>transaction""",
    "transactionline": "istaxable:bool taxrate:real",
    "item": "istaxable:bool rate:text ispretax:bool",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A SuiteQL column: its type, and for a reference the table that its display text comes from."""

    name: str
    type: str
    target: str | None = None


def _columns(words: str) -> dict[str, Column]:
    columns = {}
    for word in words.split():
        name, _, rest = word.partition(":")
        kind, _, target = rest.partition(">")
        columns[name] = Column(name, kind, target or None)
    return columns


STORED = {table: _columns(f"{words} {_HIDDEN.get(table, '')}") for table, words in _TABLES.items()}

TABLES = {table: _columns(f"{words} {_COMPUTED.get(table, '')}") for table, words in _TABLES.items()}
TABLES["nexttransactionlinelink"] = TABLES["previoustransactionlinelink"]
TABLES["customercurrencybalance"] = _columns("customer:int>customer currency:int>currency")
TABLES["dual"] = {"dummy": Column("dummy", "text")}


def physical(table: str) -> str:
    """The SQLite table behind a SuiteQL table, quoted: `transaction` is a word of SQLite's own."""
    return '"customer_stored"' if table == "customer" else f'"{table}"'


_INTERNAL = """
CREATE TABLE IF NOT EXISTS externalkey (pool TEXT, externalid TEXT COLLATE NOCASE, record TEXT, id INTEGER,
    PRIMARY KEY (pool, externalid)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sequence (name TEXT PRIMARY KEY, value INTEGER);
CREATE TABLE IF NOT EXISTS customfield (record TEXT, id TEXT, type TEXT, label TEXT, PRIMARY KEY (record, id));
CREATE TABLE IF NOT EXISTS token (token TEXT PRIMARY KEY, user TEXT, expires INTEGER);
CREATE TABLE IF NOT EXISTS closedperiod (one INTEGER PRIMARY KEY, until TEXT);
CREATE TABLE IF NOT EXISTS customercurrency (entity INTEGER, currency INTEGER,
    PRIMARY KEY (entity, currency)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS job (id INTEGER PRIMARY KEY, idempotencykey TEXT UNIQUE, user INTEGER, completed INTEGER);
CREATE TABLE IF NOT EXISTS task (job INTEGER, number INTEGER, request TEXT, progress TEXT, started TEXT, ended TEXT,
    status INTEGER, location TEXT, body TEXT, PRIMARY KEY (job, number)) WITHOUT ROWID;
"""

_INDEXES = """
CREATE INDEX IF NOT EXISTS transaction_modified ON "transaction" (lastmodifieddate, id);
CREATE INDEX IF NOT EXISTS transaction_externalid ON "transaction" (externalid);
CREATE INDEX IF NOT EXISTS transaction_lower ON "transaction" (LOWER(externalid));
CREATE INDEX IF NOT EXISTS transaction_entity ON "transaction" (entity);
CREATE INDEX IF NOT EXISTS transaction_tranid ON "transaction" (tranid);
CREATE INDEX IF NOT EXISTS transactionline_transaction ON transactionline ("transaction", id);
CREATE INDEX IF NOT EXISTS link_previous ON previoustransactionlinelink (previousdoc, previousline);
CREATE INDEX IF NOT EXISTS link_next ON previoustransactionlinelink (nextdoc, nextline);
CREATE INDEX IF NOT EXISTS customer_modified ON customer_stored (lastmodifieddate, id);
CREATE INDEX IF NOT EXISTS customer_externalid ON customer_stored (externalid);
CREATE INDEX IF NOT EXISTS customer_lower ON customer_stored (LOWER(externalid));
CREATE UNIQUE INDEX IF NOT EXISTS customer_entityid ON customer_stored (entityid);
CREATE INDEX IF NOT EXISTS customer_parent ON customer_stored (parent);
CREATE INDEX IF NOT EXISTS addressbook_entity ON customeraddressbook (entity);
CREATE INDEX IF NOT EXISTS contact_modified ON contact (lastmodifieddate, id);
CREATE INDEX IF NOT EXISTS contact_externalid ON contact (externalid);
CREATE INDEX IF NOT EXISTS contact_lower ON contact (LOWER(externalid));
CREATE INDEX IF NOT EXISTS contact_company ON contact (company);
CREATE INDEX IF NOT EXISTS item_modified ON item (lastmodifieddate, id);
CREATE INDEX IF NOT EXISTS item_externalid ON item (externalid);
CREATE INDEX IF NOT EXISTS item_lower ON item (LOWER(externalid));
CREATE UNIQUE INDEX IF NOT EXISTS item_itemid ON item (itemid);
CREATE INDEX IF NOT EXISTS pricing_item ON pricing (item);
CREATE INDEX IF NOT EXISTS deletedrecord_date ON deletedrecord (deleteddate);
CREATE INDEX IF NOT EXISTS systemnote_record ON systemnote (recordid, date);
"""


def create_statements() -> str:
    """Everything a new database needs, safe to run again on one that exists."""
    tables = [
        f"CREATE TABLE IF NOT EXISTS {physical(name)} ("
        + ", ".join(f'"{c.name}" {SQL_TYPES[c.type]}' for c in columns.values())
        + ")"
        for name, columns in STORED.items()
    ]
    views = (
        "DROP VIEW IF EXISTS customer",
        CUSTOMER_VIEW,
        "CREATE VIEW IF NOT EXISTS nexttransactionlinelink AS SELECT * FROM previoustransactionlinelink",
        "CREATE VIEW IF NOT EXISTS customercurrencybalance AS "
        "SELECT entity AS customer, currency FROM customercurrency",
        "CREATE TABLE IF NOT EXISTS dual (dummy TEXT)",
        "INSERT INTO dual SELECT 'X' WHERE NOT EXISTS (SELECT 1 FROM dual)",
    )
    return ";\n".join([*tables, _INTERNAL, *views, _INDEXES])


def add_missing_columns(db: sqlite3.Connection) -> None:
    """A database made by an earlier version gets the columns that have been added since."""
    for name, columns in STORED.items():
        there = {row[1] for row in db.execute(f"PRAGMA table_info({physical(name)})")}
        for column in columns.values():
            if column.name not in there:
                db.execute(f'ALTER TABLE {physical(name)} ADD COLUMN "{column.name}" {SQL_TYPES[column.type]}')
