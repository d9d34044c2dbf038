"""One write, one request: the way for a few records.

A create is a PUT on the external id, so that sending it twice makes one record. The answer to it may lack the
internal id; then it is looked up.
"""

from __future__ import annotations

from crmerp_assets.connectors import exactjson
from crmerp_assets.connectors.errors import ConnectorError, Dependent, Duplicate, Transient, Unknown
from crmerp_assets.connectors.http import HttpClient, Response
from crmerp_assets.connectors.netsuite.answers import Subject, error_in
from crmerp_assets.connectors.netsuite.bodies import sent_values
from crmerp_assets.connectors.netsuite.fields import SYSTEM
from crmerp_assets.connectors.netsuite.preparing import Prepared
from crmerp_assets.connectors.protocol import Result, Write

STRICT = {"X-NetSuite-PropertyNameValidation": "error", "Content-Type": "application/json"}
RECORD_ERRORS = (400, 403, 404, 405, 409)


def send(http: HttpClient, connection: str, prepared: Prepared) -> Result:
    """The outcome of one write; a native id may be missing from a create that was applied."""
    write = prepared.write
    params = {"replace": ",".join(prepared.replace)} if prepared.replace else None
    try:
        response = http.request(
            prepared.method,
            prepared.path,
            params=params,
            content=exactjson.dumps(prepared.body),
            headers=STRICT,
            accept=RECORD_ERRORS,
        )
    except ConnectorError as failure:
        return Result(write.id, write.native_id, about(failure, write))
    return outcome(connection, write, response)


def outcome(connection: str, write: Write, response: Response) -> Result:
    """What an answer about one record means, whether it came at once or as the result of a task."""
    subject = Subject(connection, write.object, write.key, sent_values(write))
    error = error_in(response, subject)
    if error is not None:
        return Result(write.id, write.native_id, error)
    return Result(write.id, write.native_id or id_in(response), None)


def id_in(response: Response) -> str | None:
    """The internal id at the end of the Location header."""
    last = response.headers.get("Location", "").rstrip("/").rpartition("/")[2]
    return last if last.isdigit() else None


def about(error: ConnectorError, write: Write) -> ConnectorError:
    """The same error with the record it is about."""
    error.object, error.record = write.object, write.key
    return error


def unknown(connection: str, write: Write, why: str) -> Result:
    message = f"{connection}: {why} for {write.object} {write.key}; settle it by its key before sending it again."
    return Result(write.id, write.native_id, Unknown(message, system=SYSTEM, object=write.object, record=write.key))


def not_saved(connection: str, write: Write) -> Result:
    """A write of a job that ended before it came to it, or failed by itself: nothing of it was applied."""
    message = f"{connection} ended a job without saving {write.object} {write.key}; it is tried again."
    error = Transient(message, system=SYSTEM, object=write.object, record=write.key)
    return Result(write.id, write.native_id, error)


def held(connection: str, write: Write) -> Result:
    """A write that leans on a record whose own write has not come through: nothing wrong with it, so it waits."""
    message = f"{connection}: {write.object} {write.key} waits for a record it refers to; it is tried again."
    error = Dependent(message, system=SYSTEM, object=write.object, record=write.key)
    return Result(write.id, write.native_id, error)


def is_duplicate(result: Result) -> bool:
    return isinstance(result.error, Duplicate) and result.error.existing_id is None
