"""What of Odoo's behaviour a client trips over: stamps, archives, refusals by protocol, imports, deletions, rights."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from crmerp_assets.sandbox.odoo import OdooSandbox
from crmerp_assets.sandbox.odoo.engine import Env, orm


class Caller:
    """The integration, by the protocol of the version."""

    def __init__(self, sandbox: OdooSandbox) -> None:
        self.sandbox = sandbox
        self.http = httpx.Client(base_url=sandbox.url, timeout=30, verify=False)
        self.key = sandbox.credentials["ODOO_API_KEY"]

    def new(self, model: str, method: str, **params: Any) -> httpx.Response:
        headers = {"Authorization": f"bearer {self.key}"}
        return self.http.post(f"/json/2/{model}/{method}", json=params, headers=headers)

    def old(self, model: str, method: str, *args: Any, **named: Any) -> dict[str, Any]:
        params = {
            "service": "object",
            "method": "execute_kw",
            "args": ["sandbox", 2, self.key, model, method, list(args), named],
        }
        answer = self.http.post("/jsonrpc", json={"jsonrpc": "2.0", "id": 1, "params": params})
        assert answer.status_code == 200
        body: dict[str, Any] = answer.json()
        return body

    def found(self, model: str, *domain: list[Any]) -> list[int]:
        result: list[int] = self.old(model, "search", list(domain))["result"]
        return result


@pytest.fixture(params=["17.0", "19.0"])
def caller(request, tmp_path) -> Iterator[Caller]:
    with OdooSandbox(tmp_path, version=request.param) as sandbox:
        made = Caller(sandbox)
        yield made
        made.http.close()


@pytest.fixture
def newest(tmp_path) -> Iterator[Caller]:
    with OdooSandbox(tmp_path) as sandbox:
        made = Caller(sandbox)
        yield made
        made.http.close()


def test_a_stamp_reads_by_the_second_and_compares_by_it_from_19_on(caller):
    (id_,) = caller.sandbox.seed("res.partner", [{"name": "A", "write_date": "2026-01-05 10:01:02.500000"}])
    (row,) = caller.old("res.partner", "read", [int(id_)], ["write_date"])["result"]
    assert row["write_date"] == "2026-01-05 10:01:02"
    newer = caller.found("res.partner", ["id", "=", int(id_)], ["write_date", ">", "2026-01-05 10:01:02"])
    same = caller.found("res.partner", ["id", "=", int(id_)], ["write_date", "=", "2026-01-05 10:01:02"])
    by_second = caller.sandbox.options.number >= 19
    assert (bool(newer), bool(same)) == (not by_second, by_second)
    assert caller.found("res.partner", ["id", "=", int(id_)], ["write_date", ">=", "2026-01-05 10:01:02"])


def test_a_row_is_stamped_with_the_start_of_its_transaction(newest):
    database = newest.sandbox.database
    env = Env(database, 2)
    newest.sandbox.clock.skew(60)
    with database.transaction():
        (id_,) = orm.create(env, "res.partner", [{"name": "Late"}])
    shown = newest.new("res.partner", "read", ids=[id_], fields=["write_date"]).json()[0]["write_date"]
    age = newest.sandbox.clock() - datetime.strptime(shown, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    assert age.total_seconds() > 50


@pytest.mark.parametrize(
    ("model", "method", "params", "status", "name"),
    [
        ("res.partner", "create", {"vals_list": [{"name": False}]}, 422, "odoo.exceptions.ValidationError"),
        ("res.partner", "write", {"ids": [999], "vals": {"name": "X"}}, 404, "odoo.exceptions.MissingError"),
        ("res.partner", "write", {"ids": [1]}, 422, "werkzeug.exceptions.UnprocessableEntity"),
        ("res.partner", "search", {"ids": [1], "domain": []}, 422, "werkzeug.exceptions.UnprocessableEntity"),
        ("res.partner", "search_read", {"fields": ["shoe"]}, 500, "builtins.ValueError"),
        ("res.partner", "create", {"vals_list": [{"shoe": 1}]}, 500, "builtins.ValueError"),
        ("sale.order", "create", {"vals_list": [{"partner_id": 1, "date_order": "x"}]}, 500, "builtins.ValueError"),
        ("no.model", "search", {"domain": []}, 404, "werkzeug.exceptions.NotFound"),
        ("res.partner", "no_method", {}, 404, "werkzeug.exceptions.NotFound"),
        ("res.partner", "_private", {}, 403, "odoo.exceptions.AccessError"),
    ],
)
def test_json2_says_what_is_wrong_by_status_and_name(newest, model, method, params, status, name):
    answer = newest.new(model, method, **params)
    assert (answer.status_code, answer.json()["name"]) == (status, name)


def test_a_missing_record_reads_as_nothing(newest):
    assert newest.new("res.partner", "read", ids=[999], fields=["name"]).json() == []


def test_a_bad_key_and_a_bad_body(newest):
    newest.key, good = "wrong", newest.key
    assert newest.new("res.partner", "search", domain=[]).status_code == 401
    assert newest.old("res.partner", "search", [])["error"]["data"]["name"] == "odoo.exceptions.AccessDenied"
    headers = {"Authorization": f"bearer {good}"}
    assert newest.http.post("/json/2/res.partner/search", content="{", headers=headers).status_code == 400
    headers["X-Odoo-Database"] = "another"
    assert newest.http.post("/json/2/res.partner/search", json={"domain": []}, headers=headers).status_code == 404


def test_an_import_is_all_or_nothing_and_names_what_is_wrong(caller):
    columns = ["id", "name", "is_company", "country_id/.id"]
    rows = [["x.one", "One", "True", ""], ["x.two", "", "True", ""], ["x.three", "Three", "perhaps", "777"]]
    answer = caller.old("res.partner", "load", columns, rows)["result"]
    assert answer["ids"] is False
    assert [(message["record"], message["rows"]) for message in answer["messages"]] == [
        (0, {"from": 0, "to": 0}),
        (1, {"from": 1, "to": 1}),
        (2, {"from": 2, "to": 2}),
    ]
    assert caller.found("res.partner", ["name", "=", "One"]) == []
    first = caller.old("res.partner", "load", columns, rows[:1])["result"]["ids"]
    assert caller.old("res.partner", "load", columns, rows[:1])["result"]["ids"] == first


def test_a_deleted_record_takes_its_external_id_along(caller):
    (id_,) = caller.old("res.partner", "load", ["id", "name"], [["x.one", "One"]])["result"]["ids"]
    caller.old("res.partner", "unlink", [id_])
    assert caller.found("ir.model.data", ["module", "=", "x"]) == []


def test_confirmed_lines_stay_and_confirming_dates_an_order_now(caller):
    (product,) = caller.sandbox.seed("product.product", [{"name": "Thing", "list_price": 5}])
    line = [0, 0, {"product_id": int(product), "product_uom_qty": 2}]
    values = {"partner_id": 1, "date_order": "2026-01-05 10:00:00", "order_line": [line]}
    order = caller.old("sale.order", "create", values)["result"]
    caller.old("sale.order", "action_confirm", [order])
    (row,) = caller.old("sale.order", "read", [order], ["date_order", "order_line", "name"])["result"]
    assert row["date_order"] > "2026-06-01"
    refused = caller.old("sale.order.line", "unlink", row["order_line"])["error"]["data"]
    assert "Set the quantity to 0" in refused["message"]
    unit = "product_uom_id" if caller.sandbox.options.number >= 19 else "product_uom"
    assert unit in caller.old("sale.order.line", "fields_get")["result"]


def test_taxes_are_rounded_by_line_or_over_the_document(tmp_path):
    totals = {}
    for rounding in ("round_per_line", "round_globally"):
        with OdooSandbox(tmp_path / rounding, tax_rate=10.0, rounding=rounding) as sandbox:
            caller = Caller(sandbox)
            (product,) = sandbox.seed("product.product", [{"name": "Thing", "list_price": 10.25}])
            lines = [[0, 0, {"product_id": int(product)}] for _ in range(2)]
            order = caller.old("sale.order", "create", {"partner_id": 1, "order_line": lines})["result"]
            (row,) = caller.old("sale.order", "read", [order], ["amount_tax", "amount_total"])["result"]
            totals[rounding] = (row["amount_tax"], row["amount_total"])
            caller.http.close()
    assert totals == {"round_per_line": (2.06, 22.56), "round_globally": (2.05, 22.55)}


def test_rights_are_per_model(caller):
    caller.http.post("/_sandbox/permissions", json={"model": "sale.order", "level": "view"})
    assert caller.found("sale.order") == []
    refused = caller.old("sale.order", "create", {"partner_id": 1})["error"]["data"]
    assert refused["name"] == "odoo.exceptions.AccessError"


def test_the_state_survives_a_restart(tmp_path):
    with OdooSandbox(tmp_path) as sandbox:
        (id_,) = sandbox.seed("res.partner", [{"name": "Kept", "is_company": True}])
        sandbox.stop()
        sandbox.start()
        caller = Caller(sandbox)
        assert caller.found("res.partner", ["name", "=", "Kept"]) == [int(id_)]
        caller.http.close()
