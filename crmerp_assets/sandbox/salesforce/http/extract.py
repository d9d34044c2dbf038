"""Bulk API 2.0 queries: a job, then its rows as CSV, page by page, until the locator is the word `null`."""

from typing import Any

from crmerp_assets.sandbox.salesforce.errors import SalesforceError
from crmerp_assets.sandbox.salesforce.http.call import Answer, Call
from crmerp_assets.sandbox.salesforce.http.service import Service
from crmerp_assets.sandbox.salesforce.http.tables import write_csv
from crmerp_assets.sandbox.salesforce.jobs import Job
from crmerp_assets.sandbox.salesforce.soql import Ask

_KIND = "query"
_PAGE = 50_000


def create(service: Service, call: Call) -> Answer:
    body = call.json()
    operation = body.get("operation")
    if operation not in ("query", "queryAll"):
        raise SalesforceError("INVALIDJOB", f"InvalidJob : Unsupported operation: {operation}")
    plan = service.queries.compile(Ask(str(body.get("query", "")), call.actor, call.version))
    if plan.children or plan.aggregates or plan.counting or plan.offset:
        message = "Aggregate queries, sub-selects and OFFSET are not supported in Bulk Query"
        raise SalesforceError("FEATURENOTENABLED", message)
    job = {
        "operation": operation,
        "object": plan.scope.kind.name,
        "createdById": call.actor.id,
        "state": "UploadComplete",
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(call.version),
        "lineEnding": "LF",
        "columnDelimiter": body.get("columnDelimiter", "COMMA"),
        "query": body["query"],
    }
    return Answer(200, _told(service.jobs.add(_KIND, call.actor.name, job)))


def status(service: Service, call: Call) -> Answer:
    """Asking moves the job on: first it is in progress, then it is done."""
    job = service.jobs.get(_KIND, call.match["job"])
    if job["state"] == "UploadComplete":
        job = service.jobs.put(job, state="InProgress")
    elif job["state"] == "InProgress":
        count = _run(service, call, job)
        job = service.jobs.put(job, state="JobComplete", numberRecordsProcessed=count)
    return Answer(200, {"jobType": "V2Query", "retries": 0, "totalProcessingTime": 0, **_told(job)})


def listed(service: Service, call: Call) -> Answer:
    jobs = [_told(job) for job in service.jobs.all(_KIND)]
    return Answer(200, {"done": True, "records": jobs, "nextRecordsUrl": None})


def abort(service: Service, call: Call) -> Answer:
    return Answer(200, _told(service.jobs.put(service.jobs.get(_KIND, call.match["job"]), state="Aborted")))


def remove(service: Service, call: Call) -> Answer:
    service.jobs.remove(service.jobs.get(_KIND, call.match["job"]))
    return Answer(204)


def results(service: Service, call: Call) -> Answer:
    job = service.jobs.get(_KIND, call.match["job"])
    if job["state"] != "JobComplete":
        raise SalesforceError("INVALIDJOBSTATE", f"The job is not complete: {job['state']}")
    found = service.jobs.results(job)
    locator, size = call.query.get("locator", ""), int(call.query.get("maxRecords", _PAGE))
    start = int(locator) if locator.isdigit() else 0
    rows = found["rows"][start : start + size]
    following = start + size
    more = str(following) if following < len(found["rows"]) else "null"
    headers = {"Sforce-Locator": more, "Sforce-NumberOfRecords": str(len(rows))}
    text = write_csv(found["header"], rows, job["columnDelimiter"])
    return Answer(200, text, headers, media="text/csv")


def _run(service: Service, call: Call, job: Job) -> int:
    ask = Ask(job["query"], call.actor, call.version, job["operation"] == "queryAll")
    plan = service.queries.compile(ask)
    header = [".".join((*column.parents, column.field.name)) for column in plan.columns]
    rows: list[list[Any]] = []
    page = service.queries.run(ask)
    while True:
        rows.extend([_at(record, path) for path in header] for record in page["records"])
        if page["done"]:
            break
        page = service.queries.more(page["nextRecordsUrl"].rpartition("/")[2], ask)
    service.jobs.finish(job, {"header": header, "rows": rows})
    return len(rows)


def _at(record: Any, path: str) -> Any:
    for step in path.split("."):
        record = record[step] if record else None
    return record


def _told(job: Job) -> Job:
    return {name: value for name, value in job.items() if name != "query"}
