"""External ids: one pool per group of record types, letters' case ignored, as long as the record lives."""

from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.draft import Draft
from crmerp_assets.sandbox.netsuite.errors import already_exists
from crmerp_assets.sandbox.netsuite.schema import RecordType


def find(account: Account, record: RecordType, key: str) -> int | None:
    """The id of this type's record with that external id; another type of the pool does not count."""
    sql = "SELECT record, id FROM externalkey WHERE pool = ? AND externalid = ?"
    row = account.row(sql, record.pool, key)
    return row["id"] if row and row["record"] == record.name else None


def claim(account: Account, draft: Draft) -> None:
    """Take the draft's external id out of the pool. Raises NetSuiteError when someone else has it."""
    if "externalid" not in draft.columns:
        return
    key, old = draft.columns["externalid"], (draft.before or {}).get("externalid")
    if old is not None:
        release(account, draft.type, old)
    if key is None:
        return
    cursor = account.db.execute(
        "INSERT OR IGNORE INTO externalkey VALUES (?, ?, ?, ?)", (draft.type.pool, key, draft.type.name, draft.id)
    )
    if cursor.rowcount == 0:
        raise already_exists("entity" if draft.type.pool == "entity" else "record")


def release(account: Account, record: RecordType, key: str) -> None:
    account.db.execute("DELETE FROM externalkey WHERE pool = ? AND externalid = ?", (record.pool, key))
