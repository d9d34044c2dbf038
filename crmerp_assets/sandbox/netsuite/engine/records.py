"""Create, change, upsert, delete: the same rules whether a record comes by the API, a batch or a seed."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from crmerp_assets.sandbox.netsuite.engine import addresses, currencies, entities, items, keys, transactions
from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.draft import Draft, PropertyNames, read_body
from crmerp_assets.sandbox.netsuite.errors import invalid_content, nonexistent_id, nonexistent_type, user_error
from crmerp_assets.sandbox.netsuite.schema import RecordType
from crmerp_assets.sandbox.netsuite.schema.tables import physical

_CHECKS: Mapping[str, Callable[[Account, Draft], None]] = {
    "customer": entities.check_customer,
    "contact": entities.check_contact,
    "item": items.check_item,
    "transaction": transactions.check_transaction,
}
_FIRST_ID = {"entity": 101, "item": 51, "transaction": 501}


class Records:
    """Every method must be called inside `account.writing`; each raises NetSuiteError as the API would."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def type(self, name: str) -> RecordType:
        record = self.account.registry.find(name)
        if record is None:
            raise nonexistent_type(name)
        return record

    def resolve(self, record: RecordType, reference: str) -> int:
        """The id behind `123` or `eid:KEY`. Raises 404 when there is no such record of this type."""
        if reference.startswith("eid:"):
            found = keys.find(self.account, record, reference[4:])
        else:
            found = int(reference) if reference.removeprefix("-").isdigit() else None
        if found is None or self.stored(record, found) is None:
            raise nonexistent_id()
        return found

    def stored(self, record: RecordType, id_: int) -> dict[str, Any] | None:
        """The stored row, if it exists and is of that type."""
        row = self.account.row(f"SELECT * FROM {physical(record.table)} WHERE id = ?", id_)
        if row is None or (record.table == "item" and row["recordtype"] != record.name):
            return None
        if record.transaction and row["type"] != record.code:
            return None
        return dict(row)

    def create(
        self,
        record: RecordType,
        body: Mapping[str, Any],
        strict: PropertyNames = "warning",
        origin: int | None = None,
        origins: tuple[int, ...] = (),
    ) -> Draft:
        draft = read_body(self.account, record, body, strict)
        draft.origin, draft.origins = origin, origins
        self._insert(draft, self.account.now())
        self._note(draft)
        return draft

    def update(
        self,
        record: RecordType,
        id_: int,
        body: Mapping[str, Any],
        strict: PropertyNames = "warning",
        replace: frozenset[str] = frozenset(),
    ) -> Draft:
        account = self.account
        draft = read_body(account, record, body, strict)
        draft.id, draft.before, draft.replace = id_, self.stored(record, id_), replace
        if draft.before is None:
            raise nonexistent_id()
        self._check(draft)
        keys.claim(account, draft)
        if record.modified:
            draft.columns[record.modified] = account.now()
        if record.transaction:
            draft.columns["lastmodifiedby"] = account.user
        account.update(record.table, "id", id_, draft.columns)
        account.forget_names(record.table)
        if record.transaction:
            transactions.saved(account, draft)
        self._note(draft)
        return draft

    def upsert(
        self, record: RecordType, key: str, body: Mapping[str, Any], strict: PropertyNames, replace: frozenset[str]
    ) -> Draft:
        """Create under the external id `key`, or change the record that has it."""
        if "id" in body:
            raise invalid_content("id", "Error while accessing a resource. An upsert takes no internal id.")
        body = {**body, "externalId": key}
        found = keys.find(self.account, record, key)
        return self.create(record, body, strict) if found is None else self.update(record, found, body, strict, replace)

    def delete(self, record: RecordType, id_: int) -> None:
        row = self.stored(record, id_)
        if row is None:
            raise nonexistent_id()
        if record.transaction:
            transactions.forget_transaction(self.account, id_)
        if record.name == "customer":
            self._refuse_customer_in_use(id_)
        self.remove(record, id_, row)

    def remove(self, record: RecordType, id_: int, row: Mapping[str, Any]) -> None:
        """Take the row out and say so in `deletedrecord`."""
        account = self.account
        if record.name == "customer":
            addresses.forget(account, id_)
            currencies.forget(account, id_)
        if row.get("externalid") is not None:
            keys.release(account, record, row["externalid"])
        account.db.execute(f"DELETE FROM {physical(record.table)} WHERE id = ?", (id_,))
        name = row.get("tranid") or row.get("itemid") or row.get("altname") or row.get("entityid") or row.get("name")
        account.insert(
            "deletedrecord",
            {
                "recordid": id_,
                "recordtypeid": record.type_id,
                "name": name,
                "deleteddate": account.now(),
                "type": record.name,
                "deletedby": account.user,
            },
        )
        account.forget_names(record.table)

    def seed(self, record: RecordType, bodies: Iterable[Mapping[str, Any]]) -> list[int]:
        """Insert many records at once, with system fields of the past where given."""
        now = self.account.now()
        return [self._seed(record, body, now) for body in bodies]

    def _seed(self, record: RecordType, body: Mapping[str, Any], now: str) -> int:
        system = {}
        plain = {}
        for name, value in body.items():
            lowered = name.lower()
            if lowered in ("id", "lastmodifieddate", "createddate", "datecreated", "lastmodifiedby"):
                system[lowered] = value
            else:
                plain[name] = value
        draft = read_body(self.account, record, plain, "warning", seeding=True)
        draft.id = int(system.get("id") or 0)
        draft.modified = _stamp(system.get("lastmodifieddate"))
        created = _stamp(system.get("createddate") or system.get("datecreated")) or draft.modified
        self._insert(draft, now, created)
        return draft.id

    def _insert(self, draft: Draft, now: str, created: str | None = None) -> None:
        account, record = self.account, draft.type
        if draft.id:
            account.not_below(f"{record.pool} id", draft.id)
        else:
            draft.id = self._next_id(record)
        self._check(draft)
        keys.claim(account, draft)
        columns = draft.columns
        columns["id"] = draft.id
        if record.modified:
            columns[record.modified] = draft.modified or now
        if record.created:
            columns[record.created] = created or now
        if record.transaction:
            columns["createdby"] = columns["lastmodifiedby"] = account.user
        account.insert(record.table, columns)
        account.forget_names(record.table)
        if record.transaction:
            transactions.saved(account, draft)

    def _next_id(self, record: RecordType) -> int:
        first = _FIRST_ID.get(record.pool)
        if first is None:
            row = self.account.row(f"SELECT MAX(id) AS top FROM {physical(record.table)}")
            first = int((row["top"] if row else 0) or 0) + 1
        return self.account.next_number(f"{record.pool} id", first)

    def _check(self, draft: Draft) -> None:
        if draft.new:
            _require(draft)
        check = _CHECKS.get(draft.type.table)
        if check is not None:
            check(self.account, draft)

    def _refuse_customer_in_use(self, id_: int) -> None:
        used = self.account.row('SELECT 1 FROM "transaction" WHERE entity = ?', id_)
        if used or self.account.row("SELECT 1 FROM customer_stored WHERE parent = ?", id_):
            raise user_error("This record cannot be deleted because it has dependent records.")

    def _note(self, draft: Draft) -> None:
        account = self.account
        field = "RECORD.CREATED" if draft.new else "RECORD.CHANGED"
        row = {"recordid": draft.id, "recordtypeid": draft.type.type_id, "name": account.user}
        account.insert("systemnote", row | {"date": account.now(), "field": field})


def _require(draft: Draft) -> None:
    """Small lists have no rules of their own beyond their mandatory fields; custom ones may be mandatory anywhere."""
    fields = draft.type.fields.values()
    mandatory = [f for f in fields if f.required and (f.custom or draft.type.table not in _CHECKS)]
    absent = [f.label for f in mandatory if draft.value(f.column) is None]
    if absent:
        raise user_error(f"Please enter value(s) for: {', '.join(absent)}.")


def _stamp(value: object) -> str | None:
    return None if value is None else str(value).replace("T", " ")[:19]
