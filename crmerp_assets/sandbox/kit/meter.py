"""Counts API calls by user and by call, so that a client's thrift can be measured from the outside."""

from collections import Counter
from threading import Lock


class Meter:
    """Calls since the last reset. Administration is never counted."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_user: Counter[str] = Counter()
        self._by_call: Counter[str] = Counter()

    def count(self, user: str, call: str) -> None:
        """One call of that user."""
        with self._lock:
            self._by_user[user] += 1
            self._by_call[f"{call}" if user == "integration" else f"{call} ({user})"] += 1

    def reset(self) -> None:
        """Start again from zero."""
        with self._lock:
            self._by_user.clear()
            self._by_call.clear()

    def report(self) -> dict[str, object]:
        """The counts as the admin API shows them."""
        with self._lock:
            return {
                "total": self._by_user.total(),
                "by_user": dict(self._by_user),
                "by_call": dict(sorted(self._by_call.items())),
            }
