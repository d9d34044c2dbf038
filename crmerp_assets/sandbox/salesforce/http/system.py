"""Versions, resources and limits."""

from typing import Any

from crmerp_assets.sandbox.salesforce.http.call import Answer, Call
from crmerp_assets.sandbox.salesforce.http.service import Service

NEWEST, OLDEST, RETIRED = 68, 31, 30
_SEASONS = ("Summer", "Winter", "Spring")


def versions() -> list[dict[str, str]]:
    """`Winter '27` is 68.0; three releases make a year."""
    return [
        {
            "label": f"{_SEASONS[(number - 1) % 3]} '{_year(number):02}",
            "url": f"/services/data/v{number}.0",
            "version": f"{number}.0",
        }
        for number in range(OLDEST, NEWEST + 1)
    ]


def _year(number: int) -> int:
    return 27 - (NEWEST - number + 2) // 3


def resources(service: Service, call: Call) -> Answer:
    names = ("sobjects", "query", "queryAll", "composite", "jobs", "limits", "tooling")
    company = service.organisation.select(service.catalog.object("Organization"), "1")[0]["Id"]
    identity = {"identity": f"https://login.salesforce.com/id/{company}/{call.actor.id}"}
    return Answer(200, {name: f"{call.base}/{name}" for name in names} | identity)


def limits(service: Service, call: Call) -> Answer:
    usage = service.usage

    def of(maximum: int, remaining: int | None = None) -> dict[str, Any]:
        return {"Max": maximum, "Remaining": maximum if remaining is None else remaining}

    body = {
        "DailyApiRequests": of(usage.limit, usage.remaining),
        "DailyBulkV2QueryJobs": of(10_000),
        "DailyBulkApiBatches": of(15_000),
        "DailyBulkV2QueryFileStorageMB": of(976_562),
        "ConcurrentAsyncGetReportInstances": of(200),
        "DataStorageMB": of(200),
    }
    return Answer(200, body)
