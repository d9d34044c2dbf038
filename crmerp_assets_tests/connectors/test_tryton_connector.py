"""The Tryton connector against a real server: what the contract suite does not ask of every system.

Tried by removing what protects; each was caught by the test named, here or in the contract suite:

| removed | caught by |
|---|---|
| UNFINISHED behind the key | cut_at_any_step (confirm, cut_after) |
| the look for an unfinished sale | cut_at_any_step (create, cut_after) |
| the look for the key before a create | contract: a_repeated_push |
| the state before a button is pressed | cut_at_any_step, repeated_create |
| `_timestamp` of an update | changes_while_it_is_written |
| watermarks of addresses | edited_alone |
| stamps of parts in a record's time of change | edited_alone |
| splitting an address of both sides | both_sides |
| reading on until an empty page, ids that were read already | contract: short_or_repeated_page |
| halving a refused batch | contract: one_rejected_record |
| a new session after a 401 | contract: revoked_token |
| the look at the server's clock | contract: set_back |
| replaced_by of a party | contract: merge_names_its_winner |
| sent values out of an error, the record's name too | no_value_and_no_name |
| late errors as results, for what has none yet | fails_late, lost_create |
| what a key of ours looks like | there_before |
| names in use before those out of use | out_of_use |
| the kind of a field that is there | cannot_hold_its_values |
| counting what is known and nothing between | lower_id_joined |
| ids between the known ones | joined_between_others |
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from crmerp_assets.connectors.errors import (
    AuthFailed,
    ConfigError,
    Rejected,
    Transient,
    Unknown,
    VersionConflict,
)
from crmerp_assets.connectors.protocol import FieldSpec, Write
from crmerp_assets.connectors.tryton import TrytonConnector
from crmerp_assets.connectors.tryton.values import day
from crmerp_assets.sandbox.tryton.installing import DATABASE
from crmerp_assets_tests.contract.tryton_case import connector_to
from crmerp_assets_tests.tryton.office import PARTY, SALE, TODAY, Office, opened
from crmerp_assets_tests.tryton.proxy import Fault


@pytest.fixture
def office() -> Iterator[Office]:
    with opened() as one:
        yield one


def test_a_sale_is_quoted_confirmed_and_taxed(office: Office) -> None:
    party = office.party()
    (result,) = office.connector.push(SALE, [office.sale(party, sku="SKU-2")])
    assert result.error is None
    row = office.found("so-1")
    assert row is not None
    assert (row["_id"], row["party"], row["currency.code"]) == (result.native_id, party, "USD")
    assert row["number"]
    assert row["state"] in ("confirmed", "processing")
    assert (row["untaxed_amount"], row["tax_amount"]) == ("30.75", "3.08")
    (line,) = json.loads(row["lines"] or "")
    assert (Decimal(line["quantity"]), line["unit_price"], line["amount"]) == (3, "10.25", "30.75")


@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "error_after"])
@pytest.mark.parametrize("step", ["create", "quote", "confirm", "write"])
def test_a_sale_that_was_cut_at_any_step_is_one_sale_in_the_end(office: Office, step: str, kind: str) -> None:
    write = office.sale(office.party())
    office.proxy.faults.append(Fault(kind, rf"model\.sale\.sale\.{step}"))
    (result,) = office.connector.push(SALE, [write])
    assert isinstance(result.error, Unknown)
    whole = kind != "cut_before" and step == "write"
    assert (office.found("so-1") is not None) == whole
    with closing(connector_to(office.proxy.url)()) as another:
        (again,) = another.push(SALE, [write])
    row = office.found("so-1")
    assert again.error is None
    assert row is not None
    assert (row["_id"], row["untaxed_amount"]) == (again.native_id, "30.75")
    assert row["state"] in ("confirmed", "processing")
    assert office.sales() == 1


def test_a_sale_on_its_way_is_not_seen(office: Office) -> None:
    office.proxy.faults.append(Fault("cut_after", r"model\.sale\.sale\.create"))
    office.connector.push(SALE, [office.sale(office.party())])
    assert office.sales() == 1
    assert office.rows(SALE, "reference") == []
    assert office.connector.ids(SALE) == []


def test_a_sale_that_tryton_refuses_does_not_hold_up_the_others(office: Office) -> None:
    homeless = office.person.call("model.party.party.create", [{"name": "Nowhere", "addresses": []}])[0]
    party = office.party()
    writes = [office.sale(party, 1), office.sale(str(homeless), 2), office.sale(party, 3)]
    results = office.connector.push(SALE, writes)
    assert [result.error is None for result in results] == [True, False, True]
    assert isinstance(results[1].error, Rejected)
    assert "address" in results[1].error.reason
    office.person.call("model.party.address.create", [{"party": homeless, "street": "2 Main Street"}])
    (again,) = office.connector.push(SALE, [writes[1]])
    assert again.error is None
    assert office.sales() == 3


def test_a_repeated_create_changes_nothing(office: Office) -> None:
    write = office.sale(office.party())
    (first,) = office.connector.push(SALE, [write])
    before = office.found("so-1")
    (again,) = office.connector.push(SALE, [replace(write, id="again")])
    assert (first.native_id, again.native_id, again.error) == (first.native_id, first.native_id, None)
    assert office.sales() == 1
    assert office.found("so-1") is not None
    assert (office.found("so-1") or {})["lines"] == (before or {})["lines"]


def test_a_sale_in_process_takes_no_changes_and_says_what_to_do(office: Office) -> None:
    party = office.party()
    (made,) = office.connector.push(SALE, [office.sale(party)])
    assert (office.found("so-1") or {})["state"] == "processing"
    update = Write("u", SALE, "update", "reference", "so-1", made.native_id, {"description": "A deal"})
    more = office.sale(party, quantity=4).values["lines"]
    results = office.connector.push(SALE, [update, replace(update, id="v", values={"lines": more})])
    assert results[0].error is None
    assert isinstance(results[1].error, Rejected)
    assert "amendment" in str(results[1].error)
    assert (office.found("so-1") or {})["untaxed_amount"] == "30.75"


def test_a_draft_takes_other_lines_and_is_cancelled(office: Office) -> None:
    party = office.party()
    (made,) = office.connector.push(SALE, [office.sale(party, state="draft")])
    assert (office.found("so-1") or {})["progress"] == "draft"
    lines = office.sale(party, quantity=4, sku="SKU-1").values["lines"]
    update = Write("u", SALE, "update", "reference", "so-1", made.native_id, {"lines": lines})
    (changed,) = office.connector.push(SALE, [update])
    assert changed.error is None
    assert (office.found("so-1") or {})["untaxed_amount"] == "41.00"
    (gone,) = office.connector.push(SALE, [replace(update, id="w", values={"state": "cancelled"})])
    assert gone.error is None
    assert (office.found("so-1") or {})["progress"] == "cancelled"


def test_an_invoice_its_payment_and_its_credit_flow_back(office: Office) -> None:
    (made,) = office.connector.push(SALE, [office.sale(office.party(), sku="SKU-2", quantity=4)])
    (sale,) = office.person.call("model.sale.sale.read", [int(made.native_id or 0)], ["invoices"])
    (invoice,) = map(str, sale["invoices"])
    fields = ("number", "sales", "total_amount", "tax_amount", "amount_to_pay", "status", "due_date", "billed.order")
    assert office.rows("account.invoice", *fields)[0]["status"] == "draft"
    office.person.edit("account.invoice", invoice, {"invoice_date": day(TODAY)})
    office.person.willing("model.account.invoice.post", [int(invoice)])
    office.person.pay(invoice, Decimal("20.00"), day(TODAY))
    (row,) = office.rows("account.invoice", *fields, "billed.amount")
    assert (row["total_amount"], row["tax_amount"], row["status"]) == ("45.10", "4.10", "posted")
    assert (row["sales"], row["amount_to_pay"], row["due_date"]) == (made.native_id, "25.10", TODAY.isoformat())
    assert json.loads(row["billed"] or "") == [{"order": made.native_id, "amount": "41"}]
    (payment,) = office.rows("account.payment.line", "amount", "currency", "date", "applied.invoice", "applied.amount")
    assert (payment["amount"], payment["currency"], payment["date"]) == ("20", "USD", TODAY.isoformat())
    assert json.loads(payment["applied"] or "") == [{"invoice": invoice, "amount": "20"}]
    assert (office.found("so-1") or {})["progress"] == "invoiced"


def test_a_credit_note_with_refund_settles_its_invoice(office: Office) -> None:
    (made,) = office.connector.push(SALE, [office.sale(office.party())])
    (sale,) = office.person.call("model.sale.sale.read", [int(made.native_id or 0)], ["invoices"])
    (invoice,) = map(str, sale["invoices"])
    office.person.edit("account.invoice", invoice, {"invoice_date": day(TODAY)})
    office.person.willing("model.account.invoice.post", [int(invoice)])
    office.person.credit(invoice, day(TODAY))
    (row,) = office.rows("account.invoice", "status", "total_amount")
    assert (row["status"], row["total_amount"]) == ("credited", "30.75")
    (credit,) = office.rows("account.invoice.credit", "amount", "unapplied", "applied.invoice", "applied.amount")
    assert (credit["amount"], credit["unapplied"]) == ("30.75", "0")
    assert json.loads(credit["applied"] or "") == [{"invoice": invoice, "amount": "30.75"}]


def test_an_address_that_is_edited_alone_is_pulled(office: Office) -> None:
    office.party(1)
    party = office.party(2)
    office.server.sql("UPDATE party_party SET create_date = '2026-01-05 08:00:00', write_date = NULL WHERE id > 1")
    for table in ("party_address", "party_contact_mechanism"):
        office.server.sql(f"UPDATE {table} SET create_date = '2026-01-05 08:00:00', write_date = NULL")
    *_, last = office.connector.pull(PARTY, ("name", "billing.city"), None)
    (address,) = office.person.call("model.party.address.search", [["party", "=", int(party)]], 0, None, None)
    office.person.edit("party.address", str(address), {"city": "Cambridge"})
    rows = office.rows(PARTY, "name", "billing.city", since=last.cursor)
    assert [(row["_id"], row["billing.city"]) for row in rows] == [(party, "Cambridge")]
    assert str(rows[0]["_modified"]) > "2026-01-06", "of two changes the later one counts, also where it is a part's"


def test_an_address_of_both_sides_is_split_when_one_changes(office: Office) -> None:
    party = office.party(**{"shipping.street": "1 Main Street", "shipping.city": "Boston", "billing.country": "US"})
    office.server.sql("UPDATE party_address SET active = 0 WHERE party = ? AND delivery = 1", int(party))
    office.server.sql("UPDATE party_address SET invoice = 1, delivery = 1 WHERE party = ? AND active = 1", int(party))
    paths = (
        "billing.street",
        "billing.city",
        "billing.country",
        "shipping.street",
        "shipping.city",
        "shipping.country",
    )
    update = Write("u", PARTY, "update", "key", "cust-1", party, {"billing.city": "New York"})
    (result,) = office.connector.push(PARTY, [update])
    assert result.error is None
    (row,) = office.connector.fetch(PARTY, paths, [party])
    assert [row[path] for path in paths] == ["1 Main Street", "New York", "US", "1 Main Street", "Boston", "US"]


def test_parts_of_a_party_come_back_as_they_were_written(office: Office) -> None:
    values = {
        "phone": "+12125550100",
        "email": "info@example.com",
        "website": "https://example.com",
        "tax_identifier": "DE136695976",
        "billing.country": "US",
        "billing.subdivision": "US-MA",
        "shipping.street": "2 Dock\nGate 4",
        "shipping.city": "Albany",
        "customer_payment_term.name": "Net 30",
        "credit_limit_amount": Decimal("2500.50"),
        "customer_currency.code": "EUR",
    }
    party = office.party(**values)
    (row,) = office.connector.fetch(PARTY, tuple(values), [party])
    assert {path: row[path] for path in values} == {path: str(value) for path, value in values.items()} | {
        "credit_limit_amount": row["credit_limit_amount"]
    }
    assert Decimal(row["credit_limit_amount"] or 0) == Decimal("2500.50")
    update = Write("u", PARTY, "update", "key", "cust-1", party, {"phone": "+12125550199", "website": None})
    assert office.connector.push(PARTY, [update])[0].error is None
    (row,) = office.connector.fetch(PARTY, ("phone", "website", "email"), [party])
    assert (row["phone"], row["website"], row["email"]) == ("+12125550199", None, "info@example.com")


def test_a_party_that_was_there_before_keeps_its_number_and_gets_our_key(office: Office) -> None:
    (theirs,) = office.person.call("model.party.party.create", [{"name": "Old customer", "code": "17"}])
    assert [row["key"] for row in office.rows(PARTY, "key") if row["_id"] == str(theirs)] == [None]
    update = Write("u", PARTY, "update", "key", "cust-9", str(theirs), {"key": "cust-9", "phone": "+12125550100"})
    for _ in range(2):
        (result,) = office.connector.push(PARTY, [update])
        assert result.error is None
    found = office.connector.find_by_key(PARTY, "key", ["cust-9", "17"], ("key", "code", "tax_identifier", "phone"))
    assert {key: row["_id"] for key, row in found.items()} == {"cust-9": str(theirs)}
    row = found["cust-9"]
    assert (row["code"], row["tax_identifier"], row["phone"]) == ("17", None, "+12125550100")
    create = Write("c", PARTY, "create", "key", "cust-9", None, {"name": "Old customer"})
    assert [result.native_id for result in office.connector.push(PARTY, [create])] == [str(theirs)]


def test_a_product_gets_our_key_and_is_not_made(office: Office) -> None:
    product = office.product("SKU-1")
    writes = [
        Write("u", "product.product", "update", "key", "item-1", product, {"key": "item-1"}),
        Write("c", "product.product", "create", "key", "item-2", None, {}),
    ]
    results = office.connector.push("product.product", writes)
    assert (results[0].error, results[0].native_id) == (None, product)
    assert isinstance(results[1].error, Rejected)
    fields = ("key", "code", "name", "unit", "list_price", "sold")
    found = office.connector.find_by_key("product.product", "key", ["item-1", "item-2"], fields)
    assert {key: (row["_id"], row["code"], row["sold"]) for key, row in found.items()} == {
        "item-1": (product, "SKU-1", "true")
    }


def test_a_field_that_cannot_hold_its_values_is_told(office: Office) -> None:
    """`create_uid` stands for the field of a module that somebody else wrote."""
    wrong, right = FieldSpec(PARTY, "create_uid", "Tier", "text", 40), FieldSpec(PARTY, "rec_name", "Tier", "text", 40)
    for dry_run in (True, False):
        other, same = office.connector.provision([wrong, right], dry_run=dry_run)
        assert (other.done, same.done) == (False, True)
        assert "create_uid of party.party is of the type many2one, where text is meant" in str(other.manual)


def test_an_error_tells_no_value_and_no_name(office: Office) -> None:
    party = office.party(name="Quite Confidential")
    values = {"email": "nobody at nowhere", "tax_identifier": "DE000000000"}
    writes = [
        Write("u", PARTY, "update", "key", "cust-1", party, dict(values)),
        Write("c", PARTY, "create", "key", "cust-2", None, {"name": "Very Secret", **values}),
    ]
    for result in office.connector.push(PARTY, writes):
        assert isinstance(result.error, Rejected)
        said = f"{result.error} {result.error.reason}"
        assert not [word for word in ("Confidential", "Secret", "nowhere", "DE0000") if word in said], said


def test_two_who_make_the_same_party_at_once_make_one(office: Office) -> None:
    made = lambda: office.person.call("model.party.party.create", [{"name": "Customer", "code": "cust-1"}])  # noqa: E731
    office.proxy.faults.append(Fault("meanwhile", r"party\.create", act=made))
    write = Write("p", PARTY, "create", "key", "cust-1", None, {"name": "Customer"})
    (result,) = office.connector.push(PARTY, [write])
    assert result.error is None
    assert office.connector.ids(PARTY) == [result.native_id]


def test_a_record_that_changes_while_it_is_written_is_a_conflict(office: Office) -> None:
    party, other = office.party(1), office.party(2)
    office.server.sql("UPDATE party_party SET create_date = '2026-01-05 08:00:00', write_date = NULL")
    act = lambda: office.person.edit(PARTY, party, {"name": "Changed by a person"})  # noqa: E731
    office.proxy.faults.append(Fault("meanwhile", r"model\.party\.party\.write", act=act))
    writes = [
        Write(f"u{one}", PARTY, "update", "key", f"cust-{one}", native, {"name": "Changed by us"})
        for one, native in ((1, party), (2, other))
    ]
    results = office.connector.push(PARTY, writes)
    assert isinstance(results[0].error, VersionConflict)
    assert results[1].error is None
    (row,) = office.connector.fetch(PARTY, ("name",), [party])
    assert row["name"] == "Changed by a person"


@pytest.mark.parametrize(("kind", "error"), [("html", Transient), ("truncated", Transient), ("redirect", ConfigError)])
def test_a_read_that_something_else_answers_is_named(office: Office, kind: str, error: type[Exception]) -> None:
    office.party()
    office.proxy.faults.append(Fault(kind, r"party\.search_read", times=10))
    with pytest.raises(error, match="tryton"):
        office.rows(PARTY, "name")
    office.proxy.faults.clear()
    assert len(office.rows(PARTY, "name")) == 1


@pytest.mark.parametrize(("kind", "made"), [("html", 0), ("truncated", 1)])
def test_a_write_that_something_else_answers_is_unknown(office: Office, kind: str, made: int) -> None:
    office.proxy.faults.append(Fault(kind, r"party\.create"))
    write = Write("p", PARTY, "create", "key", "cust-1", None, {"name": "Customer"})
    (result,) = office.connector.push(PARTY, [write])
    assert isinstance(result.error, Unknown)
    assert len(office.connector.find_by_key(PARTY, "key", ["cust-1"])) == made
    assert office.connector.push(PARTY, [write])[0].error is None
    assert len(office.connector.ids(PARTY)) == 1


@pytest.mark.parametrize(("kind", "error"), [("html", Transient), ("redirect", ConfigError)])
def test_a_read_that_fails_late_is_no_word_on_what_was_sent(office: Office, kind: str, error: type[Exception]) -> None:
    party = office.party(1)
    writes = [
        Write("c", PARTY, "create", "key", "cust-2", None, {"name": "Customer 2"}),
        Write("u", PARTY, "update", "key", "cust-1", party, {"name": "Changed"}),
    ]
    office.proxy.faults.append(Fault(kind, r"party\.search_read.*_timestamp", times=9))
    made, changed = office.connector.push(PARTY, writes)
    assert made.error is None
    assert made.native_id in office.connector.ids(PARTY)
    assert isinstance(changed.error, error)
    office.proxy.faults.clear()
    assert office.connector.push(PARTY, writes)[1].error is None


def test_behind_a_lost_create_no_update_is_sent(office: Office) -> None:
    party = office.party(1)
    writes = [
        Write("c", PARTY, "create", "key", "cust-2", None, {"name": "Customer 2"}),
        Write("u", PARTY, "update", "key", "cust-1", party, {"name": "Changed"}),
    ]
    office.proxy.faults.append(Fault("cut_after", r"party\.create"))
    office.proxy.faults.append(Fault("redirect", r"party\.search_read.*_timestamp"))
    results = office.connector.push(PARTY, writes)
    assert [type(result.error) for result in results] == [Unknown, ConfigError]
    assert office.connector.fetch(PARTY, ("name",), [party])[0]["name"] == "Customer 1"


def test_a_payment_term_that_is_out_of_use_gives_way_to_one_of_its_name(office: Office) -> None:
    model = "account.invoice.payment_term"
    old, new = (
        office.person.call(f"model.{model}.search", [["name", "=", name]], 0, 1, None)[0]
        for name in ("Net 30", "Net 60")
    )
    office.party(1, **{"customer_payment_term.name": "Net 30"})
    office.person.edit(model, str(old), {"active": False})
    office.person.edit(model, str(new), {"name": "Net 30"})
    party = office.party(2, **{"customer_payment_term.name": "Net 30"})
    (read,) = office.person.call("model.party.party.read", [int(party)], ["customer_payment_term"])
    assert read["customer_payment_term"] == new


def test_a_login_behind_a_maintenance_page_is_tried_again(office: Office) -> None:
    office.proxy.faults.append(Fault("html", r"common\.db\.login", times=2))
    with closing(connector_to(office.proxy.url)(sleep=_never)) as fresh:
        assert fresh.ids(PARTY) == []


def test_a_party_that_is_gone_shows_although_one_with_a_lower_id_joined(office: Office) -> None:
    first, freed, last = (office.party(number) for number in (1, 2, 3))
    office.person.delete(PARTY, freed)
    _, cursor = office.connector.deletions(PARTY, None)
    office.server.fill("party_party", ("id", "name", "code"), [(int(freed), "Late", "late")], active=1, create_uid=1)
    office.person.delete(PARTY, first)
    gone, cursor = office.connector.deletions(PARTY, cursor)
    assert [one.native_id for one in gone] == [first]
    office.person.delete(PARTY, freed)
    assert [one.native_id for one in office.connector.deletions(PARTY, cursor)[0]] == [freed]
    assert last in office.connector.ids(PARTY)


def test_a_party_that_joined_between_others_shows_when_it_is_gone(office: Office) -> None:
    _, freed, _ = (office.party(number) for number in (1, 2, 3))
    office.person.delete(PARTY, freed)
    _, cursor = office.connector.deletions(PARTY, None)
    office.server.fill("party_party", ("id", "name", "code"), [(int(freed), "Late", "late")], active=1, create_uid=1)
    found, cursor = office.connector.deletions(PARTY, cursor)
    office.person.delete(PARTY, freed)
    gone, _ = office.connector.deletions(PARTY, cursor)
    assert ([*found], [one.native_id for one in gone]) == ([], [freed])


def test_rates_are_worth_in_the_companys_currency(office: Office) -> None:
    rows = {
        row["currency.code"]: row
        for row in office.rows("currency.currency.rate", "base", "currency.code", "date", "rate")
    }
    assert (rows["EUR"]["base"], rows["EUR"]["rate"], rows["EUR"]["date"]) == ("USD", "1.25", "2020-01-01")
    assert "USD" not in rows


def test_a_wrong_password_and_a_wrong_database_say_so(office: Office) -> None:
    for database, password, error in ((DATABASE, "wrong-password", AuthFailed), ("nothing", "x", ConfigError)):
        with (
            closing(
                TrytonConnector(
                    "tryton", office.server.url, database, "integration", password, clock=_clock, sleep=_never
                )
            ) as wrong,
            pytest.raises(error, match="tryton"),
        ):
            wrong.ids(PARTY)


def _clock() -> datetime:
    return datetime.now(UTC)


def _never(_seconds: float) -> None: ...
