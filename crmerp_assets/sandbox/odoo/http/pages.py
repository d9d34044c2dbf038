"""The page faults: a list that lacks its last rows, or is the one before over again."""

from collections.abc import MutableMapping
from typing import Any

from crmerp_assets.sandbox.kit import PAGE_FAULT


class Pages:
    """Remembers the last list of each kind of call."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], Any] = {}

    def struck(self, scope: MutableMapping[str, Any], ask: Any, result: Any) -> Any:
        """The result as the fault of this request leaves it."""
        if not isinstance(result, list) or ask.method not in ("search_read", "search", "read"):
            return result
        fault, key = scope.get(PAGE_FAULT), (ask.model, ask.method)
        if fault == "repeat_page" and key in self._last:
            return self._last[key]
        self._last[key] = result
        return result[: len(result) * 2 // 3] if fault == "short_page" else result
