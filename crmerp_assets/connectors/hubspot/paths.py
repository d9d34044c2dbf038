"""The one place that knows how a version of the API spells its paths.

Versions that carry a date came in 2026; those with a number end in 2027. They answer alike, so that a connection can
go back to v3 by its configuration alone.
"""

from __future__ import annotations

from dataclasses import dataclass

VERSIONS = ("2026-09", "2026-03", "v3")


@dataclass(frozen=True, slots=True)
class Paths:
    version: str = VERSIONS[0]

    def objects(self, object: str, rest: str = "") -> str:
        return self._path("objects", "v3", f"/{object}{rest}")

    def links(self, from_object: str, to_object: str, rest: str) -> str:
        return self._path("associations", "v4", f"/{from_object}/{to_object}{rest}")

    def properties(self, object: str, rest: str = "") -> str:
        return self._path("properties", "v3", f"/{object}{rest}")

    def pipelines(self, object: str) -> str:
        return self._path("pipelines", "v3", f"/{object}")

    @property
    def account(self) -> str:
        return f"/account-info/{self.version}/details"

    @property
    def token(self) -> str:
        return f"/oauth/{'v1' if self.version == 'v3' else self.version}/token"

    def _path(self, area: str, old: str, rest: str) -> str:
        """Of the numbered versions, associations have another number than the rest."""
        return f"/crm/{old}/{area}{rest}" if self.version == "v3" else f"/crm/{area}/{self.version}{rest}"
