"""Which path and method leads to which handler."""

import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote

from crmerp_assets.sandbox.salesforce.errors import SalesforceError, not_found
from crmerp_assets.sandbox.salesforce.http import (
    collections,
    describe,
    extract,
    ingest,
    query,
    record,
    replication,
    system,
    tooling,
)
from crmerp_assets.sandbox.salesforce.http.call import Answer, Call
from crmerp_assets.sandbox.salesforce.http.composite import Composite
from crmerp_assets.sandbox.salesforce.http.service import Service

Handler = Callable[[Service, Call], Answer]
Methods = dict[str, Handler]

_ROUTES: list[tuple[str, Methods]] = [
    ("/", {"GET": system.resources}),
    ("/limits", {"GET": system.limits}),
    ("/query", {"GET": query.query}),
    ("/queryAll", {"GET": query.query_all}),
    ("/query/{locator}", {"GET": query.more}),
    ("/tooling/query", {"GET": query.query}),
    ("/tooling/query/{locator}", {"GET": query.more}),
    ("/tooling/sobjects/CustomField", {"POST": tooling.create}),
    ("/tooling/sobjects/CustomField/{id}", {"PATCH": tooling.change, "DELETE": tooling.remove}),
    ("/sobjects", {"GET": describe.everything}),
    ("/sobjects/{object}", {"GET": describe.basic, "POST": record.create}),
    ("/sobjects/{object}/describe", {"GET": describe.describe}),
    ("/sobjects/{object}/updated", {"GET": replication.updated}),
    ("/sobjects/{object}/deleted", {"GET": replication.deleted}),
    ("/sobjects/{object}/{id}", {"GET": record.read, "PATCH": record.update, "DELETE": record.delete}),
    (
        "/sobjects/{object}/{field}/{key}",
        {"GET": record.read_by_key, "PATCH": record.upsert, "POST": record.upsert, "DELETE": record.delete_by_key},
    ),
    (
        "/composite/sobjects",
        {"POST": collections.create, "PATCH": collections.update, "DELETE": collections.delete},
    ),
    ("/composite/sobjects/{object}", {"GET": collections.read, "POST": collections.read}),
    ("/composite/sobjects/{object}/{field}", {"PATCH": collections.upsert}),
    ("/jobs/ingest", {"GET": ingest.listed, "POST": ingest.create}),
    ("/jobs/ingest/{job}", {"GET": ingest.status, "PATCH": ingest.change, "DELETE": ingest.remove}),
    ("/jobs/ingest/{job}/batches", {"PUT": ingest.upload}),
    ("/jobs/ingest/{job}/successfulresults", {"GET": ingest.successful}),
    ("/jobs/ingest/{job}/failedresults", {"GET": ingest.failed}),
    ("/jobs/ingest/{job}/unprocessedrecords", {"GET": ingest.unprocessed}),
    ("/jobs/query", {"GET": extract.listed, "POST": extract.create}),
    ("/jobs/query/{job}", {"GET": extract.status, "PATCH": extract.abort, "DELETE": extract.remove}),
    ("/jobs/query/{job}/results", {"GET": extract.results}),
]
_BASE = re.compile(r"/services/data/v(\d+)\.(\d)(/.*)?")


class Router:
    """Finds the handler of a call, also of one inside a composite call."""

    def __init__(self, service: Service) -> None:
        self._service = service
        composite = Composite(service, self.inner)
        own: list[tuple[str, Methods]] = [
            ("/composite", {"POST": composite.composite}),
            ("/composite/graph", {"POST": composite.graph}),
            ("/composite/batch", {"POST": composite.batch}),
        ]
        self._routes = [(_pattern(path), methods) for path, methods in (*own, *_ROUTES)]

    def dispatch(self, call: Call) -> Answer:
        """Raises SalesforceError for what the vendor would refuse."""
        for pattern, methods in self._routes:
            found = pattern.fullmatch(call.path.rstrip("/") or "/")
            if found is None:
                continue
            handler = methods.get(call.method)
            if handler is None:
                allowed = ",".join(methods)
                message = f"HTTP Method '{call.method}' not allowed. Allowed are {allowed}"
                raise SalesforceError("METHOD_NOT_ALLOWED", message, status=405)
            return handler(self._service, _matched(call, found))
        raise not_found()

    def inner(self, call: Call) -> Answer:
        """A subrequest, whose path begins with the version; a refusal is an answer."""
        try:
            version, path = split_version(call.path)
            return self.dispatch(_at(call, version, path))
        except SalesforceError as error:
            return Answer(error.status, error.body())


def split_version(path: str) -> tuple[str, str]:
    """(version, the path below it). Raises NOT_FOUND, or 410 for a version that was retired."""
    found = _BASE.fullmatch(path)
    number = int(found[1]) if found else 0
    if found and system.RETIRED >= number >= 7:
        message = f"The requested API version has been retired: v{number}.{found[2]}"
        raise SalesforceError("UNSUPPORTED_API_VERSION", message, status=410)
    if found is None or not system.OLDEST <= number <= system.NEWEST:
        raise not_found()
    return f"{number}.{found[2]}", found[3] or "/"


def _at(call: Call, version: str, path: str) -> Call:
    return replace(call, version=version, path=path)


def _matched(call: Call, found: re.Match[str]) -> Call:
    return replace(call, match={name: unquote(value) for name, value in found.groupdict().items()})


def _pattern(path: str) -> re.Pattern[str]:
    """Fixed words match whatever their case, as the vendor's do in job results."""
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path), re.IGNORECASE)
