"""Bulk API 2.0 ingest: Open, UploadComplete, InProgress, JobComplete. A complete job may still have failed rows."""

from typing import Any

from crmerp_assets.sandbox.salesforce.engine import Actor
from crmerp_assets.sandbox.salesforce.engine.values import from_csv
from crmerp_assets.sandbox.salesforce.errors import SalesforceError
from crmerp_assets.sandbox.salesforce.http.call import Answer, Call
from crmerp_assets.sandbox.salesforce.http.service import Service
from crmerp_assets.sandbox.salesforce.http.tables import DELIMITERS, NULL, read_csv, write_csv
from crmerp_assets.sandbox.salesforce.ids import normal_id
from crmerp_assets.sandbox.salesforce.jobs import Job
from crmerp_assets.sandbox.salesforce.schema import Field, ObjectType

_OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
_KIND = "ingest"


def create(service: Service, call: Call) -> Answer:
    body = call.json()
    kind, operation = service.catalog.object(str(body.get("object"))), body.get("operation")
    delimiter = body.get("columnDelimiter", "COMMA")
    if operation not in _OPERATIONS or delimiter not in DELIMITERS:
        raise SalesforceError("INVALIDJOB", f"InvalidJob : Unsupported operation or delimiter: {operation} {delimiter}")
    if operation == "upsert":
        service.records.key_field(kind, str(body.get("externalIdFieldName")), call.actor)
    job = {
        "operation": operation,
        "object": kind.name,
        "createdById": call.actor.id,
        "state": "Open",
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(call.version),
        "lineEnding": body.get("lineEnding", "LF"),
        "columnDelimiter": delimiter,
        **({"externalIdFieldName": body["externalIdFieldName"]} if operation == "upsert" else {}),
    }
    made = service.jobs.add(_KIND, call.actor.name, job)
    content = f"{call.base.lstrip('/')}/jobs/ingest/{made['id']}/batches"
    return Answer(200, service.jobs.put(made, contentUrl=content))


def upload(service: Service, call: Call) -> Answer:
    job = service.jobs.get(_KIND, call.match["job"])
    if job["state"] != "Open" or not service.jobs.upload(job, call.text()):
        raise SalesforceError("INVALIDJOBSTATE", "Found multiple contents for job: only one upload is allowed")
    return Answer(201)


def change(service: Service, call: Call) -> Answer:
    job, state = service.jobs.get(_KIND, call.match["job"]), call.json().get("state")
    if state not in ("UploadComplete", "Aborted") or job["state"] not in ("Open", "UploadComplete"):
        raise SalesforceError("INVALIDJOBSTATE", f"Invalid job state transition from {job['state']} to {state}")
    return Answer(200, service.jobs.put(job, state=state))


def status(service: Service, call: Call) -> Answer:
    """Asking moves the job on: first it is in progress, then it is done."""
    job = service.jobs.get(_KIND, call.match["job"])
    if job["state"] == "UploadComplete":
        job = service.jobs.put(job, state="InProgress")
    elif job["state"] == "InProgress":
        job = _process(service, job, call.actor)
    return Answer(200, {**_PROGRESS, **job})


def listed(service: Service, call: Call) -> Answer:
    return Answer(200, {"done": True, "records": service.jobs.all(_KIND), "nextRecordsUrl": None})


def remove(service: Service, call: Call) -> Answer:
    service.jobs.remove(service.jobs.get(_KIND, call.match["job"]))
    return Answer(204)


def successful(service: Service, call: Call) -> Answer:
    return _rows(service, call, "successful", ["sf__Id", "sf__Created"])


def failed(service: Service, call: Call) -> Answer:
    return _rows(service, call, "failed", ["sf__Id", "sf__Error"])


def unprocessed(service: Service, call: Call) -> Answer:
    return _rows(service, call, "unprocessed", [])


_PROGRESS: Job = {
    "jobType": "V2Ingest",
    "retries": 0,
    "totalProcessingTime": 0,
    "apiActiveProcessingTime": 0,
    "apexProcessingTime": 0,
    "numberRecordsProcessed": 0,
    "numberRecordsFailed": 0,
}


def _rows(service: Service, call: Call, which: str, leading: list[str]) -> Answer:
    job = service.jobs.get(_KIND, call.match["job"])
    results = service.jobs.results(job) or {}
    header = [*leading, *results.get("header", [])]
    text = write_csv(header, results.get(which, []), job["columnDelimiter"])
    return Answer(200, text, media="text/csv")


def _process(service: Service, job: Job, actor: Actor) -> Job:
    header, rows = read_csv(service.jobs.data(job), job["columnDelimiter"])
    done: list[list[Any]] = []
    bad: list[list[Any]] = []
    with service.organisation.store.writing():
        for row in rows:
            try:
                with service.organisation.store.writing():
                    id_, created = _apply(service, job, dict(zip(header, row, strict=False)), actor)
                done.append([id_, created, *row])
            except SalesforceError as error:
                bad.append(["", f"{error.code}:{error.message}:{' '.join(error.fields or [])} --", *row])
        service.jobs.finish(job, {"header": header, "successful": done, "failed": bad, "unprocessed": []})
        counts = {"numberRecordsProcessed": len(rows), "numberRecordsFailed": len(bad)}
        return service.jobs.put(job, state="JobComplete", **_PROGRESS | counts)


def _apply(service: Service, job: Job, cells: dict[str, str], actor: Actor) -> tuple[str, bool]:
    kind, records = service.catalog.object(job["object"]), service.records
    values = _values(service, kind, cells, actor)
    id_ = next((str(cell) for name, cell in cells.items() if name.lower() == "id"), "")
    match job["operation"]:
        case "insert":
            return records.create(kind, values, actor), True
        case "update":
            records.update(kind, id_, values, actor)
        case "upsert":
            field = records.key_field(kind, job["externalIdFieldName"], actor)
            key = id_ if field.name == "Id" else values.pop(field.name, None)
            return records.upsert(kind, field, key, values, actor)
        case _:
            service.removal.delete(kind, id_, actor)
            if job["operation"] == "hardDelete":
                service.removal.purge(kind, normal_id(id_) or id_)
    return normal_id(id_) or id_, False


def _values(service: Service, kind: ObjectType, cells: dict[str, str], actor: Actor) -> dict[str, Any]:
    """Empty cells are ignored, `#N/A` is null, `Account.Ext__c` refers by external id."""
    visible = service.catalog.visible(kind, actor.everything)
    values: dict[str, Any] = {}
    for name, cell in cells.items():
        if cell == "" or name.lower() == "id":
            continue
        first, _, rest = name.partition(".")
        field: Field | None = visible.get(first.lower())
        if rest:
            values[first] = {rest: cell}
        elif cell == NULL:
            values[field.name if field else first] = None
        else:
            values[field.name if field else first] = from_csv(field, cell) if field else cell
    return values
