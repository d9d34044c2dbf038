"""Batches: up to a hundred records of one type, accepted as a job and worked off in order."""

from collections.abc import Sequence
from typing import Any, cast

from starlette.responses import Response

from crmerp_assets.sandbox.netsuite.errors import (
    NetSuiteError,
    invalid_content,
    invalid_header,
    invalid_request,
    unexpected,
)
from crmerp_assets.sandbox.netsuite.http.call import IDEMPOTENCY, Call
from crmerp_assets.sandbox.netsuite.http.services import Services
from crmerp_assets.sandbox.netsuite.jobs import JOBS, Work
from crmerp_assets.sandbox.netsuite.operations import Kind, Operation, batch_item

MAX_RECORDS = 100
_KINDS = {"POST": "create", "PUT": "upsert", "PATCH": "update", "GET": "read", "DELETE": "delete"}


def accept(services: Services, call: Call) -> Response:
    services.records.type(call.path["type"])
    if not call.asynchronous:
        raise invalid_header(
            "Prefer", "A batch is processed asynchronously. Provide the header 'Prefer: respond-async'."
        )
    kind = cast(Kind, _KINDS[call.request.method])
    work = _by_ids(call, kind) if kind in ("read", "delete") else _by_items(call, kind)
    if not 1 <= len(work) <= MAX_RECORDS:
        raise invalid_request(f"A batch holds from 1 to {MAX_RECORDS} records.")
    return submit(services, call, _struck(call, work))


def _by_ids(call: Call, kind: Kind) -> list[Work]:
    call.allow("ids", "expandRecords")
    expand = call.flag("expandRecords")
    return [Operation(kind, call.path["type"], reference, expand=expand) for reference in call.listed("ids")]


def _by_items(call: Call, kind: Kind) -> list[Work]:
    """An item that says no record fails alone: the others are worked off."""
    call.allow("replace", "replaceSelectedFields")
    items: Any = call.json().get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise invalid_content("items", "Invalid content in the request body. Provide an array of records in 'items'.")
    work: list[Work] = []
    for item in items:
        try:
            work.append(batch_item(kind, call.path["type"], item, call.property_names, call.listed("replace")))
        except NetSuiteError as error:
            work.append(error)
    return work


def _struck(call: Call, work: list[Work]) -> list[Work]:
    """The work as a fault leaves it: the job ends in the middle (`partial`), at once (`stopped`), or NetSuite itself
    fails at every task (`failed`)."""
    if call.fault == "failed":
        return [unexpected() for _ in work]
    done = {"partial": len(work) // 2, "stopped": 0}.get(call.fault or "", len(work))
    return [*work[:done], *[None] * (len(work) - done)]


def submit(services: Services, call: Call, work: Sequence[Work]) -> Response:
    """202 with the job's Location."""
    job = services.jobs.submit(work, call.header(IDEMPOTENCY) or None, services.user_id(call))
    headers = {"Location": f"{call.root}{JOBS}/{job}", "Preference-Applied": "respond-async"}
    return Response(status_code=202, headers=headers)
