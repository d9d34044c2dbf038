"""What people and administrators do outside the REST API: merge, empty the recycle bin, remove fields, set limits."""

from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from crmerp_assets.sandbox.salesforce.engine import Actor
from crmerp_assets.sandbox.salesforce.engine.rowfaults import RowFault
from crmerp_assets.sandbox.salesforce.errors import SalesforceError, not_found
from crmerp_assets.sandbox.salesforce.http import Service
from crmerp_assets.sandbox.salesforce.http.partfaults import PartFault
from crmerp_assets.sandbox.salesforce.http.tooling import remove_field
from crmerp_assets.sandbox.salesforce.schema import Rights
from crmerp_assets.sandbox.salesforce.schema.access import SYSTEM, names
from crmerp_assets.sandbox.salesforce.setup import note_rights, note_system, person

Body = dict[str, Any]


class Administration:
    """Admin work; refusals come as the API's errors."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def seed(self, name: str, rows: list[Body]) -> list[str]:
        """Insert records in bulk; system fields may lie in the past."""
        return self.service.records.seed(self.service.catalog.object(name), rows, self._admin())

    def late(self, name: str, id_: str, seconds_ago: float) -> None:
        """Set a record's stamps back, as a transaction that committed late would show it."""
        organisation = self.service.organisation
        kind, at = self.service.catalog.object(name), organisation.ago(seconds_ago)
        with organisation.store.writing():
            row = self.service.records.live(kind, id_)
            organisation.change(kind, row["Id"], {"SystemModstamp": at, "LastModifiedDate": at})

    def count(self, name: str) -> int:
        kind = self.service.catalog.object(name)
        sql = f'SELECT COUNT(*) FROM "{kind.name}" WHERE "IsDeleted" = 0'
        found = self.service.organisation.store.row(sql)
        return int(found[0]) if found else 0

    def field_rule(self, name: str, field: str, required: bool, values: list[str] | None, removed: bool) -> None:
        """Demand a value, or one of a list, of a custom field; or remove it."""
        kind = self.service.catalog.object(name)
        if removed:
            remove_field(self.service, name, field)
        else:
            self.service.catalog.demand(kind, field, required, tuple(values or ()))

    def routes(self) -> list[Route]:
        """The admin calls that only this system has."""
        return [
            self._route("merge", "POST", self._merge),
            self._route("undelete", "POST", self._undelete),
            self._route("purge", "POST", self._purge),
            self._route("customfields", "DELETE", self._remove_field),
            self._route("rights", "POST", self._rights),
            self._route("systempermissions", "POST", self._system_permissions),
            self._route("limits", "POST", self._limits),
            self._route("rowfaults", "POST", self._add_row_fault),
            self._route("rowfaults", "DELETE", self._clear_row_faults),
            self._route("partfaults", "POST", self._add_part_fault),
        ]

    def _admin(self) -> Actor:
        return person(self.service.records, "admin")

    def _merge(self, body: Body) -> Body:
        winner = str(body.get("winner") or body["master"])
        kind = self.service.catalog.object(body["object"])
        self.service.removal.merge(kind, winner, [str(loser) for loser in body["losers"]], self._admin())
        return {"winner": winner}

    def _undelete(self, body: Body) -> Body:
        kind = self.service.catalog.object(body["object"])
        for id_ in body["ids"]:
            self.service.removal.undelete(kind, str(id_), self._admin())
        return {"ids": body["ids"]}

    def _purge(self, body: Body) -> Body:
        kind = self.service.catalog.object(body["object"])
        for id_ in body["ids"]:
            self.service.removal.purge(kind, str(id_))
        return {"ids": body["ids"]}

    def _remove_field(self, body: Body) -> Body:
        remove_field(self.service, str(body["object"]), str(body["field"]))
        return {"removed": f"{body['object']}.{body['field']}"}

    def _rights(self, body: Body) -> Body:
        """What the integration user may do with an object from now on: `read`, `create`, `edit`, `delete`, `view_all`,
        all of it unless told otherwise, and with which of its `fields`: those to `read` and those to `edit`.
        """
        kind, fields = self.service.catalog.object(body["object"]), body.get("fields") or {}
        edit = bool(body.get("edit", True))
        self.service.catalog.rights[kind.name] = rights = Rights(
            read=bool(body.get("read", True)),
            create=bool(body.get("create", edit)),
            edit=edit,
            delete=bool(body.get("delete", edit)),
            view_all=bool(body.get("view_all", True)),
            readable=names(fields.get("read")),
            editable=names(fields.get("edit")),
        )
        note_rights(self.service.records, kind, rights)
        self.service.catalog.forget()
        return body

    def _system_permissions(self, body: Body) -> Body:
        """The system permissions that the integration user has from now on, and no others."""
        granted = set(body["granted"])
        self.service.catalog.withheld = set(SYSTEM) - granted
        note_system(self.service.records, granted)
        return body

    def _limits(self, body: Body) -> Body:
        """Start the day's count again, with another limit if one is given."""
        self.service.usage.reset(body.get("daily_limit"))
        return {"daily_limit": self.service.usage.limit}

    def _add_row_fault(self, body: Body) -> Body:
        self.service.records.faults.add(RowFault(**body))
        return body

    def _add_part_fault(self, body: Body) -> Body:
        self.service.part_faults.add(PartFault(**body))
        return body

    def _clear_row_faults(self, body: Body) -> Body:
        self.service.records.faults.clear()
        return {}

    def _route(self, name: str, method: str, act: Callable[[Body], Body]) -> Route:
        async def endpoint(request: Request) -> Response:
            body = await request.json() if await request.body() else {}
            try:
                return JSONResponse(await run_in_threadpool(act, body or dict(request.query_params)))
            except SalesforceError as error:
                return JSONResponse(error.body(), error.status)
            except (KeyError, TypeError) as error:
                return JSONResponse(not_found(f"missing or unknown: {error}").body(), 400)

        return Route(f"/_sandbox/{name}", endpoint, methods=[method])
