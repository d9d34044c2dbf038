"""Pages as a client gets them, including those that a fault has spoilt."""

import re
from typing import Any

from crmerp_assets.sandbox.netsuite.http.call import Call

Items = list[dict[str, Any]]
_LITERAL = re.compile(r"'[^']*'|\b\d+\b")
_REMEMBERED = 16


class Pages:
    """Remembers the last page of each query, whatever its literals were: keyset paging changes those only."""

    def __init__(self) -> None:
        self._last: dict[str, Items] = {}

    def served(self, call: Call, query: str, items: Items) -> Items:
        """The items to send: a short page lacks its last rows, a repeated page is the one before."""
        fault = call.fault
        key = f"{call.user} {_LITERAL.sub('?', query)}"
        if fault == "repeat_page" and key in self._last:
            return self._last[key]
        self._last.pop(key, None)
        self._last[key] = items
        if len(self._last) > _REMEMBERED:
            self._last.pop(next(iter(self._last)))
        return items[: len(items) * 2 // 3] if fault == "short_page" else items
