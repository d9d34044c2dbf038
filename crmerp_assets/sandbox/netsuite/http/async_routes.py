"""Jobs, their tasks and their results; no call returns all results of a job at once."""

from starlette.responses import Response

from crmerp_assets.sandbox.netsuite.errors import NetSuiteError, nonexistent_id
from crmerp_assets.sandbox.netsuite.http.answers import answer_response, json_response, self_link
from crmerp_assets.sandbox.netsuite.http.call import Call
from crmerp_assets.sandbox.netsuite.http.services import Services
from crmerp_assets.sandbox.netsuite.jobs import JOBS


def job(services: Services, call: Call) -> Response:
    number = _number(call, "job")
    state = services.jobs.job(number)
    if state is None:
        raise nonexistent_id()
    href = f"{call.root}{JOBS}/{number}"
    return json_response({"links": self_link(href)} | state | {"task": {"links": self_link(f"{href}/task")}})


def tasks(services: Services, call: Call) -> Response:
    number = _number(call, "job")
    found = services.jobs.tasks(number)
    if not found:
        raise nonexistent_id()
    href = f"{call.root}{JOBS}/{number}/task"
    items = [{"links": self_link(f"{href}/{task}")} for task in found]
    return json_response({"links": self_link(href), "count": len(items), "items": items, "totalResults": len(items)})


def task(services: Services, call: Call) -> Response:
    job_number, number = _number(call, "job"), _number(call, "task")
    found = services.jobs.task(job_number, number)
    if found is None:
        raise nonexistent_id()
    href = f"{call.root}{JOBS}/{job_number}/task/{number}"
    links = self_link(href)
    if found["status"] is not None:
        links += self_link(f"{href}/result", "related")
    body = {"links": links, "id": str(number), "completed": found["status"] is not None, "progress": found["progress"]}
    for name, column in (("startTime", "started"), ("endTime", "ended")):
        if found[column] is not None:
            body[name] = found[column].replace(" ", "T") + "Z"
    return json_response(body)


def result(services: Services, call: Call) -> Response:
    answer = services.jobs.result(_number(call, "job"), _number(call, "task"))
    if answer is None:
        detail = "The result is not available. The task does not exist or has not finished."
        raise NetSuiteError(404, "NONEXISTENT_ID", detail)
    return answer_response(answer, call.root)


def _number(call: Call, name: str) -> int:
    raw = call.path[name]
    if not raw.isdigit():
        raise nonexistent_id()
    return int(raw)


ROUTES = [
    (f"{JOBS}/{{job}}", ("GET",), job),
    (f"{JOBS}/{{job}}/task", ("GET",), tasks),
    (f"{JOBS}/{{job}}/task/{{task}}", ("GET",), task),
    (f"{JOBS}/{{job}}/task/{{task}}/result", ("GET",), result),
]
