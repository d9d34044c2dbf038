"""What an administrator does to this account outside the API: seed, deploy fields, merge duplicates, close a period."""

import dataclasses
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from crmerp_assets.sandbox.netsuite.engine import Records
from crmerp_assets.sandbox.netsuite.engine.merge import merge_customers
from crmerp_assets.sandbox.netsuite.engine.together import bill_together
from crmerp_assets.sandbox.netsuite.engine.voiding import void
from crmerp_assets.sandbox.netsuite.errors import NetSuiteError
from crmerp_assets.sandbox.netsuite.http.auth import Authentication
from crmerp_assets.sandbox.netsuite.schema.tables import physical

SETTINGS = frozenset({"require_approval", "bill_in_advance", "tax_rates", "customer_currencies"})


class Administration:
    """Admin work, each in one transaction; refusals come as the API's errors."""

    def __init__(self, records: Records, authentication: Authentication) -> None:
        self.records = records
        self.authentication = authentication

    def seed(self, name: str, bodies: list[dict[str, Any]]) -> list[str]:
        """Insert records in bulk; `lastModifiedDate` and `createdDate` may lie in the past. Raises ValueError."""
        try:
            with self.records.account.writing():
                ids = self.records.seed(self.records.type(name), bodies)
        except NetSuiteError as error:
            raise ValueError(error.detail) from error
        return [str(id_) for id_ in ids]

    def late(self, name: str, id_: str, seconds_ago: float) -> None:
        """Set a record's modification date back, as a transaction that committed late would show it."""
        account, record = self.records.account, self.records.account.registry.find(name)
        if record is None or record.modified is None:
            raise LookupError(f"{name} has no modification date")
        with account.writing():
            if self.records.stored(record, int(id_)) is None:
                raise LookupError(f"there is no {name} {id_}")
            account.update(record.table, "id", int(id_), {"lastmodifieddate": account.seconds_ago(seconds_ago)})

    def count(self, name: str) -> int:
        """Records of a REST type, or rows of a SuiteQL table."""
        account = self.records.account
        record = account.registry.find(name)
        with account.reading():
            if record is None:
                if name.lower() not in account.registry.tables:
                    raise LookupError(f"there is no record type and no table {name}")
                return int(account.rows(f'SELECT COUNT(*) AS n FROM "{name.lower()}"')[0]["n"])
            condition = f" WHERE type = '{record.code}'" if record.transaction else ""
            condition = f" WHERE recordtype = '{record.name}'" if record.table == "item" else condition
            return int(account.rows(f"SELECT COUNT(*) AS n FROM {physical(record.table)}{condition}")[0]["n"])

    def merge(self, winner: str, losers: list[str]) -> None:
        with self.records.account.writing():
            merge_customers(self.records, int(winner), [int(loser) for loser in losers])

    def deploy_field(self, record: str, id_: str, kind: str, label: str) -> None:
        with self.records.account.writing() as db:
            self.records.account.registry.add_custom(db, self.records.type(record).name, id_, kind, label)

    def field_rule(self, name: str, field: str, required: bool, values: list[str] | None, removed: bool) -> None:
        """Demand a value, or one of a list, of a custom field; or remove it."""
        record = self.records.type(name).name
        with self.records.account.writing() as db:
            if removed:
                self.records.account.registry.remove_custom(db, record, field)
            else:
                self.records.account.registry.demand(record, field, required, values or [])

    def close_period(self, until: str | None) -> None:
        """Refuse transactions dated until that day; None opens all periods."""
        with self.records.account.writing() as db:
            db.execute("DELETE FROM closedperiod")
            if until is not None:
                db.execute("INSERT INTO closedperiod (until) VALUES (?)", (until,))

    def permit(self, name: str, level: str) -> None:
        """What the integration's role may do with a record type from now on: none, view or edit. Raises ValueError."""
        if level not in ("none", "view", "edit"):
            raise ValueError(f"'{level}' is not a level; use none, view or edit")
        self.records.account.levels[self.records.type(name).name] = level

    def permit_only(self, levels: dict[str, str]) -> None:
        """What the integration's role may do from now on with record types and SuiteQL tables, and nothing else."""
        account = self.records.account
        everything = [*(one.name for one in account.registry.types.values()), *account.registry.tables]
        unknown = levels.keys() - set(everything)
        if unknown:
            raise ValueError(f"there is no record type and no table {', '.join(sorted(unknown))}")
        account.levels = dict.fromkeys(everything, "none") | levels | {"dual": "view"}

    def void(self, name: str, id_: str) -> None:
        """Void a transaction, as a person does with the button of the UI."""
        with self.records.account.writing():
            void(self.records, self.records.type(name), int(id_))

    def bill_together(self, orders: list[str], body: dict[str, Any]) -> str:
        """One invoice for several orders, as a script in the account makes it; its id."""
        with self.records.account.writing():
            return str(bill_together(self.records, [int(order) for order in orders], body).id)

    def set_up(self, **options: Any) -> None:
        """Change options of the account while it is in use, such as `tax_rates`. Raises ValueError for others."""
        if unknown := options.keys() - SETTINGS:
            raise ValueError(f"{', '.join(sorted(unknown))} cannot be set; use {', '.join(sorted(SETTINGS))}")
        account = self.records.account
        account.options = dataclasses.replace(account.options, **options)

    def add_certificate(self, certificate_id: str, public_key: str) -> None:
        """Map another certificate to the integration. Raises ValueError if it is not a public key in PEM."""
        load_pem_public_key(public_key.encode())
        self.authentication.certificates[certificate_id] = public_key

    def routes(self) -> list[Route]:
        """The admin calls that only this system has."""
        return [
            Route("/_sandbox/merge", self._merge, methods=["POST"]),
            Route("/_sandbox/customfields", self._custom_fields, methods=["POST"]),
            Route("/_sandbox/permissions", self._permissions, methods=["POST"]),
            Route("/_sandbox/closedperiod", self._closed_period, methods=["POST"]),
            Route("/_sandbox/void", self._void, methods=["POST"]),
            Route("/_sandbox/bill", self._bill, methods=["POST"]),
            Route("/_sandbox/settings", self._settings, methods=["POST"]),
            Route("/_sandbox/certificates", self._certificates, methods=["POST"]),
        ]

    async def _merge(self, request: Request) -> Response:
        data = await request.json()
        try:
            await run_in_threadpool(self.merge, str(data["winner"]), [str(loser) for loser in data["losers"]])
        except NetSuiteError as error:
            return JSONResponse(error.body(), error.status)
        return JSONResponse({"winner": str(data["winner"])})

    async def _custom_fields(self, request: Request) -> Response:
        data = await request.json()
        try:
            self.deploy_field(data["record"], data["id"], data.get("type", "text"), data.get("label") or data["id"])
        except NetSuiteError as error:
            return JSONResponse(error.body(), error.status)
        except KeyError as error:
            return JSONResponse({"error": f"missing or unknown: {error}"}, 400)
        return JSONResponse({"id": data["id"]}, 201)

    async def _permissions(self, request: Request) -> Response:
        data = await request.json()
        try:
            if "only" in data:
                self.permit_only(data["only"])
            else:
                self.permit(data["record"], data["level"])
        except NetSuiteError as error:
            return JSONResponse(error.body(), error.status)
        except (KeyError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(data)

    async def _closed_period(self, request: Request) -> Response:
        data = await request.json()
        self.close_period(data.get("until"))
        return JSONResponse({"until": data.get("until")})

    async def _void(self, request: Request) -> Response:
        data = await request.json()
        try:
            await run_in_threadpool(self.void, data["record"], str(data["id"]))
        except NetSuiteError as error:
            return JSONResponse(error.body(), error.status)
        return JSONResponse(data)

    async def _bill(self, request: Request) -> Response:
        data = await request.json()
        try:
            made = await run_in_threadpool(self.bill_together, data["orders"], data.get("invoice") or {})
        except NetSuiteError as error:
            return JSONResponse(error.body(), error.status)
        return JSONResponse({"id": made}, 201)

    async def _settings(self, request: Request) -> Response:
        data = await request.json()
        try:
            self.set_up(**data)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(data)

    async def _certificates(self, request: Request) -> Response:
        data = await request.json()
        try:
            self.add_certificate(data["id"], data["public_key"])
        except (KeyError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"id": data["id"]}, 201)
