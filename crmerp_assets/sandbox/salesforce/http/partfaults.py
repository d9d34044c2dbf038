"""Refusals on demand that concern one part of a composite call."""

import re
from dataclasses import dataclass
from threading import Lock

from crmerp_assets.sandbox.salesforce.errors import SalesforceError


@dataclass(slots=True)
class PartFault:
    """The next `times` parts that match (`METHOD url`) after `skip` are refused, nothing applied; -1 never ends."""

    match: str = ""
    code: str = "SERVER_UNAVAILABLE"
    message: str = "refused on demand"
    status: int = 503
    times: int = 1
    skip: int = 0


class PartFaults:
    """The refusals in wait."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[PartFault] = []

    def add(self, fault: PartFault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def strike(self, label: str) -> None:
        """Raises the refusal that is due for this part."""
        with self._lock:
            for fault in self._waiting:
                if not fault.times or not re.search(fault.match, label):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= fault.times > 0
                raise SalesforceError(fault.code, fault.message, status=fault.status)
