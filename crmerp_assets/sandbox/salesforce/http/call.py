"""One call of the REST API as data, so that it runs the same by itself and inside a composite one."""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.salesforce.engine import Actor
from crmerp_assets.sandbox.salesforce.errors import SalesforceError, malformed_json


@dataclass(frozen=True, slots=True)
class Call:
    """`path` is what follows the version; `match` are its parts that the route names. Header names are lower case."""

    method: str
    path: str
    actor: Actor
    version: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | dict[str, Any] | list[Any] = b""
    fault: str | None = None
    match: dict[str, str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"/services/data/v{self.version}"

    def json(self) -> dict[str, Any]:
        """The body as an object. Raises JSON_PARSER_ERROR."""
        if not isinstance(self.body, bytes):
            found: Any = self.body
        else:
            try:
                found = json.loads(self.body)
            except ValueError as error:
                raise malformed_json(f"Unexpected character at [line:1, column:1]: {error}") from None
        if not isinstance(found, dict):
            raise malformed_json("The request body must be a JSON object at [line:1, column:1]")
        return found

    def text(self) -> str:
        """The body as text, such as CSV."""
        return self.body.decode("utf-8-sig") if isinstance(self.body, bytes) else json.dumps(self.body)

    def flag(self, name: str) -> bool:
        return self.query.get(name, "false").lower() == "true"

    def needed(self, name: str) -> str:
        if not self.query.get(name):
            raise SalesforceError("MISSING_ARGUMENT", f"The {name} parameter is required")
        return self.query[name]


@dataclass(slots=True)
class Answer:
    """`body` is JSON, or text of the given media type."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    media: str = "application/json;charset=UTF-8"

    def content(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":"), default=_number).encode()


def refused(error: SalesforceError) -> Answer:
    return Answer(error.status, error.body())


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)
