"""Files as people write them: half copied, short, with bad rows, in every format; and import files that cross crashes.

Tried by removing each protection and seeing which test fails:

| removed                                  | caught by                                                              |
|------------------------------------------|------------------------------------------------------------------------|
| names of unfinished files are skipped    | test_a_file_that_is_still_being_written_is_not_read                    |
| the control file is waited for           | test_a_file_without_its_control_file_is_not_read                       |
| its number of rows is compared           | test_a_file_that_stays_shorter_than_its_control_file_says_is_refused   |
| a file belongs to its closest pattern    | test_a_file_belongs_to_its_closest_pattern                             |
| rows of one id that differ are told      | test_bad_rows_are_told_with_file_line_and_column_and_the_others_come   |
| ids of unusable rows count as there      | test_what_a_quotation_mark_swallows_is_told_line_by_line               |
| no deletions beside a row without an id  | test_a_row_that_nobody_can_name_deletes_nothing                        |
| a bad line spoils its order              | test_lines_come_from_the_file_with_the_same_stamp                      |
| our writes stay on top of older extracts | test_an_extract_from_before_our_write_does_not_take_it_back            |
| a file of changes is never held back     | test_a_change_that_a_person_made_after_our_write_is_never_hidden       |
| a write is known by its id               | test_a_write_that_comes_again_is_no_second_row_whatever_is_known_of_it |
| a file that was never placed is placed   | test_a_process_that_died_before_the_file_stood_there_puts_it_there     |
| a file that was taken is open for a day  | test_a_file_that_was_taken_and_never_acknowledged_is_open_for_a_day    |
| numbers of all folders count             | test_numbers_go_on_where_the_notes_were_lost                           |
| one shape of write in a CSV file         | test_a_csv_file_holds_only_writes_that_set_the_same_fields             |
"""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import fsspec
import openpyxl
import polars as pl
import pytest

from crmerp_assets.connectors.errors import AuthFailed, ConfigError, Gone, Rejected, Transient, Unknown
from crmerp_assets.connectors.files import Children, FilesConnector, ObjectLayout
from crmerp_assets.connectors.protocol import Ref, Write
from crmerp_assets_tests.connectors.exchange import (
    FIELDS,
    NOW,
    Exchange,
    create,
    extract,
    names,
    pulled,
    written,
)


@pytest.fixture
def exchange(tmp_path: Path) -> Exchange:
    return Exchange(tmp_path)


# -- reading


def test_a_file_that_is_still_being_written_is_not_read(exchange: Exchange) -> None:
    exchange.write("customer_1.csv", "id,name,amount\nC1,Acme,1.10\n")
    for name in ("customer_2.csv.tmp", ".customer_2.csv", "customer_2.csv.part"):
        exchange.write(name, "id,name,amount\n")
    for pattern in ("customer_*.csv", "customer_*", "*"):
        rows, _, _ = pulled(exchange.connector(customer=ObjectLayout(id="id", full=pattern, format="csv")))
        assert names(rows) == {"C1": "Acme"}, pattern


def test_a_file_belongs_to_its_closest_pattern(exchange: Exchange) -> None:
    exchange.write("customer_a.csv", "id,name,amount\nC1,One,1\n")
    exchange.write("customer_delta_b.csv", "id,name,amount\nC2,Two,2\n")
    layout = ObjectLayout(id="id", full="customer_*.csv", changes="customer_delta_*.csv")
    assert names(pulled(exchange.connector(customer=layout))[0]) == {"C1": "One", "C2": "Two"}


def test_a_file_without_its_control_file_is_not_read(exchange: Exchange) -> None:
    connector = exchange.connector(customer=ObjectLayout(id="id", full="customer_*.csv", control=True))
    exchange.write("customer_1.csv.count", "1")
    exchange.write("customer_1.csv", "id,name,amount\nC1,Acme,1\n")
    exchange.write("customer_2.csv", "id,name,amount\n")
    assert names(pulled(connector)[0]) == {"C1": "Acme"}


def test_a_file_that_stays_shorter_than_its_control_file_says_is_refused(exchange: Exchange) -> None:
    connector = exchange.connector(customer=ObjectLayout(id="id", full="customer_*.csv", control=True))
    exchange.write("customer_1.csv.count", "2")
    exchange.write("customer_1.csv", "id,name,amount\nC1,Acme,1\n")
    with pytest.raises(Transient, match="holds 1 rows, and its control file says 2"):
        pulled(connector)
    assert exchange.pauses == [0.5, 1.0, 2.0, 4.0]


def test_bad_rows_are_told_with_file_line_and_column_and_the_others_come(exchange: Exchange) -> None:
    exchange.write(
        "customer_1.csv",
        'id,name,amount\nC1,"two\nlines",1.10\nC2,short\nC3,long,1,2\n\n,nameless,3\nC5,"qu"ote,4\nC6,fine,5\n'
        "C7,seven,7\nC7,other,7\nC8,eight,8\nC8,eight,8\n",
    )
    rows, misread, _ = pulled(exchange.connector())
    assert sorted(names(rows)) == ["C1", "C6", "C8"]
    assert [(one.record, one.place, one.column) for one in misread] == [
        ("C2", "customer_1.csv, line 4", "amount"),
        ("C3", "customer_1.csv, line 5", None),
        ("C5", "customer_1.csv, line 8", "name"),
        (None, "customer_1.csv, line 7", "id"),
        ("C7", "customer_1.csv, line 10", "id"),
        ("C7", "customer_1.csv, line 11", "id"),
    ]
    assert all("nameless" not in one.reason and "seven" not in one.reason for one in misread)


def test_what_a_quotation_mark_swallows_is_told_line_by_line(exchange: Exchange) -> None:
    exchange.write("customer_1.csv", 'id,name,amount\nC1,fine,1\nC2,"open,2\nC3,three,3\nC4,four,4\n')
    connector = exchange.connector()
    rows, misread, _ = pulled(connector)
    assert sorted(names(rows)) == ["C1"]
    assert [(one.record, one.place) for one in misread] == [
        ("C2", "customer_1.csv, line 3"),
        ("C3", "customer_1.csv, line 4"),
        ("C4", "customer_1.csv, line 5"),
    ]
    assert sorted(connector.ids("customer")) == ["C1", "C2", "C3", "C4"], "an unusable row is not a deleted record"


def test_bytes_of_another_encoding_spoil_their_row_only(exchange: Exchange) -> None:
    layout = ObjectLayout(id="id", full="customer_*.csv", encoding="utf-8")
    exchange.write("customer_1.csv", "id,name,amount\nC1,Müller,1\n".encode() + "C2,Jörg,2\n".encode("latin-1"))
    rows, misread, _ = pulled(exchange.connector(customer=layout))
    assert names(rows) == {"C1": "Müller"}
    assert [(one.record, one.place, one.column) for one in misread] == [("C2", "customer_1.csv, line 3", "name")]


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("windows-1252", ";"), ("utf-16", "\t"), ("utf-8-sig", "|"), ("latin-1", ",")]
)
def test_encodings_and_delimiters(exchange: Exchange, encoding: str, delimiter: str) -> None:
    text = "id,name,amount\r\nC1,Société Générale,0010.10\r\n".replace(",", delimiter)
    exchange.write("customer_1.csv", text.encode(encoding))
    layout = ObjectLayout(id="id", full="customer_*.csv", encoding=encoding, delimiter=delimiter)
    (row,) = pulled(exchange.connector(customer=layout))[0]
    assert (row["name"], row["amount"]) == ("Société Générale", "0010.10")


def test_numbers_keep_their_digits_in_every_format(exchange: Exchange) -> None:
    digits = "12345678901234567.10"
    exchange.write("customer_1.csv", f"id,name,amount\nC1,Acme,{digits}\n")
    exchange.write("customer_1.jsonl", f'{{"id": "C1", "name": "Acme", "amount": {digits}}}\n')
    frame = pl.DataFrame({"id": ["C1"], "name": ["Acme"], "amount": [Decimal(digits)]})
    frame.write_parquet(exchange.root / "customer_1.parquet")
    for suffix in ("csv", "jsonl", "parquet"):
        connector = exchange.connector(customer=ObjectLayout(id="id", full=f"customer_*.{suffix}"))
        (row,) = pulled(connector)[0]
        assert (row["_id"], row["amount"]) == ("C1", digits), suffix


def test_a_sheet_gives_what_was_typed(exchange: Exchange) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in (
        ("id", "name", "amount", "day"),
        ("C1", "Acme", 10.1, datetime(2026, 3, 1)),
        ("C2", "#REF!", 2, None),
        (None, "nobody", 3, None),
        (4, "Four", True, None),
    ):
        sheet.append(line)
    book.save(exchange.root / "customer_1.xlsx")
    connector = exchange.connector(customer=ObjectLayout(id="id", full="customer_*.xlsx"))
    rows, misread, _ = pulled(connector, fields=("name", "amount", "day"))
    assert [(row["_id"], row["amount"], row["day"]) for row in rows] == [
        ("4", "true", None),
        ("C1", "10.1", "2026-03-01"),
    ]
    assert [(one.record, one.place, one.column) for one in misread] == [
        ("C2", "customer_1.xlsx, row 3", "name"),
        (None, "customer_1.xlsx, row 4", "id"),
    ]


def test_json_lines_with_inner_objects_lists_and_a_line_that_is_none(exchange: Exchange) -> None:
    order = {"id": "O1", "bill": {"city": "Bern"}, "lines": [{"item": "I1", "quantity": 2.50}]}
    exchange.write("order_1.jsonl", json.dumps(order) + '\n{"id": "O2", \n[]\n')
    layout = ObjectLayout(id="id", full="order_*.jsonl", children={"lines": Children()})
    connector = exchange.connector(order=layout)
    rows, misread, _ = pulled(connector, object="order", fields=("bill.city", "lines.item", "lines.quantity"))
    assert [(row["_id"], row["bill.city"], json.loads(row["lines"] or "")) for row in rows] == [
        ("O1", "Bern", [{"item": "I1", "quantity": "2.5"}])
    ]
    assert [one.place for one in misread] == ["order_1.jsonl, line 2", "order_1.jsonl, line 3"]


def test_lines_come_from_the_file_with_the_same_stamp(exchange: Exchange) -> None:
    layout = ObjectLayout(
        id="no", full="order_*.csv", children={"lines": Children(pattern="order_lines_*.csv", parent="order")}
    )
    connector = exchange.connector(order=layout)
    exchange.write("order_1.csv", "no,name\nO1,One\nO2,Two\n")
    exchange.write("order_lines_1.csv", "order,item,quantity\nO1,I1,1.00\nO1,I2,2\n")
    exchange.write("order_2.csv", "no,name\nO1,Not yet\n")
    fields = ("name", "lines.item", "lines.quantity")
    rows, misread, _ = pulled(connector, object="order", fields=fields)
    assert [(row["name"], json.loads(row["lines"] or "")) for row in rows] == [
        ("One", [{"item": "I1", "quantity": "1.00"}, {"item": "I2", "quantity": "2"}]),
        ("Two", []),
    ]
    exchange.write("order_lines_2.csv", "order,item,quantity\nO1,I1\n")
    rows, misread, _ = pulled(connector, object="order", fields=fields)
    assert (rows, [one.record for one in misread]) == ([], ["O1"]), "an order that lost a line is not used"


def test_changes_come_on_top_of_the_newest_full_extract(exchange: Exchange) -> None:
    layout = ObjectLayout(id="id", full="customer_*.csv", changes="customer-changes_*.csv")
    connector = exchange.connector(customer=layout)
    exchange.write("customer-changes_08.csv", "id,name,amount\nC1,Too old,1\n")
    exchange.write("customer_9.csv", "id,name,amount\nC1,One,1\nC2,Two,2\n")
    exchange.write("customer-changes_10.csv", "id,name,amount\nC2,Two changed,2\nC2,Two again,2\n")
    rows, _, cursor = pulled(connector)
    assert names(rows) == {"C1": "One", "C2": "Two again"}
    exchange.write("customer-changes_11.csv", "id,name,amount\nC3,Three,3\n")
    rows, _, cursor = pulled(connector, cursor)
    assert names(rows) == {"C3": "Three"}
    exchange.write("customer_12.csv", "id,name,amount\nC1,One,1\nC3,Three changed,3\n")
    rows, _, _ = pulled(connector, cursor)
    assert names(rows) == {"C3": "Three changed"}
    assert sorted(connector.ids("customer")) == ["C1", "C3"]


def test_an_extract_that_is_overwritten_in_place_is_given_whole(exchange: Exchange) -> None:
    connector = exchange.connector(customer=ObjectLayout(id="id", full="customers.csv"))
    exchange.write("customers.csv", "id,name,amount\nC1,One,1\n")
    _, _, cursor = pulled(connector)
    assert pulled(connector, cursor)[0] == []
    exchange.write("customers.csv", "id,name,amount\nC1,One,1\nC2,Second\n")
    rows, misread, _ = pulled(connector, cursor)
    assert (names(rows), [one.record for one in misread]) == ({"C1": "One"}, ["C2"])


def test_a_row_that_nobody_can_name_deletes_nothing(exchange: Exchange) -> None:
    connector = exchange.connector()
    exchange.write("customer_1.csv", "id,name,amount\nC1,One,1\nC2,Two,2\nC3,Three,3\n")
    _, cursor = connector.deletions("customer", None)
    exchange.write("customer_2.csv", "id,name,amount\nC1,One,1\n,Two,2\n")
    assert connector.deletions("customer", cursor) == ([], cursor)
    assert sorted(connector.ids("customer")) == ["C1", "C2", "C3"]
    exchange.write("customer_3.csv", "id,name,amount\nC1,One,1\nC2,Two,2\n")
    assert [one.native_id for one in connector.deletions("customer", cursor)[0]] == ["C3"]


def test_a_column_or_a_layout_that_is_missing_is_named(exchange: Exchange) -> None:
    exchange.write("customer_1.csv", "id,name\nC1,One\n")
    with pytest.raises(ConfigError, match=r"customer_1\.csv has no column amount"):
        pulled(exchange.connector())
    with pytest.raises(ConfigError, match="no layout for vendor; it has customer"):
        pulled(exchange.connector(), object="vendor")


def test_a_folder_that_may_not_be_read_is_a_matter_of_rights(exchange: Exchange, monkeypatch: Any) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError

    connector = exchange.connector()
    monkeypatch.setattr(connector._store, "files", refuse)
    with pytest.raises(AuthFailed, match="give the integration's user the right"):
        connector.ids("customer")


# -- writing


def test_import_files_have_numbers_that_survive_and_nothing_half_written(exchange: Exchange) -> None:
    exchange.write("customer_1.csv", "id,key,name,amount\n")
    (first,) = exchange.connector().push("customer", [create(1)])
    assert isinstance(first.error, Unknown)
    (exchange.root / "import" / "00000001.customer.csv").unlink()
    exchange.connector().push("customer", [create(2)])
    assert exchange.imports() == ["00000002.customer.csv"]
    text = (exchange.root / "import" / "00000002.customer.csv").read_text()
    assert text == "_write_id,_operation,_id,key,name\nw2,create,,g2,Company 2\n"


def test_numbers_go_on_where_the_notes_were_lost(exchange: Exchange) -> None:
    exchange.write("ack/00000041.customer.csv", "_write_id,_status\n")
    exchange.connector().push("customer", [create(1)])
    assert exchange.imports() == ["00000042.customer.csv"]


def test_a_write_that_comes_again_is_no_second_row_whatever_is_known_of_it(exchange: Exchange) -> None:
    exchange.write("customer_1.csv", "id,key,name,amount\n")
    assert isinstance(exchange.connector().push("customer", [create(1)])[0].error, Unknown)
    told: dict[str, list[str]] = {}
    (waiting,) = exchange.connector().push("customer", [create(1)], lambda ids, job: told.update({job: list(ids)}))
    assert isinstance(waiting.error, Unknown)
    assert told == {"00000001.customer": ["w1"]}
    (exchange.root / "import" / "00000001.customer.csv").unlink()
    (taken,) = exchange.connector().push("customer", [create(1)])
    assert isinstance(taken.error, Unknown)
    exchange.acknowledge("00000001.customer.csv", "w1,applied,C1,,,")
    (done,) = exchange.connector().push("customer", [create(1)])
    assert (done.native_id, done.error) == ("C1", None)
    assert exchange.imports() == []


def test_a_refused_write_is_a_row_again_when_it_is_sent_again(exchange: Exchange) -> None:
    connector = exchange.connector()
    exchange.while_waiting = lambda: exchange.acknowledge("00000001.customer.csv", "w1,rejected,,credit hold,,")
    (refused,) = connector.push("customer", [create(1)])
    assert isinstance(refused.error, Rejected)
    assert (refused.error.reason, "ack/00000001.customer.csv, row 1" in str(refused.error)) == ("credit hold", True)
    exchange.while_waiting = lambda: exchange.acknowledge("00000002.customer.csv", "w1,applied,C1,,,")
    (done,) = connector.push("customer", [create(1)])
    assert (done.native_id, done.error) == ("C1", None)


def test_a_process_that_died_before_the_file_stood_there_puts_it_there(exchange: Exchange, monkeypatch: Any) -> None:
    connector = exchange.connector()

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(connector._pusher._journal, "place", die)
    with pytest.raises(KeyboardInterrupt):
        connector.push("customer", [create(1), create(2)])
    later = exchange.connector()
    assert later.unfinished(["00000001.customer"]) == set()
    later.push("customer", [create(1), create(2)])
    assert exchange.imports() == ["00000001.customer.csv"]
    assert "w2" in (exchange.root / "import" / "00000001.customer.csv").read_text()
    assert later.unfinished(["00000001.customer"]) == {"00000001.customer"}


def test_a_file_that_was_taken_and_never_acknowledged_is_open_for_a_day(exchange: Exchange) -> None:
    connector = exchange.connector()
    connector.push("customer", [create(1)])
    (exchange.root / "import" / "00000001.customer.csv").unlink()
    assert connector.unfinished(["00000001.customer", "unheard of"]) == {"00000001.customer"}
    exchange.now += timedelta(hours=24)
    assert connector.unfinished(["00000001.customer"]) == set()
    connector.push("customer", [create(1)])
    assert exchange.imports() == ["00000002.customer.csv"]


def test_old_notes_are_deleted_once_everything_in_them_is_answered(exchange: Exchange) -> None:
    connector = exchange.connector()
    for number in (1, 2, 3):
        connector.push("customer", [create(number)])
    exchange.acknowledge("00000001.customer.csv", "w1,applied,C1,,,")
    exchange.acknowledge("00000003.customer.csv", "w3,rejected,,no,,")
    exchange.now += timedelta(days=90)
    connector.push("customer", [create(4)])
    assert sorted(path.name for path in (exchange.root / "crmerp").iterdir()) == [
        "00000002.customer.jsonl",
        "00000002.customer.placed",
        "00000002.taken",
        "00000004.customer.jsonl",
        "00000004.customer.placed",
        "00000004.taken",
    ]


def test_an_acknowledgement_may_come_in_parts_and_with_rows_that_say_nothing(exchange: Exchange) -> None:
    connector = exchange.connector()
    writes = [create(1), create(2), create(3), replace(create(4), operation="update", native_id="C4")]

    def answer() -> None:
        exchange.acknowledge("00000001.customer.csv", "w1,applied,C1,,,", "w2,perhaps,,,,", ",applied,C9,,,")
        exchange.write("ack/00000001.customer.2.csv", "_write_id,_status,_id\nw3,applied,\n")
        exchange.write("ack/00000002.customer.jsonl", '{"_write_id": "w4", "_status": "gone"}\n')

    exchange.while_waiting = answer
    results = connector.push("customer", writes)
    assert [type(one.error) for one in results] == [type(None), Unknown, Unknown, Gone]
    assert connector.unfinished(["00000001.customer", "00000002.customer"]) == {"00000001.customer"}


def test_a_csv_file_holds_only_writes_that_set_the_same_fields(exchange: Exchange) -> None:
    """An empty cell clears its field, and what is not to be touched has no column."""
    update = replace(create(2), operation="update", native_id="C2", values={"phone": None})
    exchange.connector().push("customer", [create(1), update, create(3)])
    texts = [(exchange.root / "import" / name).read_text() for name in exchange.imports()]
    assert texts == [
        "_write_id,_operation,_id,key,name\nw1,create,,g1,Company 1\nw3,create,,g3,Company 3\n",
        "_write_id,_operation,_id,phone\nw2,update,C2,\n",
    ]


def test_lines_references_and_numbers_in_both_forms(exchange: Exchange) -> None:
    lines = [{"item": Ref("item", native_id=f"I{n}"), "quantity": Decimal(f"{n}.50")} for n in (1, 2)]
    values = {"customer": Ref("customer", native_id="C1"), "active": True, "lines": lines}
    write = Write("w1", "order", "create", "key", "g1", None, dict(values))
    plain = ObjectLayout(id="no", full="order_*.csv", children={"lines": Children()})
    exchange.connector(order=plain).push("order", [write])
    exchange.connector(order=plain.model_copy(update={"writes": "jsonl"})).push("order", [replace(write, id="w2")])
    csv, jsonl = ((exchange.root / "import" / name).read_text() for name in exchange.imports())
    assert csv.splitlines() == [
        "_write_id,_operation,_id,key,customer,active,lines.item,lines.quantity",
        "w1,create,,g1,C1,true,I1,1.50",
        "w1,create,,g1,C1,true,I2,2.50",
    ]
    assert json.loads(jsonl) == {
        "_write_id": "w2",
        "_operation": "create",
        "_id": None,
        "key": "g1",
        "customer": "C1",
        "active": "true",
        "lines": [{"item": "I1", "quantity": "1.50"}, {"item": "I2", "quantity": "2.50"}],
    }


def test_a_value_that_the_encoding_lacks_refuses_its_own_write(exchange: Exchange) -> None:
    layout = ObjectLayout(id="id", full="customer_*.csv", encoding="latin-1")
    results = exchange.connector(customer=layout).push("customer", [create(1, name="Łódź"), create(2, name="Zürich")])
    assert isinstance(results[0].error, Rejected)
    assert results[0].error.field == "name"
    assert "Zürich".encode("latin-1") in (exchange.root / "import" / "00000001.customer.csv").read_bytes()


def test_an_object_store_works_like_a_folder() -> None:
    """fsspec's store in memory has no rename and no exclusive open, like the real ones."""
    store = fsspec.filesystem("memory")
    root = f"/erp-{uuid.uuid4()}"
    store.pipe_file(f"{root}/extracts/customer_1.csv", b"id,key,name,amount\nC1,g9,Acme,1.10\n")
    store.pipe_file(f"{root}/extracts/customer_2.csv.tmp", b"id,key")
    layouts = {"customer": ObjectLayout(id="id", full="extracts/customer_*.csv")}

    def acknowledge(_seconds: float) -> None:
        (name,) = [path.rpartition("/")[2] for path in store.ls(f"{root}/import", detail=False)]
        store.pipe_file(f"{root}/ack/{name}", b"_write_id,_status,_id\nw1,applied,C2\n")

    url = f"memory:/{root}"
    connector = FilesConnector("erp", url, layouts, clock=lambda: NOW, sleep=acknowledge, patience=1.0)
    assert names(pulled(connector)[0]) == {"C1": "Acme"}
    assert [one.native_id for one in connector.push("customer", [create(1)])] == ["C2"]
    another = FilesConnector("erp", url, layouts, clock=lambda: NOW, patience=0.0)
    assert another.push("customer", [create(1)])[0].native_id == "C2"
    another.push("customer", [create(2)])
    names_ = sorted(path.rpartition("/")[2] for path in store.ls(f"{root}/import", detail=False))
    assert names_ == ["00000001.customer.csv", "00000002.customer.csv"]
    assert [one.ok for one in another.check({})] == [True]


# -- our own writes on top of older extracts


def test_an_extract_from_before_our_write_does_not_take_it_back(exchange: Exchange) -> None:
    layout = ObjectLayout(id="id", full="customer_*.csv")
    extract(exchange, "customer_1.csv", "id,name,amount,total\nC1,Old,1,\nC2,Two,2,\n", NOW - timedelta(hours=9))
    connector = written(exchange, layout, NOW.isoformat())
    fields = (*FIELDS, "total")
    (row,) = connector.fetch("customer", fields, ["C1"])
    assert (row["name"], row["amount"], row["total"]) == ("Ours", None, "7")
    rows, _, cursor = pulled(connector, fields=fields)
    assert names(rows) == {"C1": "Ours", "C2": "Two"}
    extract(exchange, "customer_2.csv", "id,name,amount,total\nC1,Old,1,\nC2,Two,2,\n", NOW + timedelta(minutes=9))
    assert [row["name"] for row in pulled(connector, cursor, fields=fields)[0]] in ([], ["Ours"])
    extract(exchange, "customer_3.csv", "id,name,amount,total\nC1,A person's,1,\nC2,Two,2,\n", NOW + timedelta(hours=1))
    (row,) = connector.fetch("customer", fields, ["C1"])
    assert row["name"] == "A person's"


def test_a_time_of_change_says_exactly_which_extract_has_our_write(exchange: Exchange) -> None:
    layout = ObjectLayout(id="id", full="customer_*.csv", modified="changed")
    head = "id,name,amount,changed\n"
    extract(exchange, "customer_1.csv", f"{head}C1,Old,1,2026-03-01T03:00:00Z\n", NOW)
    connector = written(exchange, layout, "2026-03-01T12:00:05Z")
    extract(exchange, "customer_2.csv", f"{head}C1,Old,1,2026-03-01 12:00:04\n", NOW + timedelta(hours=2))
    assert names(connector.fetch("customer", FIELDS, ["C1"])) == {"C1": "Ours"}
    extract(exchange, "customer_3.csv", f"{head}C1,Newer,1,2026-03-01T12:00:05Z\n", NOW)
    assert names(connector.fetch("customer", FIELDS, ["C1"])) == {"C1": "Newer"}


def test_a_record_that_we_made_is_there_before_any_extract_and_gone_with_a_later_one(exchange: Exchange) -> None:
    layout = ObjectLayout(id="id", full="customer_*.csv")
    extract(exchange, "customer_1.csv", "id,key,name,amount\n", NOW - timedelta(hours=1))
    connector = exchange.connector(customer=layout)
    exchange.while_waiting = lambda: exchange.acknowledge("00000001.customer.csv", f"w1,applied,C7,,{NOW.isoformat()},")
    connector.push("customer", [create(1)])
    assert connector.find_by_key("customer", "key", ["g1"], FIELDS)["g1"]["_id"] == "C7"
    assert connector.ids("customer") == ["C7"]
    extract(exchange, "customer_2.csv", "id,key,name,amount\n", NOW + timedelta(hours=1))
    assert connector.find_by_key("customer", "key", ["g1"], FIELDS) == {}
    assert connector.ids("customer") == []


def test_a_change_that_a_person_made_after_our_write_is_never_hidden(exchange: Exchange) -> None:
    """A file of changes tells it once; hiding it for the time that an extract takes would lose it."""
    layout = ObjectLayout(id="id", full="customer_*.csv", changes="changes_*.csv")
    extract(exchange, "customer_1.csv", "id,name,amount\nC1,Old,1\n", NOW - timedelta(hours=9))
    connector = written(exchange, layout, NOW.isoformat())
    _, _, cursor = pulled(connector)
    extract(exchange, "changes_2.csv", "id,name,amount\nC1,A person's,1\n", NOW + timedelta(minutes=1))
    assert names(pulled(connector, cursor)[0]) == {"C1": "A person's"}
    assert names(connector.fetch("customer", FIELDS, ["C1"])) == {"C1": "A person's"}
