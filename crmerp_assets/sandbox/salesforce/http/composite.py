"""Several calls in one: composite, batch, and graphs that succeed or fail as a whole."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from crmerp_assets.sandbox.salesforce.errors import SalesforceError, malformed_json
from crmerp_assets.sandbox.salesforce.http.call import Answer, Call
from crmerp_assets.sandbox.salesforce.http.service import Service

Dispatch = Callable[[Call], Answer]
Subrequest = dict[str, Any]
_SUBREQUESTS, _COLLECTIVE, _NODES, _GRAPHS = 25, 5, 500, 75
_REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_NAME = re.compile(r"[A-Za-z0-9_]+")
_COLLECTIVE_PATHS = re.compile(r"/(query|queryAll|composite/sobjects)\b|/describe\b")
_COLLECTION_PATH = re.compile(r"/composite/sobjects\b")
_GRAPH_PATH = re.compile(r"/services/data/v\d+\.\d/sobjects/\w+(/[^/]+){0,2}/?")
_HALTED = {
    "errorCode": "PROCESSING_HALTED",
    "message": "The transaction was rolled back since another operation in the same transaction failed.",
}


class _Failed(Exception):
    """One subrequest failed, so all are undone."""


@dataclass(slots=True)
class Composite:
    """`dispatch` runs a call that came inside another. The whole counts as one call, and its parts run in order.

    Up to five parts may be collections, so that one call may carry 1,000 rows. Without `allOrNone` each part succeeds
    or fails by itself and a collection obeys its own `allOrNone`; with it, that of the collections counts for nothing.
    Parts below `/sobjects` may be collated, that is reordered, unless the caller forbids it; this server never does.
    """

    service: Service
    dispatch: Dispatch

    def composite(self, service: Service, call: Call) -> Answer:
        body = call.json()
        requests = _requests(body, "compositeRequest")
        if len(requests) > _SUBREQUESTS:
            return _too_many(f"The request can't contain more than {_SUBREQUESTS} operations.")
        if sum(bool(_COLLECTIVE_PATHS.search(str(each.get("url")))) for each in requests) > _COLLECTIVE:
            return _too_many(f"The request can't contain more than {_COLLECTIVE} query or collection operations.")
        answers, _ = self._run(call, requests, bool(body.get("allOrNone", False)))
        return Answer(200, {"compositeResponse": answers})

    def graph(self, service: Service, call: Call) -> Answer:
        graphs = _requests(call.json(), "graphs")
        sizes = [len(_requests(each, "compositeRequest")) for each in graphs]
        if sum(sizes) > _NODES or len(graphs) > _GRAPHS:
            message = f"Maximum of {_NODES} nodes in {_GRAPHS} graphs allowed in a request"
            raise SalesforceError("LIMIT_EXCEEDED", message)
        return Answer(200, {"graphs": [self._graph(call, each) for each in graphs]})

    def batch(self, service: Service, call: Call) -> Answer:
        requests = _requests(call.json(), "batchRequests")
        if len(requests) > _SUBREQUESTS:
            raise SalesforceError("LIMIT_EXCEEDED", f"Maximum of {_SUBREQUESTS} subrequests allowed in a request")
        results = []
        for each in requests:
            own = {**each, "body": each.get("richInput")}
            own["url"] = "/services/data/" + str(each.get("url", "")).lstrip("/").removeprefix("services/data/")
            answer = self.dispatch(_inner(call, own, {}))
            results.append({"statusCode": answer.status, "result": answer.body})
        return Answer(200, {"hasErrors": any(each["statusCode"] >= 400 for each in results), "results": results})

    def _graph(self, call: Call, graph: dict[str, Any]) -> dict[str, Any]:
        requests = _requests(graph, "compositeRequest")
        for each in requests:
            path = urlsplit(str(each.get("url"))).path
            if not _GRAPH_PATH.fullmatch(_REFERENCE.sub("x", path)):
                raise SalesforceError("INVALID_REQUEST", f"URL {path} is not allowed in a composite graph")
        answers, succeeded = self._run(call, requests, True)
        response = {"compositeResponse": answers}
        return {"graphId": graph.get("graphId"), "graphResponse": response, "isSuccessful": succeeded}

    def _run(self, call: Call, requests: list[Subrequest], all_or_none: bool) -> tuple[list[Any], bool]:
        """(answers, whether all succeeded); with `all_or_none` the first failure undoes and halts the rest."""
        answers: list[dict[str, Any]] = []
        try:
            with self.service.organisation.store.writing():
                for answer in self._answers(call, [_strict(each) for each in requests] if all_or_none else requests):
                    answers.append(answer)
                    if all_or_none and _failed(answer):
                        raise _Failed
        except _Failed:
            self.service.catalog.forget()
            failed = len(answers) - 1
            return [answers[n] if n == failed else _halted(each) for n, each in enumerate(requests)], False
        return answers, all(answer["httpStatusCode"] < 400 for answer in answers)

    def _answers(self, call: Call, requests: list[Subrequest]) -> Iterator[dict[str, Any]]:
        """One by one; what refers to a failed one is not run."""
        bodies: dict[str, Any] = {}
        for each in requests:
            name = str(each.get("referenceId", ""))
            if not _NAME.fullmatch(name) or name in bodies:
                raise malformed_json(f"The referenceId '{name}' must be unique and alphanumeric")
            try:
                self.service.part_faults.strike(f"{each.get('method')} {each.get('url')}")
                answer = self.dispatch(_inner(call, each, bodies))
            except SalesforceError as error:
                answer = Answer(error.status, error.body())
            bodies[name] = answer.body if answer.status < 400 else None
            body = answer.body
            said = {"body": body, "httpHeaders": answer.headers, "httpStatusCode": answer.status}
            yield {**said, "referenceId": name}


def _too_many(message: str) -> Answer:
    """A refusal of the whole is told as that of a part without a name."""
    said = {"body": [{"errorCode": "LIMIT_EXCEEDED", "message": message}], "httpHeaders": {}, "httpStatusCode": 400}
    return Answer(400, {"compositeResponse": [{**said, "referenceId": None}]})


def _strict(request: Subrequest) -> Subrequest:
    """A collection in a call that is all-or-none is so too."""
    body = request.get("body")
    if not _COLLECTION_PATH.search(str(request.get("url"))) or not isinstance(body, dict) or "records" not in body:
        return request
    return {**request, "body": {**body, "allOrNone": True}}


def _failed(answer: Subrequest) -> bool:
    rows = answer["body"] if isinstance(answer["body"], list) else []
    refused = any(isinstance(row, dict) and row.get("success") is False for row in rows)
    return bool(answer["httpStatusCode"] >= 400 or refused)


def _halted(request: Subrequest) -> dict[str, Any]:
    said: dict[str, Any] = {"body": [_HALTED], "httpHeaders": {}, "httpStatusCode": 400}
    return {**said, "referenceId": request.get("referenceId")}


def _inner(call: Call, request: Subrequest, bodies: dict[str, Any]) -> Call:
    split = urlsplit(str(_filled(request.get("url", ""), bodies)))
    headers = {str(name).lower(): str(value) for name, value in (request.get("httpHeaders") or {}).items()}
    body = _filled(request.get("body"), bodies)
    return replace(
        call,
        method=str(request.get("method", "GET")).upper(),
        path=split.path,
        query=dict(parse_qsl(split.query)),
        headers={**call.headers, "if-modified-since": "", "if-unmodified-since": "", **headers},
        body=b"" if body is None else body,
        match={},
    )


def _filled(value: Any, bodies: dict[str, Any]) -> Any:
    """`@{name.field}` replaced throughout by what an earlier subrequest answered."""
    if isinstance(value, str):
        return _REFERENCE.sub(lambda match: str(_looked_up(match, bodies)), value)
    if isinstance(value, dict):
        return {name: _filled(each, bodies) for name, each in value.items()}
    return [_filled(each, bodies) for each in value] if isinstance(value, list) else value


def _looked_up(match: re.Match[str], bodies: dict[str, Any]) -> Any:
    found: Any = bodies.get(match[1])
    for name, index in _STEP.findall(match[2]):
        try:
            found = found[int(index)] if index else found[name]
        except (KeyError, IndexError, TypeError):
            found = None
    if found is None:
        message = f"Invalid reference specified. No value for {unquote(match[0])} found in {match[1]}."
        raise SalesforceError("PROCESSING_HALTED", message)
    return found


def _requests(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = body.get(name)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise malformed_json(f"A list of {name} is required at [line:1, column:1]")
    return found
