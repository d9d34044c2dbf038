"""What an administrator does outside the API: seed, set stamps back, cut rights, merge, change settings."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from crmerp_assets.sandbox.odoo.engine import Database, Env, orm
from crmerp_assets.sandbox.odoo.engine.database import STAMP
from crmerp_assets.sandbox.odoo.engine.merging import merge_partners
from crmerp_assets.sandbox.odoo.errors import OdooError
from crmerp_assets.sandbox.odoo.keys import Keys

_STAMPS = ("create_date", "write_date")


class Administration:
    """Admin work, each in one transaction, without access rules."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self._database = database
        self._keys = keys

    def seed(self, model: str, records: list[dict[str, Any]]) -> list[str]:
        """Records by their values; `write_date` and `create_date` may lie in the past, `xml_id` is an external id."""
        env = self._env()
        apart = [{k: record.pop(k) for k in (*_STAMPS, "xml_id") if k in record} for record in map(dict, records)]
        plain = [{k: v for k, v in record.items() if k not in (*_STAMPS, "xml_id")} for record in records]
        try:
            with self._database.transaction():
                ids = orm.create(env, model, plain)
                for id_, special in zip(ids, apart, strict=True):
                    if external := special.pop("xml_id", None):
                        orm.register(env, model, external, id_)
                    if special:
                        stamps = {name: f"{value}.000000"[:26] for name, value in special.items()}
                        env.put(model, id_, stamps, touch=False)
        except OdooError as error:
            raise ValueError(error.message) from error
        return [str(id_) for id_ in ids]

    def late(self, model: str, id_: str, seconds_ago: float) -> None:
        """Set a stamp back, as a long transaction that committed late would show it."""
        stamp = (self._database.clock() - timedelta(seconds=seconds_ago)).strftime(STAMP)
        with self._database.transaction():
            self._env().put(model, int(id_), {"write_date": stamp}, touch=False)

    def count(self, model: str) -> int:
        """Records of a model, without those that came with the database."""
        table = self._env().model(model).table
        sql = f"SELECT COUNT(*) FROM {table} WHERE id > COALESCE((SELECT next FROM sequences WHERE code = ?), 0)"
        return int(self._database.store.rows(sql, (f"base:{model}",))[0][0])

    def merge(self, winner: int, losers: list[int]) -> None:
        with self._database.transaction():
            merge_partners(self._env(), winner, losers)

    def field_rule(self, name: str, field: str, required: bool, values: list[str] | None, removed: bool) -> None:
        """Demand a value, or one of a list, of a custom field; or remove it."""
        if removed:
            self._database.remove_field(name, field)
            return
        fields = self._database.models[name].fields
        options = tuple((value, value) for value in values or ())
        kind, custom = ("selection", False) if options else ("char", True)
        fields[field] = replace(fields[field], type=kind, custom=custom, selection=options, required=required)

    def permit(self, model: str, level: str) -> None:
        """What the integration may do with a model from now on: none, view or edit."""
        if level not in ("none", "view", "edit"):
            raise ValueError(f"'{level}' is not a level; use none, view or edit")
        self._env().model(model)
        self._database.denied[model] = level

    def permit_only(self, granted: dict[str, list[str]]) -> None:
        """What the integration may do from now on, model by model, and nothing else."""
        for model in granted:
            self._env().model(model)
        self._database.granted = granted

    def _env(self) -> Env:
        return Env(self._database, 1, sudo=True)

    def routes(self) -> list[Route]:
        """The admin calls that only this system has."""
        return [
            Route("/_sandbox/merge", self._merge, methods=["POST"]),
            Route("/_sandbox/permissions", self._permissions, methods=["POST"]),
            Route("/_sandbox/key", self._key, methods=["POST"]),
            Route("/_sandbox/locked", self._locked, methods=["POST"]),
        ]

    async def _merge(self, request: Request) -> Response:
        data = await request.json()
        try:
            await run_in_threadpool(self.merge, int(data["winner"]), [int(loser) for loser in data["losers"]])
        except OdooError as error:
            return JSONResponse(error.body(), error.status)
        return JSONResponse({"winner": str(data["winner"])})

    async def _permissions(self, request: Request) -> Response:
        data = await request.json()
        try:
            if "only" in data:
                self.permit_only(data["only"])
            else:
                self.permit(data["model"], data["level"])
        except (KeyError, ValueError, OdooError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(data)

    async def _locked(self, request: Request) -> Response:
        """Let another transaction be in the way of the next so many imports."""
        self._database.locked = int((await request.json())["times"])
        return JSONResponse({"times": self._database.locked})

    async def _key(self, request: Request) -> Response:
        """Replace the integration's key, as an administrator does when it is due."""
        return JSONResponse({"key": self._keys.replace()})
