"""Billing and shipping addresses inside the one address book of a customer.

Both may be the same entry. Changing the billing address of such a customer must not move the parcels: the entry
stays with the side that keeps it, and the changed side gets an entry of its own. The book is read before each
update, so a write that is sent twice finds the split already made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crmerp_assets.connectors.netsuite.fields import ADDRESS_PARTS, ADDRESS_SIDES
from crmerp_assets.connectors.netsuite.suiteql import SuiteQL, chunks, number_list

Parts = dict[str, str | None]
Changes = Mapping[str, Parts]
_DEFAULTS = {"billing": "defaultBilling", "shipping": "defaultShipping"}
# NetSuite checks the state against the country, so the country goes first.
_ORDER = ("country", *[part for part in ADDRESS_PARTS if part != "country"])


@dataclass(frozen=True, slots=True)
class Entry:
    """One address book entry that is a default for one side or both."""

    id: str
    sides: frozenset[str]
    parts: Parts


def read_books(suiteql: SuiteQL, customers: Sequence[str]) -> dict[str, list[Entry]]:
    """The default entries of each customer's address book."""
    books: dict[str, list[Entry]] = {}
    columns = ", ".join(f"a.{part} AS {part}" for part in ADDRESS_PARTS)
    for chunk in chunks(customers, 500):
        query = (
            "SELECT b.internalid AS id, b.entity AS entity, b.defaultbilling AS billing, "
            f"b.defaultshipping AS shipping, {columns} FROM customeraddressbook b "
            "LEFT JOIN customeraddressbookentityaddress a ON a.nkey = b.addressbookaddress "
            f"WHERE b.entity IN ({number_list(chunk)}) AND (b.defaultbilling = 'T' OR b.defaultshipping = 'T') "
            "ORDER BY b.internalid"
        )
        for raw in suiteql.rows(query):
            sides = frozenset(side for side in ADDRESS_SIDES if raw.get(side) == "T")
            entry = Entry(raw["id"] or "", sides, {part: raw.get(part) for part in ADDRESS_PARTS})
            books.setdefault(raw["entity"] or "", []).append(entry)
    return books


def new_book(changes: Changes) -> list[dict[str, Any]]:
    """Address book items for a new customer; equal addresses share one entry."""
    filled = {side: parts for side, parts in changes.items() if any(parts.values())}
    if len(filled) == 2 and filled["billing"] == filled["shipping"]:
        return [_item(None, frozenset(filled), filled["billing"])]
    return [_item(None, frozenset({side}), parts) for side, parts in filled.items()]


def changed_book(book: Sequence[Entry], changes: Changes) -> list[dict[str, Any]]:
    """The items that make `changes` and leave the other address as it is."""
    wanted = {side: _merged(_entry(book, side), parts) for side, parts in changes.items()}
    shared = next((entry for entry in book if len(entry.sides) == 2), None)
    if shared is None:
        return [item for side, parts in wanted.items() for item in _own(_entry(book, side), side, parts)]
    if wanted.keys() == shared.sides and wanted["billing"] == wanted["shipping"]:
        return [_item(shared.id, shared.sides, wanted["billing"])]
    return _split(shared, wanted)


def _split(shared: Entry, wanted: Mapping[str, Parts]) -> list[dict[str, Any]]:
    keeper = next((side for side in ADDRESS_SIDES if side not in wanted), ADDRESS_SIDES[0])
    kept = _item(shared.id, frozenset({keeper}), wanted.get(keeper))
    return [kept, *(item for side, parts in wanted.items() if side != keeper for item in _own(None, side, parts))]


def _own(entry: Entry | None, side: str, parts: Parts) -> list[dict[str, Any]]:
    """The item of a side that has an entry to itself; none where there is neither an entry nor an address."""
    if entry is None and not any(parts.values()):
        return []
    return [_item(entry.id if entry else None, frozenset({side}), parts)]


def _entry(book: Sequence[Entry], side: str) -> Entry | None:
    return next((entry for entry in book if side in entry.sides), None)


def _merged(entry: Entry | None, parts: Parts) -> Parts:
    return {**(entry.parts if entry else {}), **parts}


def _item(id: str | None, sides: frozenset[str], parts: Parts | None) -> dict[str, Any]:
    item: dict[str, Any] = {} if id is None else {"id": id}
    item |= {name: side in sides for side, name in _DEFAULTS.items()}
    if parts is not None:
        item["addressBookAddress"] = {part: _part(part, parts[part]) for part in _ORDER if part in parts}
    return item


def _part(part: str, value: str | None) -> Any:
    return {"id": value} if part == "country" and value is not None else value
