"""What one HTTP request asks for, read from its headers and query string."""

import json
from dataclasses import dataclass
from typing import Any, cast

from starlette.requests import Request

from crmerp_assets.sandbox.kit import PAGE_FAULT
from crmerp_assets.sandbox.netsuite.engine.draft import PropertyNames
from crmerp_assets.sandbox.netsuite.errors import invalid_content, invalid_header, invalid_parameter

_VALIDATION = "X-NetSuite-PropertyNameValidation"
IDEMPOTENCY = "X-NetSuite-Idempotency-Key"


@dataclass(frozen=True, slots=True)
class Call:
    """A request with its body already read, so that the rest can run in a worker thread."""

    request: Request
    user: str
    body: bytes

    @property
    def root(self) -> str:
        return f"{self.request.url.scheme}://{self.request.url.netloc}"

    @property
    def path(self) -> dict[str, str]:
        return cast(dict[str, str], self.request.path_params)

    def query(self, name: str) -> str | None:
        return self.request.query_params.get(name)

    def header(self, name: str) -> str:
        return str(self.request.headers.get(name, ""))

    def flag(self, name: str) -> bool:
        return (self.query(name) or "").lower() == "true"

    def listed(self, name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in (self.query(name) or "").split(",") if part.strip())

    def number(self, name: str, default: int) -> int:
        raw = self.query(name)
        if raw is None:
            return default
        if not raw.removeprefix("-").isdigit():
            raise invalid_parameter(name, f"Invalid value '{raw}' of the parameter {name}. Provide a number.")
        return int(raw)

    def allow(self, *names: str) -> None:
        """A parameter the call does not know is refused, with the names it does know."""
        for name in self.request.query_params:
            if name not in names:
                detail = f"Invalid query parameter name '{name}'. Valid query parameter names are: {', '.join(names)}."
                raise invalid_parameter(name, detail)

    def prefers(self, preference: str) -> bool:
        return preference in [part.strip() for part in self.header("Prefer").split(",")]

    @property
    def fault(self) -> str | None:
        """The fault that the system is to carry out itself."""
        kind: str | None = self.request.scope.get(PAGE_FAULT)
        return kind

    @property
    def asynchronous(self) -> bool:
        return self.prefers("respond-async")

    @property
    def collection(self) -> bool:
        return "type=collection" in self.header("Content-Type").replace(" ", "")

    @property
    def property_names(self) -> PropertyNames:
        value = self.header(_VALIDATION).lower() or "warning"
        if value not in ("error", "warning", "ignore"):
            raise invalid_header(_VALIDATION, f"Invalid value '{value}'. Provide error, warning or ignore.")
        return cast(PropertyNames, value)

    def json(self) -> dict[str, Any]:
        """The body as an object; no body is an empty one. Raises INVALID_CONTENT."""
        if not self.body.strip():
            return {}
        try:
            data = json.loads(self.body)
        except ValueError:
            raise invalid_content("", "Invalid content in the request body. Provide valid JSON.") from None
        if not isinstance(data, dict):
            raise invalid_content("", "Invalid content in the request body. Provide a JSON object.")
        return data
