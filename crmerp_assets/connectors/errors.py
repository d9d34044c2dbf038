"""What can go wrong with a system, named by what to do next.

A caller decides by class, never by reading a message:

* ConnectorError
  * Transient: nothing was applied; try again after a pause.
    * Dependent: the record leans on another one that is not there yet; its system is well.
  * Throttled: nothing was applied; wait `wait` seconds, then try again.
  * QuotaSpent: the day's calls are used up; stop until `until`.
    * ShareSpent: those for this kind of work are; other kinds go on.
  * AuthFailed: the credentials are refused; a person must act.
  * ConfigError: an object, a field or a right is missing; an administrator must act.
  * Rejected: the system refuses this record's values; it waits until its data change.
  * VersionConflict: the record changed since it was planned; plan again.
  * Duplicate: the record exists already, as `existing_id` where the system says so.
  * Gone: the record was deleted, or merged into `merged_into`.
  * Unknown: sent, but no answer came; find out by the key before sending again.

Every message says what happened, to which record, and what to do now. None holds a secret or a field's value.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any


class ConnectorError(Exception):
    """Root of all errors a connector raises or returns."""

    def __init__(self, message: str, *, system: str, object: str | None = None, record: str | None = None) -> None:
        super().__init__(message)
        self.system = system
        self.object = object
        self.record = record

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, self.__dict__)


def _restore(kind: type[ConnectorError], args: tuple[Any, ...], state: dict[str, Any]) -> ConnectorError:
    """Copies and pickles keep the named attributes, which exceptions by themselves lose."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class Transient(ConnectorError):
    """Nothing was applied; the same call may succeed after a pause."""


class Dependent(Transient):
    """Not sent, or refused, only because a record that it refers to has not come through."""


class Throttled(ConnectorError):
    """Nothing was applied; the system asks for `wait` seconds of rest."""

    def __init__(
        self, message: str, *, system: str, wait: float, object: str | None = None, record: str | None = None
    ) -> None:
        super().__init__(message, system=system, object=object, record=record)
        self.wait = wait


class QuotaSpent(ConnectorError):
    """The call allowance is used up until `until` (None: the system does not say)."""

    def __init__(
        self,
        message: str,
        *,
        system: str,
        until: datetime | None = None,
        object: str | None = None,
        record: str | None = None,
    ) -> None:
        super().__init__(message, system=system, object=object, record=record)
        self.until = until


class ShareSpent(QuotaSpent):
    """The part of the allowance that this kind of work may use is spent until `until`; other kinds go on."""


class AuthFailed(ConnectorError):
    """The credentials are refused, also after one fresh token."""


class ConfigError(ConnectorError):
    """An object, a field or a right is missing in the system or misspelt in the mapping."""


class Rejected(ConnectorError):
    """The system refuses this one record; `field` is the native field where it names one."""

    def __init__(
        self,
        message: str,
        *,
        system: str,
        reason: str,
        code: str,
        field: str | None = None,
        object: str | None = None,
        record: str | None = None,
    ) -> None:
        super().__init__(message, system=system, object=object, record=record)
        self.field = field
        self.reason = reason
        self.code = code


class VersionConflict(ConnectorError):
    """The record changed after the write was planned."""


class Duplicate(ConnectorError):
    """The record exists already; `existing_id` where the system names it."""

    def __init__(
        self,
        message: str,
        *,
        system: str,
        existing_id: str | None = None,
        object: str | None = None,
        record: str | None = None,
    ) -> None:
        super().__init__(message, system=system, object=object, record=record)
        self.existing_id = existing_id


class Gone(ConnectorError):
    """The record was deleted, or lost a merge to `merged_into`."""

    def __init__(
        self,
        message: str,
        *,
        system: str,
        merged_into: str | None = None,
        object: str | None = None,
        record: str | None = None,
    ) -> None:
        super().__init__(message, system=system, object=object, record=record)
        self.merged_into = merged_into


class Unknown(ConnectorError):
    """Sent, but the answer never came: it may or may not have been applied."""
