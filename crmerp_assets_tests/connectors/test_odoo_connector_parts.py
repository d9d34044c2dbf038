"""Parts of the Odoo connector on their own: answers, numbers, names, lines, and the cursor of deletions."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmerp_assets.connectors.errors import (
    AuthFailed,
    ConfigError,
    Gone,
    Rejected,
    Throttled,
    Transient,
    Unknown,
)
from crmerp_assets.connectors.odoo.answers import Judge, reason_without_values
from crmerp_assets.connectors.odoo.deletions import packed, unpacked
from crmerp_assets.connectors.odoo.derived import contact_name, full_name, inverse, order_progress
from crmerp_assets.connectors.odoo.ordering import matched
from crmerp_assets.connectors.odoo.protocols import parsed
from crmerp_assets.connectors.odoo.texts import cell_of, plain, text_of

WORDS = st.text(alphabet="abcdefghijklmnop", min_size=1, max_size=6)
PEOPLE = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)


def json2(name: str, status: int, message: str = "No") -> httpx.Response:
    return httpx.Response(status, json={"name": name, "message": message, "arguments": [message], "debug": ""})


def rpc(name: str, message: str = "No", code: int = 200) -> httpx.Response:
    error = {"code": code, "message": "Odoo Server Error", "data": {"name": name, "message": message}}
    return httpx.Response(200, json={"jsonrpc": "2.0", "id": 1, "error": error})


@pytest.mark.parametrize(
    ("name", "status", "expected"),
    [
        ("odoo.exceptions.AccessDenied", 403, AuthFailed),
        ("werkzeug.exceptions.Unauthorized", 401, AuthFailed),
        ("odoo.exceptions.AccessError", 403, ConfigError),
        ("odoo.exceptions.MissingError", 404, Gone),
        ("odoo.exceptions.UserError", 422, Rejected),
        ("odoo.exceptions.ValidationError", 422, Rejected),
        ("builtins.ValueError", 500, Rejected),
        ("builtins.TypeError", 422, ConfigError),
        ("werkzeug.exceptions.NotFound", 404, ConfigError),
        ("psycopg2.errors.SerializationFailure", 500, Transient),
        ("psycopg2.OperationalError", 500, Transient),
    ],
)
def test_an_exception_means_the_same_over_both_protocols(name: str, status: int, expected: type[Exception]) -> None:
    judge = Judge("odoo")
    assert type(judge(json2(name, status))) is expected
    assert type(judge(rpc(name))) is expected


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (httpx.Response(429, html="<h1>Too many</h1>", headers={"Retry-After": "7"}), Throttled),
        (httpx.Response(502, html="<h1>Bad Gateway</h1>"), Transient),
        (httpx.Response(303, headers={"Location": "/web/login"}), ConfigError),
        (httpx.Response(404, html="<h1>Not Found</h1>"), ConfigError),
        (httpx.Response(403, html="<h1>Forbidden</h1>"), AuthFailed),
        (
            httpx.Response(200, json={"jsonrpc": "2.0", "error": {"code": 100, "message": "Session Expired"}}),
            AuthFailed,
        ),
        (
            httpx.Response(200, json={"jsonrpc": "2.0", "error": {"code": 404, "message": "404: Not Found"}}),
            ConfigError,
        ),
    ],
)
def test_what_stands_before_odoo_is_told_apart(response: httpx.Response, expected: type[Exception]) -> None:
    error = Judge("odoo")(response)
    assert type(error) is expected
    assert not isinstance(error, Throttled) or error.wait == 7


def test_a_result_that_speaks_of_an_error_is_none() -> None:
    assert Judge("odoo")(httpx.Response(200, json=[{"id": 1, "error": "a field of this name"}])) is None


@pytest.mark.parametrize("body", [b'[{"id": 1, "na', b"<html>login</html>", b""])
def test_a_truncated_answer_leaves_a_write_unknown_and_a_read_to_be_repeated(body: bytes) -> None:
    with pytest.raises(Transient):
        parsed(httpx.Response(200, content=body), "odoo", repeatable=True)
    with pytest.raises(Unknown):
        parsed(httpx.Response(200, content=body), "odoo", repeatable=False)


def test_a_reason_holds_no_values() -> None:
    text = "The value 'Acme Ltd' of anna@example.com (+1 212 555 0100) is wrong for field Email of Acme"
    assert reason_without_values(text, ["Acme"]) == "The value ... of ... (+...) is wrong for field Email of"
    text = "[SKU-1] Blue thing in S00042 and INV/26/7 cannot be sold with 3 of them"
    assert reason_without_values(text) == "... Blue thing in ... and ... cannot be sold with 3 of them"


@pytest.mark.parametrize(
    ("digits", "shown"),
    [
        ("100.0", "100"),
        ("0.30000000000000004", "0.3"),
        ("49.50", "49.5"),
        ("0.0", "0"),
        ("1200", "1200"),
        ("-0.05", "-0.05"),
    ],
)
def test_numbers_lose_the_dust_of_floats_and_nothing_else(digits: str, shown: str) -> None:
    assert plain(digits) == shown


@given(st.decimals(min_value="-99999999999", max_value="99999999999", places=2, allow_nan=False))
def test_an_amount_survives_the_way_there_and_back(amount: Decimal) -> None:
    wire = json.dumps(float(cell_of("monetary", amount)))
    assert Decimal(text_of("monetary", wire) or "") == amount


@given(PEOPLE, PEOPLE)
def test_a_name_comes_back_as_it_was_put_together(first: str, last: str) -> None:
    row = {"name": full_name(first, last), "x_first_name": first, "x_last_name": last}
    assert contact_name(row) == (first, last)


@given(st.lists(WORDS, min_size=1, max_size=6))
def test_a_name_that_a_person_wrote_loses_no_word(words: list[str]) -> None:
    first, last = contact_name({"name": " ".join(words), "x_first_name": "Other", "x_last_name": "Name"})
    assert full_name(first, last) == " ".join(words)
    assert last


@given(st.sets(st.integers(1, 10**9)), st.booleans())
def test_the_cursor_of_deletions_holds_every_id_and_hash(ids: set[int], keyed: bool) -> None:
    held = {str(id_): f"{id_ % 7:08x}" for id_ in sorted(ids)}
    cursor = packed(list(held), list(held.values()) if keyed else [])
    assert unpacked(cursor) == (held if keyed else dict.fromkeys(held, ""))


@pytest.mark.parametrize("cursor", ["", "x", "{}", "eJw="])
def test_a_cursor_that_is_none_says_so(cursor: str) -> None:
    with pytest.raises(ConfigError, match="forget it"):
        unpacked(cursor)


def line(number: int, product: int) -> dict[str, Any]:
    return {"id": number, "key": f"so-1_line_{number}", "product_id": [product, "Thing"], "name": "Thing",
            "sequence": number, "price_unit": "5", "product_uom_qty": "1"}  # fmt: skip


@given(st.lists(st.integers(1, 3), max_size=5), st.lists(st.integers(1, 3), max_size=5))
def test_lines_keep_their_product_and_every_line_is_named_once(wanted: list[int], there: list[int]) -> None:
    existing = [line(number, product) for number, product in enumerate(there, start=1)]
    cells = [{"product_id/.id": str(product), "product_uom_qty": "2"} for product in wanted]
    found = matched("so-1", cells, existing)
    names = [row["id"] for row in found]
    products = {f"__crmerp__.{row['key']}": str(row["product_id"][0]) for row in existing}
    assert len(set(names)) == len(names)
    assert set(products) <= set(names)
    assert all(products.get(row["id"], row["product_id/.id"]) == row["product_id/.id"] for row in found)
    assert [row["product_uom_qty"] for row in found[: len(wanted)]] == ["2"] * len(wanted)
    assert {row["product_uom_qty"] for row in found[len(wanted) :]} <= {"0"}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([("2", "0", "0"), ("1", "0", "0")], "open"),
        ([("2", "1", "0"), ("1", "0", "0")], "partial"),
        ([("2", "0", "2"), ("1", "0", "0")], "partial"),
        ([("2", "2", "0"), ("1", "1", "0")], "delivered"),
        ([], "open"),
    ],
)
def test_how_far_an_order_has_come(lines: list[tuple[str, str, str]], expected: str) -> None:
    names = ("product_uom_qty", "qty_delivered", "qty_invoiced")
    row = {
        "state": "sale",
        "invoice_status": "to invoice",
        "_lines": [dict(zip(names, one, strict=True)) for one in lines],
    }
    assert order_progress(row) == expected


def test_a_rate_is_turned_round() -> None:
    assert [inverse(rate) for rate in ("0.8", "1.0", None)] == ["1.25", "1", None]
