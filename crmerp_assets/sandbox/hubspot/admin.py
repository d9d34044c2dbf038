"""What people and administrators do outside the API: pipelines, properties, scopes, settings, limits."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from crmerp_assets.sandbox.hubspot.auth import Actor
from crmerp_assets.sandbox.hubspot.errors import HubSpotError
from crmerp_assets.sandbox.hubspot.limits import Limits
from crmerp_assets.sandbox.hubspot.portal import Body, Portal, pipeline
from crmerp_assets.sandbox.hubspot.records import Records

_ADMIN = Actor("admin", "private")


class Administration:
    def __init__(self, portal: Portal, records: Records, limits: Limits) -> None:
        self._portal, self._records, self._limits = portal, records, limits

    def seed(self, name: str, rows: list[Body]) -> list[str]:
        return self._records.seed(self._portal.kind(name), rows, _ADMIN.user_id)

    def late(self, name: str, id_: str, seconds_ago: float) -> None:
        """Set a record's stamp back, as an index that lagged behind would show it."""
        kind = self._portal.kind(name)
        with self._portal.store.writing():
            record = self._portal.needed(kind, id_)
            record.modified = self._portal.now() - int(seconds_ago * 1000)
            self._portal.put(kind, record)

    def count(self, name: str) -> int:
        sql = "SELECT COUNT(*) FROM record WHERE type = ? AND archived IS NULL"
        found = self._portal.store.row(sql, (self._portal.kind(name).name,))
        return int(found[0]) if found else 0

    def field_rule(self, name: str, field: str, required: bool, values: list[str] | None, removed: bool) -> None:
        """Demand a value, or one of a list, of a custom field; or remove it."""
        kind = self._portal.kind(name)
        if removed:
            self._portal.remove_property(kind, field)
            return
        self._portal.settings.required[kind.name] = [field] if required else []
        type_ = ("enumeration", "select") if values else ("string", "text")
        made = replace(kind.properties[field], type=type_[0], field_type=type_[1], options=tuple(values or ()))
        self._portal.redefine(kind, made)

    def routes(self) -> list[Route]:
        """The admin calls that only this system has."""
        return [
            self._route("settings", "POST", self._settings),
            self._route("limits", "POST", self._set_limits),
            self._route("pipelines", "POST", self._add_pipeline),
            self._route("properties", "DELETE", self._remove_property),
        ]

    def _settings(self, body: Body) -> Body:
        settings = self._portal.settings
        if "multi_status" in body:
            settings.multi_status = set(body["multi_status"])
        if "required" in body:
            settings.required = body["required"]
        if "index_lag" in body:
            settings.index_lag = float(body["index_lag"])
        settings.nameless = bool(body.get("nameless", settings.nameless))
        settings.unreadable = set(body.get("unreadable", settings.unreadable))
        settings.objects_absent = set(body.get("objects_absent", settings.objects_absent))
        settings.dates = body.get("dates", settings.dates)
        settings.hidden = body.get("hidden", settings.hidden)
        settings.time_zone = str(body.get("time_zone", settings.time_zone))
        if "scopes_withheld" in body:
            settings.scopes_withheld = set(body["scopes_withheld"])
        return body

    def _set_limits(self, body: Body) -> Body:
        self._limits.reset(body.get("daily_limit"))
        for window in self._limits.windows.values():
            window.most = int(body.get("ten_secondly", window.most))
        self._limits.searches.most = int(body.get("secondly", self._limits.searches.most))
        return {"daily_limit": self._limits.daily}

    def _add_pipeline(self, body: Body) -> Body:
        stages = [(s["id"], s["label"], s["probability"], bool(s["closed"])) for s in body["stages"]]
        made = pipeline(body["id"], body["label"], stages)
        row = (body.get("object", "deals"), body["id"], json.dumps(made))
        self._portal.store.write("INSERT OR REPLACE INTO pipeline VALUES (?, ?, ?)", row)
        return made

    def _remove_property(self, body: Body) -> Body:
        self._portal.remove_property(self._portal.kind(body["object"]), str(body["property"]))
        return body

    def _route(self, name: str, method: str, act: Callable[[Body], Any]) -> Route:
        async def endpoint(request: Request) -> Response:
            body = await request.json() if await request.body() else dict(request.query_params)
            try:
                return JSONResponse(await run_in_threadpool(act, body))
            except HubSpotError as error:
                return JSONResponse(error.body(), error.status)
            except (KeyError, TypeError, ValueError) as error:
                return JSONResponse({"error": f"missing or unknown: {error}"}, 400)

        return Route(f"/_sandbox/{name}", endpoint, methods=[method])
