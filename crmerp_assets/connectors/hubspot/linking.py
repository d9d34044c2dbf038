"""Setting references: one association in the place of what was there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crmerp_assets.connectors.errors import ConnectorError, Gone, Rejected
from crmerp_assets.connectors.hubspot.api import LINKS_WRITTEN, HubSpotApi, in_chunks
from crmerp_assets.connectors.hubspot.auth import SYSTEM
from crmerp_assets.connectors.hubspot.objects import Link
from crmerp_assets.connectors.hubspot.related import Related

_REASON = "ASSOCIATION"


@dataclass(frozen=True, slots=True)
class Wanted:
    """`to` is the record that `link` of record `id` shall lead to, None for none; `trace` is the write's."""

    trace: str
    id: str
    link: Link
    to: str | None


class Linking:
    def __init__(self, api: HubSpotApi, related: Related) -> None:
        self._api, self._related = api, related

    def set(self, object: str, wanted: Sequence[Wanted]) -> dict[str, ConnectorError]:
        """Errors by trace. Repeating it changes nothing."""
        errors: dict[str, ConnectorError] = {}
        for link in dict.fromkeys(one.link for one in wanted):
            these = [one for one in wanted if one.link == link]
            try:
                self._away(object, link, these)
                errors |= self._create(object, link, [one for one in these if one.to is not None])
            except ConnectorError as error:
                errors |= dict.fromkeys((one.trace for one in these), error)
        return errors

    def add(self, object: str, to_object: str, type_id: int, pairs: Sequence[tuple[str, str]]) -> None:
        """Associate records; raises where one of them cannot be."""
        inputs = [_input(from_id, to_id, type_id) for from_id, to_id in pairs]
        for chunk in in_chunks(inputs, LINKS_WRITTEN):
            _raise_any(self._write(object, to_object, chunk), object)

    def _create(self, object: str, link: Link, wanted: Sequence[Wanted]) -> dict[str, ConnectorError]:
        errors: dict[str, ConnectorError] = {}
        for chunk in in_chunks(wanted, LINKS_WRITTEN):
            errors |= self._halves(object, link, chunk)
        return errors

    def _halves(self, object: str, link: Link, wanted: Sequence[Wanted]) -> dict[str, ConnectorError]:
        """Errors by trace; where some are refused, all are sent again in halves until these stand alone."""
        try:
            refused = self._refused(object, link, wanted)
        except ConnectorError as error:
            return dict.fromkeys((one.trace for one in wanted), error)
        if not refused:
            return {}
        if refused >= len(wanted):
            return {one.trace: _refusal(object, link, one) for one in wanted}
        middle = len(wanted) // 2
        return self._halves(object, link, wanted[:middle]) | self._halves(object, link, wanted[middle:])

    def _refused(self, object: str, link: Link, wanted: Sequence[Wanted]) -> int:
        """At least how many were refused; as all may be sent again, it does not matter which."""
        try:
            answer = self._write(object, link.object, [_input(one.id, str(one.to), link.type_id) for one in wanted])
        except (Rejected, Gone):
            return 1
        return max(len(answer.get("errors") or ()), int(answer.get("numErrors") or 0))

    def _away(self, object: str, link: Link, wanted: Sequence[Wanted]) -> None:
        """Take away what a record may have only one of, and what it shall have no longer.

        A primary company gives way by itself; the company before it stays linked, as it does where a person changes it.
        """
        asked = [one for one in wanted if one.to is None or not link.any_other]
        if not asked:
            return
        found = self._related.targets(object, [one.id for one in asked], link.object)
        inputs = [
            {"from": {"id": one.id}, "to": [{"id": to}]}
            for one in asked
            for to, types in found.get(one.id, {}).items()
            if to != one.to and (link.any_other or link.type_id in types)
        ]
        for chunk in in_chunks(inputs, LINKS_WRITTEN):
            self._api.write(self._api.paths.links(object, link.object, "/batch/archive"), {"inputs": chunk})

    def _write(self, object: str, to_object: str, inputs: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        path = self._api.paths.links(object, to_object, "/batch/create")
        answer: Mapping[str, Any] | None = self._api.write(path, {"inputs": list(inputs)})
        return answer or {}


def spec(type_id: int) -> dict[str, Any]:
    return {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}


def _input(from_id: str, to_id: str, type_id: int) -> dict[str, Any]:
    return {"from": {"id": from_id}, "to": {"id": to_id}, "types": [spec(type_id)]}


def _refusal(object: str, link: Link, one: Wanted) -> Rejected:
    what = f"HubSpot does not link {object} {one.id} with {link.object} {one.to}; correct it, then retry it."
    return Rejected(what, system=SYSTEM, object=object, record=one.id, reason=_REASON, code=_REASON)


def _raise_any(answer: Mapping[str, Any], object: str) -> None:
    if answer.get("errors") or int(answer.get("numErrors") or 0):
        what = f"HubSpot refuses an association of {object}; correct it, then retry it."
        raise Rejected(what, system=SYSTEM, object=object, reason=_REASON, code=_REASON)
