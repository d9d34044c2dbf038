"""Routes: JSON-2 from version 19 on, JSON-RPC in every version, and the few that tell version and databases."""

import json
import logging
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from crmerp_assets.sandbox.odoo.engine import Database, Env
from crmerp_assets.sandbox.odoo.engine.methods import GENERAL, OWN, call, documented
from crmerp_assets.sandbox.odoo.errors import OdooError, access_denied, not_found, private
from crmerp_assets.sandbox.odoo.http.pages import Pages
from crmerp_assets.sandbox.odoo.keys import Keys

logger = logging.getLogger(__name__)


class Api:
    """One database behind its protocols."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self.database = database
        self.keys = keys
        self.pages = Pages()

    def routes(self) -> list[BaseRoute]:
        """What this version offers."""
        new = [
            Route("/json/2/{model}/{method}", self._json2, methods=["POST"]),
            Route("/web/version", self._version),
            Route("/doc-bearer/{model}.json", self._doc),
        ]
        return [
            *(new if self.database.options.number >= 19 else []),
            Route("/jsonrpc", self._jsonrpc, methods=["POST"]),
            Route("/web/webclient/version_info", self._web_version, methods=["POST"]),
            Route("/web/database/list", self._databases, methods=["POST"]),
            Route("/", self._home, methods=["GET"]),
            Route("/web", self._home, methods=["GET"]),
        ]

    async def _json2(self, request: Request) -> Response:
        uid = self.keys.uid(request.headers.get("Authorization", "").partition(" ")[2])
        if uid is None:
            return failed(OdooError("werkzeug.exceptions.Unauthorized", "Invalid apikey"))
        if request.headers.get("X-Odoo-Database") not in (None, "", self.database.options.database):
            return failed(OdooError("werkzeug.exceptions.NotFound", "the database does not exist"))
        try:
            body = json.loads(await request.body() or "{}")
            params = dict(body)
        except ValueError:
            return failed(OdooError("werkzeug.exceptions.BadRequest", "could not parse the body as json"))
        model, method = request.path_params["model"], request.path_params["method"]
        if method.startswith("_"):
            return failed(private(model, method))
        env = Env(self.database, uid, params.pop("context", None))
        ask = Ask(env, model, method, [], params)
        try:
            result = await run_in_threadpool(self._answer, ask, request)
        except OdooError as error:
            return failed(error)
        return JSONResponse(result)

    async def _jsonrpc(self, request: Request) -> Response:
        body = json.loads(await request.body())
        params = body.get("params") or {}
        try:
            result = await run_in_threadpool(self._service, params, request)
        except OdooError as error:
            return JSONResponse({"jsonrpc": "2.0", "id": body.get("id"), "error": self.rpc_error(error)})
        return JSONResponse({"jsonrpc": "2.0", "id": body.get("id"), "result": result})

    def rpc_error(self, error: OdooError) -> dict[str, Any]:
        """An exception as JSON-RPC wraps it, in an answer with status 200."""
        code = 200 if self.database.options.number < 19 else 0
        data = error.body()
        data["name"] = {"werkzeug.exceptions.UnprocessableEntity": "builtins.TypeError"}.get(error.name, error.name)
        return {"code": code, "message": "Odoo Server Error", "data": data}

    def _service(self, params: dict[str, Any], request: Request) -> Any:
        service, method, args = params.get("service"), params.get("method"), list(params.get("args") or [])
        if service == "common":
            return self._common(str(method), args)
        if service != "object" or method not in ("execute", "execute_kw"):
            raise not_found(f"Method not found: {service}.{method}")
        database, uid, key, model, name = args[:5]
        if database != self.database.options.database or self.keys.uid(str(key)) != uid:
            raise access_denied()
        positional, named = (
            (args[5], dict(args[6]) if len(args) > 6 else {}) if method == "execute_kw" else (args[5:], {})
        )
        if str(name).startswith("_"):
            raise private(model, name)
        env = Env(self.database, int(uid), named.pop("context", None))
        return self._answer(Ask(env, model, name, list(positional), named), request)

    def _common(self, method: str, args: list[Any]) -> Any:
        if method == "version":
            number = self.database.options.version
            parts = [*(int(part) for part in number.split(".")), 0, "final", 0, ""]
            return {
                "server_version": number,
                "server_version_info": parts,
                "server_serie": number,
                "protocol_version": 1,
            }
        if method in ("login", "authenticate"):
            database, login, key = args[:3]
            found = self.keys.uid_of_login(str(login), str(key)) if database == self.database.options.database else None
            return found if found is not None else False
        raise not_found(f"Method not found: common.{method}")

    def _answer(self, ask: "Ask", request: Request) -> Any:
        try:
            result = call(ask.env, ask.model, ask.method, ask.args, ask.params)
        except OdooError:
            raise
        except Exception as error:
            logger.exception("%s.%s failed", ask.model, ask.method)
            raise OdooError(f"builtins.{type(error).__name__}", str(error)) from error
        return self.pages.struck(request.scope, ask, result)

    async def _version(self, request: Request) -> Response:
        major, minor = (int(part) for part in self.database.options.version.split("."))
        return JSONResponse({"version_info": [major, minor, 0, "final", 0, ""], "version": f"{major}.{minor}"})

    async def _web_version(self, request: Request) -> Response:
        body = json.loads(await request.body() or "{}")
        return JSONResponse({"jsonrpc": "2.0", "id": body.get("id"), "result": self._common("version", [])})

    async def _databases(self, request: Request) -> Response:
        body = json.loads(await request.body() or "{}")
        return JSONResponse({"jsonrpc": "2.0", "id": body.get("id"), "result": [self.database.options.database]})

    async def _doc(self, request: Request) -> Response:
        name = request.path_params["model"]
        if name not in self.database.models:
            return failed(not_found(f"the model {name!r} does not exist"))
        model = self.database.models[name]
        methods = {method: documented(method, name) for method in (*GENERAL, *OWN.get(name, {}))}
        fields = {field: {"type": f.type, "string": f.string} for field, f in model.fields.items()}
        return JSONResponse({"model": name, "name": model.label, "doc": "", "fields": fields, "methods": methods})

    async def _home(self, request: Request) -> Response:
        return HTMLResponse("<!DOCTYPE html><html><head><title>Odoo</title></head><body></body></html>")


class Ask:
    """One call of a method."""

    def __init__(self, env: Env, model: str, method: str, args: list[Any], params: dict[str, Any]) -> None:
        self.env, self.model, self.method, self.args, self.params = env, model, method, args, params


def failed(error: OdooError) -> JSONResponse:
    """An exception as JSON-2 answers it."""
    return JSONResponse(error.body(), error.status)
