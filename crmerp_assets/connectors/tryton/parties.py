"""The parts of a party: addresses, contact mechanisms and identifiers, each a record of its own.

The billing address is the one marked for invoices, the shipping address the one for deliveries; without marks it is
the first, as in Tryton itself. One address may be both: changing the one side then gives it an address of its own, so
that parcels do not move with the invoice. The part that is read is the part that is written.

Our key is the code of a party that we made, which the database keeps unique. Tryton lets nobody change a code, so a
party that was there before keeps its own number and gets our key as one more identifier, marked by KEY_MARK.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from crmerp_assets.connectors.tryton.fields import Column, Domain, Record, behind, listed
from crmerp_assets.connectors.tryton.values import text, truth

SIDES = {"billing": "invoice", "shipping": "delivery"}
ADDRESS = {
    "name": "party_name",
    "street": "street",
    "city": "city",
    "postal_code": "postal_code",
    "country": "country.code",
    "subdivision": "subdivision.code",
}
_EU = re.compile(
    r"ATU\d{8}|BE\d{9,10}|BG\d{9,10}|CY\d{8}[A-Z]|CZ\d{8,10}|DE\d{9}|DK\d{8}|E[EL]\d{9}|ES[A-Z\d]\d{7}[A-Z\d]|FI\d{8}"
    r"|FR[A-Z\d]{2}\d{9}|HR\d{11}|HU\d{8}|IE\d[A-Z\d+*]\d{5}[A-Z]{1,2}|IT\d{11}|LT(\d{9}|\d{12})|LU\d{8}|LV\d{11}"
    r"|MT\d{8}|NL\d{9}B\d{2}|PL\d{10}|PT\d{9}|RO\d{2,10}|SE\d{12}|SI\d{8}|SK\d{10}|XI(\d{9}|\d{12})"
)
"""The forms of VAT numbers as VIES, the European Commission's register, lists them."""
_PUNCTUATION = re.compile(r"[\s.-]")
_LOOKUPS = {"country": ("country.country", "code"), "subdivision": ("country.subdivision", "code")}
KEY_MARK = "crmerp:"
_LIKE_OURS = re.compile(r"[a-z]+-[0-9a-z]+")
"""What a key of ours looks like, and a number of a sequence hardly ever."""
MECHANISMS = ("phone", "mobile", "fax", "email", "website")
_ADDRESS_ASKS = tuple(f"addresses.{name}" for name in ("active", *SIDES.values(), *ADDRESS.values()))
_MECHANISM_ASKS = tuple(f"contact_mechanisms.{name}" for name in ("active", "type", "value"))
_IDENTIFIER_ASKS = tuple(f"identifiers.{name}" for name in ("active", "type", "code"))
Parts = dict[str, Any]


def address_columns() -> dict[str, Column]:
    return {f"{side}.{part}": _address_column(side, part) for side in SIDES for part in ADDRESS}


def _address_column(side: str, part: str) -> Column:
    def read(record: Record) -> str | None:
        found = address_of(record, side)
        return text(behind(found, ADDRESS[part])) if found else None

    target = ADDRESS[part].partition(".")[0]
    return Column(_ADDRESS_ASKS, read, "address", target, "text", _LOOKUPS.get(part))


def mechanism_columns() -> dict[str, Column]:
    return {kind: Column(_MECHANISM_ASKS, _mechanism_reader(kind), "mechanism", kind) for kind in MECHANISMS}


def _mechanism_reader(kind: str) -> Any:
    def read(record: Record) -> str | None:
        found = mechanism_of(record, kind)
        return text(found["value"]) if found else None

    return read


def identifier_column() -> Column:
    """The tax number: the one that Tryton takes for taxes, else the first without a type."""
    asks = (*_IDENTIFIER_ASKS, "tax_identifier")

    def read(record: Record) -> str | None:
        found = identifier_of(record)
        return text(found["code"]) if found else None

    return Column(asks, read, "identifier", "code")


def key_column() -> Column:
    """Our key: the code of a party that we made, or the marked identifier of one that was there before.

    Tryton gives every party a code. A number of its own sequence is no key of ours: were it read as one, a party that
    was there before would seem to have a key and never get ours.
    """

    def read(record: Record) -> str | None:
        marked, code = _marked(record), text(record.get("code"))
        if marked:
            return str(marked["code"]).removeprefix(KEY_MARK)
        return code if code and _LIKE_OURS.fullmatch(code) else None

    def find(keys: Sequence[str]) -> Domain:
        marked = [["code", "in", [f"{KEY_MARK}{key}" for key in keys]]]
        return ["OR", ["code", "in", list(keys)], ["identifiers", "where", marked]]

    return Column(("code", *_IDENTIFIER_ASKS), read, "key", "code", find=find)


def product_key_column() -> Column:
    """Our key as one more identifier of a product."""

    def read(record: Record) -> str | None:
        marked = _marked(record)
        return str(marked["code"]).removeprefix(KEY_MARK) if marked else None

    def find(keys: Sequence[str]) -> Domain:
        return ["identifiers", "where", [["code", "in", [f"{KEY_MARK}{key}" for key in keys]]]]

    return Column(("identifiers.code",), read, "key", "code", find=find)


def address_of(record: Record, side: str) -> Record | None:
    found = listed(record, "addresses")
    return next((one for one in found if truth(one.get(SIDES[side]))), found[0] if found else None)


def mechanism_of(record: Record, kind: str) -> Record | None:
    return next((one for one in listed(record, "contact_mechanisms") if one["type"] == kind), None)


def identifier_of(record: Record) -> Record | None:
    """Never one of another type, such as a number in a register of companies: that is not ours to change."""
    chosen = record.get("tax_identifier")
    found = [one for one in listed(record, "identifiers") if not str(one["code"]).startswith(KEY_MARK)]
    untyped = (one for one in found if one["type"] is None)
    return next((one for one in found if one["id"] == chosen), next(untyped, None))


def commands(record: Record | None, changes: Mapping[str, Parts]) -> dict[str, list[Any]]:
    """What to do with the lists of a party, by field; `changes` by side, and under `mechanism`, `identifier` and `key`.

    `record` is the party as it is now, None for a new one.
    """
    found = {
        "addresses": _addresses(record, {side: changes[side] for side in SIDES if side in changes}),
        "contact_mechanisms": _mechanisms(record, changes.get("mechanism", {})),
        "identifiers": [
            *_identifiers(record, changes.get("identifier", {})),
            *_key(record, changes.get("key", {}).get("code")),
        ],
    }
    return {name: todo for name, todo in found.items() if todo}


def _addresses(record: Record | None, changes: Mapping[str, Parts]) -> list[Any]:
    current = {side: address_of(record, side) if record else None for side in SIDES}
    sides = list(changes)
    if len(sides) == 2 and _same(current, changes):
        return _address(current["billing"], changes["billing"], sides)
    todo: list[Any] = []
    for side in sides:
        other = next(name for name in SIDES if name != side)
        entry = current[side]
        shared = entry is not None and current[other] is not None and entry["id"] == current[other]["id"]  # type: ignore[index]
        if shared and entry is not None:
            todo += _split(entry, side, other, changes[side])
            current[side] = None
        else:
            todo += _address(entry, changes[side], [side])
    return todo


def _same(current: Mapping[str, Record | None], changes: Mapping[str, Parts]) -> bool:
    """Whether both sides are one address and stay so."""
    ids = {entry["id"] if entry else None for entry in current.values()}
    return len(ids) == 1 and changes["billing"] == changes["shipping"]


def _address(entry: Record | None, parts: Parts, sides: Sequence[str]) -> list[Any]:
    marks = {SIDES[side]: True for side in sides}
    if entry is not None:
        return [["write", [int(entry["id"])], {**parts, **marks}]]
    return [["create", [{**parts, **marks}]]] if any(parts.values()) else []


def _split(entry: Record, side: str, other: str, parts: Parts) -> list[Any]:
    """The entry stays with the other side; the changed side gets a copy with its changes."""
    copy = {ADDRESS[part].partition(".")[0]: _copied(entry, ADDRESS[part]) for part in ADDRESS}
    kept = {SIDES[side]: False, SIDES[other]: True}
    return [["write", [int(entry["id"])], kept], ["create", [{**copy, **parts, SIDES[side]: True}]]]


def _copied(entry: Record, path: str) -> Any:
    """A part of an address as it can be written: an id for a reference."""
    name, _, behind_it = path.partition(".")
    value = behind(entry, f"{name}.id") if behind_it else text(entry.get(name))
    return int(value) if behind_it and value is not None else value


def _mechanisms(record: Record | None, wanted: Parts) -> list[Any]:
    todo: list[Any] = []
    for kind, value in wanted.items():
        entry = mechanism_of(record, kind) if record else None
        if entry is None and value:
            todo.append(["create", [{"type": kind, "value": value}]])
        elif entry is not None and value:
            todo.append(["write", [int(entry["id"])], {"value": value}])
        elif entry is not None:
            todo.append(["write", [int(entry["id"])], {"active": False}])
    return todo


def _identifiers(record: Record | None, wanted: Parts) -> list[Any]:
    """A number that has the form of a VAT number of the European Union is one, which Tryton then checks."""
    if "code" not in wanted:
        return []
    code, entry = wanted["code"], identifier_of(record) if record else None
    if not code:
        return [["write", [int(entry["id"])], {"active": False}]] if entry else []
    if entry:
        return [["write", [int(entry["id"])], {"code": code}]]
    kind = "eu_vat" if _EU.fullmatch(_PUNCTUATION.sub("", str(code)).upper()) else None
    return [["create", [{"type": kind, "code": code}]]]


def _key(record: Record | None, key: str | None) -> list[Any]:
    """Nothing for a new party, whose code is the key."""
    if record is None or key is None:
        return []
    entry, code = _marked(record), f"{KEY_MARK}{key}"
    if entry is not None:
        return [["write", [int(entry["id"])], {"code": code}]]
    return [["create", [{"type": None, "code": code}]]] if record.get("code") != key else []


def _marked(record: Record) -> Record | None:
    return next((one for one in listed(record, "identifiers") if str(one["code"]).startswith(KEY_MARK)), None)
