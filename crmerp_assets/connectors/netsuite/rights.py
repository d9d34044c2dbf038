"""The permissions of a NetSuite integration role, by the tabs of the page where they are set.

NetSuite tells no role what it may do. What may be viewed is seen by asking for nothing of it; that something may not be
edited, by the refusal of a change to a record that does not exist. Any other answer to that says nothing: the level
has to be looked at on the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.http import HttpClient
from crmerp_assets.connectors.netsuite.fields import NativeObject
from crmerp_assets.connectors.netsuite.objects import native_object
from crmerp_assets.connectors.netsuite.suiteql import SuiteQL
from crmerp_assets.connectors.protocol import Needs, Right
from crmerp_assets.connectors.rights import excess, told

_PAGE = "Setup > Users/Roles > Manage Roles > the integration's role > Permissions > {0}"
_BASE = (
    ("Setup", "REST Web Services: Full", "every call"),
    ("Setup", "Log in using OAuth 2.0 Access Tokens: Full", "every call"),
    ("Reports", "SuiteAnalytics Workbook: Edit", "reading by SuiteQL"),
)
_OBJECTS = {
    "customer": ("Lists", "Customers"),
    "contact": ("Lists", "Contacts"),
    "item": ("Lists", "Items"),
    "currencyRate": ("Lists", "Currency"),
    "salesOrder": ("Transactions", "Sales Order"),
    "invoice": ("Transactions", "Invoice"),
    "customerPayment": ("Transactions", "Customer Payment"),
    "creditMemo": ("Transactions", "Credit Memo"),
    "customerDeposit": ("Transactions", "Customer Deposit"),
    "depositApplication": ("Transactions", "Deposit Application"),
    "customerRefund": ("Transactions", "Customer Refund"),
}
_TABLES = {
    "currency": ("Lists", "Currency"),
    "currencyrate": ("Lists", "Currency"),
    "term": ("Setup", "Accounting Lists"),
    "contactrole": ("Setup", "CRM Lists"),
    "unitstypeuom": ("Lists", "Units"),
    "subsidiary": ("Lists", "Subsidiaries"),
    "item": ("Lists", "Items"),
    "pricing": ("Lists", "Items"),
    "transaction": ("Transactions", "Find Transaction"),
    "deletedrecord": ("Setup", "Deleted Records"),
}
_ALWAYS = frozenset({"deletedrecord"})
_READ_FROM = re.compile(r"\b(?:FROM|JOIN) (\w+)")
_LISTS = {"subsidiary": "subsidiary", "term": "term", "currency": "currency", "contactRole": "contactrole"}
_KEYS = {"unitstypeuom": "internalid", "pricing": "item", "deletedrecord": "recordid"}
_NEVER = ("employee", "Lists", "Employees")
"""What no integration of ours needs and a role of administrators has."""
_VIEW, _EDIT = "View", "Edit"
_RECORD = "/services/rest/record/v1"


def asked(needs: Mapping[str, Needs]) -> list[Right]:
    """The permissions that these needs take, the highest level of each, before anybody has looked."""
    found = {(tab, name): Right(f"{tab} > {name}", _PAGE.format(tab), why=why) for tab, name, why in _BASE}
    for object_, need in sorted(needs.items()):
        tab, name = _OBJECTS.get(object_, ("Lists", object_))
        level = _EDIT if need.write else _VIEW
        found[tab, name] = Right(f"{tab} > {name}: {level}", _PAGE.format(tab), object=object_)
    for table, why in _tables(needs).items():
        tab, name = _TABLES[table]
        if (tab, name) not in found:
            found[tab, name] = Right(f"{tab} > {name}: {_VIEW}", _PAGE.format(tab), why=why)
    return list(found.values())


def _tables(needs: Mapping[str, Needs]) -> dict[str, str]:
    """Other tables that are read -> what for."""
    found = dict.fromkeys(sorted(_ALWAYS), "deletions")
    for object_, need in sorted(needs.items()):
        try:
            native = native_object(object_)
        except ConfigError:
            continue
        for table in sorted(_of_object(native, need)):
            found.setdefault(table, f"{object_} refers to it" if table != "transaction" else "every transaction")
    return {table: why for table, why in found.items() if table in _TABLES}


def _of_object(native: NativeObject, need: Needs) -> Iterator[str]:
    yield native.table
    for path in need.read | need.write:
        first = path.partition(".")[0]
        child, column = native.children.get(first), native.columns.get(path)
        sources = [child.source] if child else []
        if column is not None:
            sources += [column.sql, *(native.joins[join] for join in column.joins)]
            yield from filter(None, (_LISTS.get(column.lookup or ""), _LISTS.get(column.points_to or "")))
        for source in sources:
            yield from _READ_FROM.findall(source)


class Rights:
    """Looks at the role that the connection logs in with, without changing anything."""

    def __init__(self, http: HttpClient, suiteql: SuiteQL) -> None:
        self._http, self._suiteql = http, suiteql

    def rights(self, needs: Mapping[str, Needs]) -> list[Right]:
        viewed = {_TABLES[table]: self._viewed(table) for table in _tables(needs)}
        base = {f"{tab} > {name}" for tab, name, _ in _BASE}
        found = [told(right, True if right.name in base else self._granted(right, viewed)) for right in asked(needs)]
        table, tab, name = _NEVER
        if self._viewed(table):
            found.append(excess(f"{tab} > {name}", _PAGE.format(tab), why="a role made for this has no use for it"))
        return found

    def _granted(self, right: Right, viewed: Mapping[tuple[str, str], bool]) -> bool | None:
        tab, _, rest = right.name.partition(" > ")
        name, _, level = rest.partition(": ")
        if right.object is None or right.object not in _OBJECTS:
            return viewed.get((tab, name))
        native = native_object(right.object)
        if not self._viewed(native.table) or not self._listed(native):
            return False
        return True if level == _VIEW else self._edited(native)

    def _viewed(self, table: str) -> bool:
        key = _KEYS.get(table, "id")
        try:
            self._suiteql.rows(f"SELECT t.{key} AS id FROM {table} t WHERE t.{key} = 0")
        except ConfigError:
            return False
        return True

    def _listed(self, native: NativeObject) -> bool:
        """Transactions share one table: whether a type of them may be viewed is asked of its record type."""
        if native.table != "transaction":
            return True
        try:
            self._http.request("GET", f"{_RECORD}/{native.record_type}", params={"limit": "1"})
        except ConfigError:
            return False
        return True

    def _edited(self, native: NativeObject) -> bool | None:
        """False where a change to a record that cannot exist is refused for want of the permission, else unknown."""
        response = self._http.request(
            "PATCH",
            f"{_RECORD}/{native.record_type}/0",
            content="{}",
            headers={"Content-Type": "application/json"},
            idempotent=True,
            accept=(400, 403, 404, 405),
        )
        return False if response.status_code == 403 else None
