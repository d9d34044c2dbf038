"""Merging duplicates, as an administrator does in the UI: the loser's records move, and their dates do not."""

from crmerp_assets.sandbox.netsuite.engine.records import Records
from crmerp_assets.sandbox.netsuite.errors import nonexistent_id

# Where a customer is referred to. None of these moves bumps a modification date: that is the trap for a reader.
_REFERENCES = (
    ('"transaction"', "entity"),
    ("transactionline", "entity"),
    ("contact", "company"),
    ("customer_stored", "parent"),
)


def merge_customers(records: Records, winner: int, losers: list[int]) -> None:
    """Raises 404 when one of them does not exist."""
    record = records.type("customer")
    for loser in losers:
        row = records.stored(record, loser)
        if row is None or loser == winner or records.stored(record, winner) is None:
            raise nonexistent_id()
        for table, column in _REFERENCES:
            records.account.db.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (winner, loser))
        records.remove(record, loser, row)
