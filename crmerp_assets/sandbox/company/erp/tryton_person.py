"""Somebody who works in Tryton through its own client, which speaks JSON-RPC: models, buttons and wizards."""

from base64 import b64encode
from datetime import UTC, date, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from crmerp_assets.sandbox.company import client
from crmerp_assets.sandbox.kit.tls import PLAIN
from crmerp_assets.sandbox.tryton.installing import DATABASE
from crmerp_assets.sandbox.tryton.server import LOGIN

_WARNINGS = 5


class Refused(client.Refused):
    """Tryton said no; `kind` and `payload` are its own."""

    def __init__(self, kind: str, payload: Any) -> None:
        Exception.__init__(self, f"{kind}: {payload}")
        self.kind = kind
        self.payload = payload


class Person:
    """Somebody at work. `at` is when the server answered last, by its own clock."""

    def __init__(self, url: str, database: str = DATABASE) -> None:
        self._path = f"/{database}/rpc/"
        self._client = httpx.Client(base_url=url, timeout=120, verify=PLAIN)
        self.at = datetime.min.replace(tzinfo=UTC)
        self.token = ""
        self._context: dict[str, Any] = {}

    def call(self, method: str, *params: Any) -> Any:
        """One call that must succeed; logs in again once when the session is over. Raises Refused."""
        if not self.token:
            self._log_in()
        answer = self._post(method, [*params, self._context])
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._log_in()
            answer = self._post(method, [*params, self._context])
        return _result(answer)

    def willing(self, method: str, *params: Any) -> Any:
        """The same, saying yes to whatever Tryton warns of."""
        for _ in range(_WARNINGS):
            try:
                return self.call(method, *params)
            except Refused as refused:
                if refused.kind != "UserWarning":
                    raise
                self.call("model.res.user.warning.skip", refused.payload[0])
        raise AssertionError("Tryton keeps warning")

    def rows(self, model: str, domain: list[Any], *fields: str) -> list[dict[str, Any]]:
        """Fields of the records that meet a domain, by id."""
        found: list[dict[str, Any]] = self.call(
            f"model.{model}.search_read", domain, 0, None, [["id", "ASC"]], list(fields)
        )
        return found

    def make(self, model: str, rows: list[dict[str, Any]]) -> list[int]:
        """Make records; their ids in the same order."""
        return [int(id_) for id_ in self.call(f"model.{model}.create", rows)] if rows else []

    def edit(self, model: str, native_id: str, values: dict[str, Any]) -> None:
        """Change fields of one record."""
        self.call(f"model.{model}.write", [int(native_id)], values)

    def delete(self, model: str, native_id: str) -> None:
        """Delete one record."""
        self.call(f"model.{model}.delete", [int(native_id)])

    def replace(self, winner: str, loser: str) -> None:
        """Merge two parties, as the wizard Replace does."""
        ask = {"ask": {"source": int(loser), "destination": int(winner)}}
        session, *_ = self.call_in({}, "wizard.party.replace.create")
        self.willing("wizard.party.replace.execute", session, ask, "replace")
        self.call_in({}, "wizard.party.replace.delete", session)

    def pay(self, invoice: str, amount: Decimal, day: dict[str, Any]) -> None:
        """Pay an invoice or a part of it in cash."""
        (method,) = self.call("model.account.invoice.payment.method.search", [], 0, 1, None)
        context = {"active_model": "account.invoice", "active_id": int(invoice), "active_ids": [int(invoice)]}
        session, *_ = self.call_in(context, "wizard.account.invoice.pay.create")
        view = self.call_in(context, "wizard.account.invoice.pay.execute", session, {}, "start")["view"]["defaults"]
        start = _plain(view) | {"amount": money(amount), "payment_method": method, "date": day}
        answer = self.call_in(context, "wizard.account.invoice.pay.execute", session, {"start": start}, "choice")
        if "view" in answer:
            ask = _plain(answer["view"]["defaults"]) | {"type": "partial"}
            self.call_in(context, "wizard.account.invoice.pay.execute", session, {"start": start, "ask": ask}, "pay")
        self.call_in(context, "wizard.account.invoice.pay.delete", session)

    def credit(self, invoice: str, day: dict[str, Any]) -> None:
        """A credit note over a whole invoice, which settles it."""
        context = {"active_model": "account.invoice", "active_id": int(invoice), "active_ids": [int(invoice)]}
        session, *_ = self.call_in(context, "wizard.account.invoice.credit.create")
        data = {"start": {"with_refund": True, "with_refund_allowed": True, "invoice_date": day}}
        self.call_in(context, "wizard.account.invoice.credit.execute", session, data, "credit")
        self.call_in(context, "wizard.account.invoice.credit.delete", session)

    def call_in(self, context: dict[str, Any], method: str, *params: Any) -> Any:
        """One call with more in its context than the user's preferences. Raises Refused."""
        if not self.token:
            self._log_in()
        return _result(self._post(method, [*params, self._context | context]))

    def close(self) -> None:
        """Give the connection back."""
        self._client.close()

    def _log_in(self) -> None:
        user, key, _ = _result(self._client.post(self._path, json=LOGIN))
        self.token = key
        self._client.headers["Authorization"] = "Session " + b64encode(f"admin:{user}:{key}".encode()).decode()
        self._context = _result(self._post("model.res.user.get_preferences", [True, {}]))

    def _post(self, method: str, params: list[Any]) -> httpx.Response:
        body = {"id": 1, "method": method, "params": params}
        answer = self._client.post(self._path, json=body)
        if "date" in answer.headers:
            self.at = parsedate_to_datetime(answer.headers["date"])
        return answer


def money(amount: Decimal) -> dict[str, str]:
    """An amount as JSON-RPC has it."""
    return {"__class__": "Decimal", "decimal": str(amount)}


def amount_of(told: Any) -> Decimal:
    """What `money` wrote."""
    return Decimal(told["decimal"])


def on(day: date) -> dict[str, Any]:
    """A day as JSON-RPC has it."""
    return {"__class__": "date", "year": day.year, "month": day.month, "day": day.day}


def _plain(defaults: dict[str, Any]) -> dict[str, Any]:
    """A wizard takes its own defaults back only without what it read behind references."""
    return {name: value for name, value in defaults.items() if "." not in name}


def _result(answer: httpx.Response) -> Any:
    if answer.status_code != httpx.codes.OK:
        raise Refused(f"HTTP {answer.status_code}", answer.text[:500])
    body = answer.json()
    if body.get("error"):
        raise Refused(*body["error"][:2])
    return body["result"]
