"""Faults on demand: what networks and vendors do to a client, one rule at a time.

| kind         | what the client meets                                                   |
|--------------|-------------------------------------------------------------------------|
| throttle     | the system's own answer to too many calls                               |
| server_error | a 5xx, nothing applied                                                  |
| slow         | the call is applied late, also if the client has given up by then       |
| late_answer  | the call is applied at once, its answer comes late                      |
| error_after  | the call is applied, then a gateway answers with an HTML page (502)     |
| cut_before   | the connection closes, nothing applied                                  |
| cut_after    | the call is applied, then the connection closes without an answer       |
| short_page   | a page lacks its last rows though it claims to be complete              |
| repeat_page  | a page repeats the one before                                           |
| revoke       | the token is refused                                                    |
| html         | a page in HTML with status 200, nothing applied                         |
| truncated    | the call is applied, and the answer is its first half                   |
| wrong_type   | the call is applied, and the answer comes as XML                        |
| redirect     | the way to a login page, nothing applied                                |
| partial      | a batch is applied in part, and the answer says so in the system's way  |
| stopped      | a batch is taken, and ends before anything of it is applied             |
| failed       | a batch is taken, and the system itself fails at each record (5xx)      |

The two page faults and the last three are carried out by the system itself, which finds the kind in the request's
scope.
Where a batch is one transaction, there is no part of it; only NetSuite takes a batch before it applies it.
"""

import random
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from threading import Lock
from typing import Any

KINDS = (
    "throttle",
    "server_error",
    "slow",
    "late_answer",
    "error_after",
    "cut_before",
    "cut_after",
    "short_page",
    "repeat_page",
    "revoke",
    "html",
    "truncated",
    "wrong_type",
    "redirect",
    "partial",
    "stopped",
    "failed",
)
PAGE_FAULT = "sandbox.page_fault"


@dataclass(slots=True)
class Fault:
    """One rule; `times` counts down to 0, -1 never ends. `skip` lets that many matching calls through first; with
    `after` none counts before a call that matches this was made."""

    kind: str
    match: str = ""
    times: int = 1
    skip: int = 0
    seconds: float = 1.0
    status: int = 503
    probability: float = 1.0
    user: str | None = None
    after: str = ""
    id: int = 0
    hits: int = 0
    pattern: re.Pattern[str] = field(init=False, repr=False)
    awaited: re.Pattern[str] | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"'{self.kind}' is not a kind of fault; use one of {', '.join(KINDS)}")
        self.pattern = re.compile(self.match)
        self.awaited = re.compile(self.after) if self.after else None

    def shown(self) -> dict[str, Any]:
        """The rule as the admin API shows it."""
        return {name: value for name, value in asdict(self).items() if name not in ("pattern", "awaited")}


class Faults:
    """The rules in force."""

    def __init__(self, seed: int = 7) -> None:
        self._lock = Lock()
        self._rules: list[Fault] = []
        self._next = 1
        self._random = random.Random(seed)  # noqa: S311

    def add(self, **rule: Any) -> Fault:
        """Add a rule. Raises ValueError or TypeError for one that makes no sense."""
        fault = Fault(**rule)
        with self._lock:
            fault.id, self._next = self._next, self._next + 1
            self._rules.append(fault)
        return fault

    def remove(self, id_: int | None = None) -> None:
        """Remove one rule, or all."""
        with self._lock:
            self._rules = [] if id_ is None else [rule for rule in self._rules if rule.id != id_]

    def list(self) -> list[dict[str, Any]]:
        """Every rule with its hits."""
        with self._lock:
            return [rule.shown() for rule in self._rules]

    def strike(self, label: str, user: str) -> Fault | None:
        """The first rule that fires for this call (`METHOD /path?query`), counted as used."""
        with self._lock:
            for rule in self._armed(label):
                if rule.times == 0 or not rule.pattern.search(label) or rule.user not in (None, user):
                    continue
                if rule.skip > 0:
                    rule.skip -= 1
                    continue
                if rule.probability < 1 and self._random.random() >= rule.probability:
                    continue
                rule.times -= rule.times > 0
                rule.hits += 1
                return rule
        return None

    def _armed(self, label: str) -> Iterable[Fault]:
        """The rules that may fire. What a rule waits for is noted although another rule may strike that call."""
        armed = [rule for rule in self._rules if rule.awaited is None]
        for rule in self._rules:
            if rule.awaited is not None and rule.awaited.search(label):
                rule.awaited = None
        return armed
