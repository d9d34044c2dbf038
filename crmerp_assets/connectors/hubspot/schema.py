"""What HubSpot says about its objects: properties and pipelines. Asked once per object.

A property that the app may not see is absent here exactly like one that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.hubspot.api import HubSpotApi, Record
from crmerp_assets.connectors.hubspot.auth import SYSTEM
from crmerp_assets.connectors.hubspot.objects import CHILDREN, DAYS, LINKS, PIPELINE, STAGED, WON
from crmerp_assets.connectors.protocol import FieldInfo


class Schema:
    def __init__(self, api: HubSpotApi) -> None:
        self._api = api
        self._fields: dict[str, dict[str, FieldInfo]] = {}
        self._stages: dict[str, dict[str, Record]] | None = None

    def fields(self, object: str) -> dict[str, FieldInfo]:
        """Properties, and the paths of our own for associations and stages."""
        if object not in self._fields:
            answer, _ = self._api.get(self._api.paths.properties(object))
            found = {item["name"]: _info(item) for item in answer["results"]}
            self._fields[object] = found | {info.name: info for info in _own(object, found)}
        return self._fields[object]

    def field(self, object: str, path: str) -> FieldInfo | None:
        """The field that a path ends at, or None where it does not exist."""
        first, _, rest = path.partition(".")
        child = CHILDREN.get(object, {}).get(first)
        return self.fields(child.object).get(rest) if child else self.fields(object).get(path)

    def type_of(self, object: str, name: str) -> str:
        """The type of a property, `datetime` where the app does not see it."""
        field = self.fields(object).get(name)
        return field.type if field else "datetime"

    def require(self, object: str, paths: Iterable[str]) -> None:
        """Raises ConfigError naming those that do not exist."""
        missing = [path for path in paths if self.field(object, path) is None]
        if missing:
            message = (
                f"HubSpot has no property {', '.join(missing)} on {object} that the app may see: "
                "provision it, or remove it from the mapping."
            )
            raise ConfigError(message, system=SYSTEM, object=object)

    def stage(self, pipeline: str | None, stage: str | None) -> Record | None:
        """A stage as its pipeline describes it. A stage that nobody knows is looked for once more."""
        if stage is None:
            return None
        for fresh in (False, True):
            stages = self._pipelines(fresh)
            found = stages.get(pipeline or "", {}).get(stage)
            if found is not None:
                return found
        return None

    def won_stage(self, pipeline: str) -> str:
        """The stage of a pipeline that a won deal is in: by its probability, as ids are a portal's own."""
        for stage in self._pipelines(fresh=False).get(pipeline, {}).values():
            if is_won(stage):
                return str(stage["id"])
        message = f"HubSpot's pipeline {pipeline} has no stage with the probability 100 %; name another {PIPELINE}."
        raise ConfigError(message, system=SYSTEM, object="deals")

    def forget(self, object: str) -> None:
        self._fields.pop(object, None)

    def _pipelines(self, fresh: bool) -> dict[str, dict[str, Record]]:
        if self._stages is None or fresh:
            answer, _ = self._api.get(self._api.paths.pipelines("deals"))
            self._stages = {
                pipeline["id"]: {stage["id"]: stage for stage in pipeline["stages"]} for pipeline in answer["results"]
            }
        return self._stages


def is_won(stage: Record) -> bool:
    probability = stage.get("metadata", {}).get("probability")
    return probability is not None and Decimal(probability) == 1


def _own(object: str, found: Mapping[str, FieldInfo]) -> Iterator[FieldInfo]:
    for path, link in LINKS.get(object, {}).items():
        yield FieldInfo(path, path, "association", reference_to=(link.object,))
    for path in STAGED.get(object, ()):
        yield FieldInfo(path, path, "stage", writeable=path == WON)
    for path, name in DAYS.get(object, {}).items():
        if name in found:
            yield FieldInfo(path, path, "date", writeable=found[name].writeable)


def _info(item: dict[str, Any]) -> FieldInfo:
    rights = item.get("modificationMetadata") or {}
    return FieldInfo(
        name=item["name"],
        label=item.get("label") or item["name"],
        type=item["type"],
        unique=bool(item.get("hasUniqueValue")),
        custom=not item.get("hubspotDefined"),
        writeable=not rights.get("readOnlyValue", False) and not item.get("calculated"),
        values=tuple(option["value"] for option in item.get("options") or ()),
    )
