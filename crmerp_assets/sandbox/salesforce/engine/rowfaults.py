"""Refusals on demand that concern one row of a call, such as a lock or a duplicate rule."""

from dataclasses import dataclass
from threading import Lock

from crmerp_assets.sandbox.salesforce.errors import SalesforceError

_MESSAGES = {
    "UNABLE_TO_LOCK_ROW": "unable to obtain exclusive access to this record",
    "DUPLICATES_DETECTED": "Use one of these records?",
}


@dataclass(slots=True)
class RowFault:
    """The next `times` saves of an object after `skip` are refused; -1 never ends."""

    object: str
    code: str = "UNABLE_TO_LOCK_ROW"
    message: str = ""
    times: int = 1
    skip: int = 0


class RowFaults:
    """The refusals in wait."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[RowFault] = []

    def add(self, fault: RowFault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def strike(self, object_name: str) -> None:
        """Raises the refusal that is due for a save of this object."""
        if not self._waiting:
            return
        with self._lock:
            due = [fault for fault in self._waiting if fault.object == object_name and fault.times]
            for fault in due:
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= fault.times > 0
                message = fault.message or _MESSAGES.get(fault.code, "refused on demand")
                raise SalesforceError(fault.code, message, [])
