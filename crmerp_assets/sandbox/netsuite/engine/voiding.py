"""Voiding, which the UI has a button for and the REST API no call: the transaction stays, with nothing in it.

From the vendor's help on voiding without reversing journals: amounts become zero, the status is Voided, and what it was
applied to is open again. Assumed: the memo says VOID, and only what nothing else was made from can be voided.
"""

from crmerp_assets.sandbox.netsuite.engine import transactions
from crmerp_assets.sandbox.netsuite.engine.records import Records
from crmerp_assets.sandbox.netsuite.errors import nonexistent_id, user_error
from crmerp_assets.sandbox.netsuite.schema import RecordType

_VOIDABLE = frozenset({"CustInvc", "CustPymt", "CustCred", "CustDep", "CustRfnd"})
_NOTHING = dict.fromkeys(
    ("foreigntotal", "foreignamountpaid", "foreignamountunpaid", "taxtotal", "subtotal", "discounttotal"), 0.0
)


def void(records: Records, record: RecordType, id_: int) -> None:
    """Raises NetSuiteError for what does not exist, cannot be voided, or has dependents."""
    account, row = records.account, records.stored(record, id_)
    if row is None:
        raise nonexistent_id()
    if record.code not in _VOIDABLE or row["voided"] == "T":
        raise user_error("This transaction cannot be voided.")
    transactions.refuse_dependents(account, id_)
    transactions.detach(account, id_)
    account.db.execute(
        'UPDATE transactionline SET foreignamount = 0, netamount = 0, quantity = NULL WHERE "transaction" = ?', (id_,)
    )
    values = _NOTHING | {"voided": "T", "status": "V", "memo": "VOID"}
    values |= {"lastmodifieddate": account.now(), "lastmodifiedby": account.user}
    account.update("transaction", "id", id_, values)
