"""What the account insists on for customers and contacts."""

from crmerp_assets.sandbox.netsuite.engine import addresses, currencies
from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.draft import Draft
from crmerp_assets.sandbox.netsuite.errors import missing, user_error

_FIRST_NUMBER = 1001


def check_customer(account: Account, draft: Draft) -> None:
    person = draft.value("isperson") == "T"
    labels = {"firstname": "First Name", "lastname": "Last Name"} if person else {"companyname": "Company Name"}
    labels["subsidiary"] = "Primary Subsidiary"
    absent = [label for column, label in labels.items() if not draft.value(column)]
    if absent:
        raise missing(absent)
    if draft.new:
        _default_customer(account, draft)
    _check_parent(draft)
    draft.columns["altname"] = (
        f"{draft.value('firstname')} {draft.value('lastname')}" if person else draft.value("companyname")
    )
    _check_entity_id(account, draft)
    addresses.save(account, draft)
    currencies.save(account, draft)


def _default_customer(account: Account, draft: Draft) -> None:
    columns = draft.columns
    columns.setdefault("isperson", "F")
    columns.setdefault("isinactive", "F")
    columns.setdefault("taxable", "T")
    columns.setdefault("creditholdoverride", "AUTO")
    if not columns.get("entityid"):
        columns["entityid"] = f"CUST{account.next_number('customer number', _FIRST_NUMBER)}"
    if not columns.get("currency"):
        columns["currency"] = 1


def _check_parent(draft: Draft) -> None:
    if draft.columns.get("parent") is not None and draft.columns["parent"] == draft.id:
        raise user_error("A customer cannot be its own parent.")


def _check_entity_id(account: Account, draft: Draft) -> None:
    if "entityid" not in draft.columns or draft.seeding:
        return
    sql = "SELECT 1 FROM customer_stored WHERE entityid = ? AND id <> ?"
    if account.row(sql, draft.columns["entityid"], draft.id):
        raise user_error(
            "A customer record with this ID already exists. "
            "You must enter a unique customer ID for each record you create."
        )


def check_contact(_: Account, draft: Draft) -> None:
    names = [draft.value("firstname"), draft.value("lastname")]
    if not any(names) and not draft.value("entityid"):
        raise missing(["Contact"])
    if draft.new:
        draft.columns.setdefault("isinactive", "F")
    if not draft.columns.get("entityid") and (draft.new or {"firstname", "lastname"} & draft.columns.keys()):
        draft.columns["entityid"] = " ".join(name for name in names if name)
