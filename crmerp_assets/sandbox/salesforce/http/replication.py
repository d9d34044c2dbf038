"""What was changed or deleted in a span of time."""

from datetime import datetime, timedelta

from crmerp_assets.sandbox.salesforce.engine.stamps import parse_moment, stamp
from crmerp_assets.sandbox.salesforce.errors import SalesforceError
from crmerp_assets.sandbox.salesforce.http.call import Answer, Call
from crmerp_assets.sandbox.salesforce.http.service import Service

_KEPT = timedelta(days=30)
_DELETED_KEPT = timedelta(days=15)
_MOST_IDS = 600_000


def updated(service: Service, call: Call) -> Answer:
    start, end = _span(service, call)
    ids = [id_ for id_, _ in _changed(service, call, start, end, deleted=False)]
    return Answer(200, {"ids": ids, "latestDateCovered": stamp(end)})


def deleted(service: Service, call: Call) -> Answer:
    start, end = _span(service, call)
    records = [{"id": id_, "deletedDate": at} for id_, at in _changed(service, call, start, end, deleted=True)]
    earliest = stamp(service.organisation.clock() - _DELETED_KEPT)
    body = {"deletedRecords": records, "earliestDateAvailable": earliest, "latestDateCovered": stamp(end)}
    return Answer(200, body)


def _changed(service: Service, call: Call, start: datetime, end: datetime, deleted: bool) -> list[tuple[str, str]]:
    kind = service.catalog.object(call.match["object"])
    sql = (
        f'SELECT "Id", "SystemModstamp" FROM "{kind.name}" WHERE "IsDeleted" = ? AND "SystemModstamp" >= ? '
        f'AND "SystemModstamp" < ? ORDER BY "SystemModstamp", "Id"'
    )
    rows = service.organisation.store.rows(sql, (int(deleted), stamp(start), stamp(end)))
    if len(rows) > _MOST_IDS:
        raise SalesforceError("EXCEEDED_ID_LIMIT", "exceeded maximum number of ids returned")
    return [(id_, at) for id_, at in rows]


def _span(service: Service, call: Call) -> tuple[datetime, datetime]:
    """Seconds are ignored; the end never lies in the future."""
    now = service.organisation.clock()
    try:
        start, end = (parse_moment(call.needed(name).replace(" ", "+")) for name in ("start", "end"))
    except ValueError:
        raise SalesforceError("INVALID_REPLICATION_DATE", "startDate and endDate must be valid dateTimes") from None
    start, end = start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    if end - start < timedelta(minutes=1):
        raise SalesforceError("INVALID_REPLICATION_DATE", "endDate must be at least one minute greater than startDate")
    if now - start > _KEPT:
        raise SalesforceError("INVALID_REPLICATION_DATE", "startDate cannot be more than 30 days ago")
    return start, min(end, now)
