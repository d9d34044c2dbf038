"""What the ledger records for each answer of a system, and what else becomes true with it.

An applied create makes a link; every applied write makes its values the new base of the three-way compare. All
three are stored in one transaction, so a process that dies never leaves a write without its consequences.
"""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import polars as pl

from crmerp_assets.connectors import errors
from crmerp_assets.connectors.protocol import Result
from crmerp_assets.ledger import Transaction
from crmerp_assets.merge.policy import Policy
from crmerp_assets.reports.places import CURRENCY_REFUSED
from crmerp_assets.sync import retries
from crmerp_assets.sync.translate import KEY, Intent, after

Outcome = dict[str, Any]


def outcome(intent: Intent, result: Result, policy: Policy, now: datetime) -> Outcome:
    """The ledger's outcome row for one result.

    A create that was refused, or goes again, has no record, whatever its system keeps of it (Odoo the quotation that
    it does not confirm): with one it would no longer be the write that is planned, and be sent in every pass.
    """
    error = result.error
    row: Outcome = {"id": intent["id"], "native_id": result.native_id or intent["native_id"]}
    if error is None:
        return row | {"outcome": "applied"}
    row |= {"error_class": type(error).__name__, "error": _said(intent, error)}
    if isinstance(error, errors.Gone) and intent["operation"] == "update":
        return row | {"outcome": "superseded", "merged_into": error.merged_into}
    what = retries.of(error).outcome
    if what in ("rejected", "retry"):
        row["native_id"] = intent["native_id"]
    return row | (_again(intent, error, policy, now) if what == "retry" else {"outcome": what})


def _said(intent: Intent, error: errors.ConnectorError) -> str:
    """The error; a currency that is refused is named, as systems tell their own number of it, if anything."""
    refused = isinstance(error, errors.Rejected) and (error.field or "").split(".")[0] == "currency"
    if not refused or not intent["currency"]:
        return str(error)
    return (
        f"{CURRENCY_REFUSED} {intent['currency']}: it is unknown or inactive there, or not one of the customer's; "
        f"enable it, then `crmerp retry`. {error}"
    )


def _again(intent: Intent, error: errors.ConnectorError, policy: Policy, now: datetime) -> Outcome:
    """Try later, longer after each attempt; after the policy's last attempt a person must look.

    What only waits for another record waits as long as that takes: a person looks at that one.
    """
    attempts = int(intent["attempts"] or 0) + 1
    if attempts >= policy.retries.max_attempts and not isinstance(error, errors.Dependent):
        text = f"{error} Gave up after {attempts} attempts; `crmerp retry` starts over."
        return {"outcome": "rejected", "error": text}
    return {"outcome": "retry", "next_attempt_at": now + retries.wait(intent["id"], attempts, policy, error)}


def record(
    tx: Transaction,
    entity: str,
    connection: str,
    intents: Iterable[Intent],
    outcomes: list[Outcome],
    worker: str | None = None,
) -> None:
    """Store outcomes with their attempts, links and new base values.

    What `worker` does not hold any more comes late and has no consequences here: who took it over settles it.
    """
    late = set(tx.intents.record(outcomes, worker))
    effective = [row for row in outcomes if row["outcome"] in ("applied", "settled") and row["id"] not in late]
    applied = {row["id"]: row for row in effective}
    done = [intent for intent in intents if intent["id"] in applied]
    tx.links.add(
        [
            {
                "entity": entity,
                "connection": connection,
                "native_id": applied[intent["id"]]["native_id"],
                "golden_id": intent["golden_id"],
                "method": "pushed",
                "evidence": f"created by intent {intent['id']}",
            }
            for intent in done
            if intent["operation"] == "create"
        ],
        by="push",
    )
    # A reverse write is one side's edit: what both sides last agreed on stays, or the compare would undo the undo.
    base = [
        (intent["golden_id"], _base(intent["changes"], applied[intent["id"]].get("differs", ())))
        for intent in done
        if not intent["undoes"]
    ]
    tx.snapshots.put(entity, pl.DataFrame(base, schema={"golden_id": pl.String, "values": pl.String}, orient="row"))


def _base(changes: str, differs: Collection[str]) -> str:
    """What was planned, without fields that the record turned out to hold otherwise.

    Also where a person sent another value: that one counts as the target's own change.
    """
    return json.dumps({name: value for name, value in after(changes).items() if name != KEY and name not in differs})
