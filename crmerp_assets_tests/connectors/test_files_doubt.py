"""Where files leave a doubt, the safe side is taken: cut answers, withdrawn writes, numbers, lines without an order.

Tried by removing each protection and seeing which test fails:

| removed                                    | caught by                                                              |
|--------------------------------------------|------------------------------------------------------------------------|
| answers in the layout's zone and form      | test_an_answer_is_read_as_the_extracts_are                             |
| a day without a time is compared by file   | test_a_day_without_a_time_says_nothing_about_a_write_of_that_day       |
| an answer without a time, too              | test_an_answer_without_a_time_is_compared_by_file                      |
| records that we wrote are given again      | test_a_person_who_sets_back_what_we_wrote_is_heard                     |
| a digest of the answers, not their number  | test_an_answer_that_goes_while_another_comes_is_seen                   |
| only writes that come again are placed     | test_a_withdrawn_write_does_not_go_out_with_the_others_of_its_file     |
| the number is taken without the object     | test_two_objects_never_share_a_number                                  |
| stores that cannot take a number refused   | test_a_store_that_cannot_take_a_number_is_not_written_to               |
| errors after placing are no answer         | test_what_cannot_be_read_after_placing_is_no_answer_yet                |
| an error of the note beside the file       | test_a_file_that_stands_there_is_sent_whatever_its_note                |
| a last line without its end is left out    | test_a_cut_answer_is_none                                              |
| the control file of answers                | test_an_answer_waits_for_its_control_file                              |
| later files over earlier ones              | test_the_later_answer_holds_whatever_its_name                          |
| lines end with a line feed only            | test_a_line_separator_within_a_text_ends_no_line                       |
| lost counts from when it was missed        | test_a_file_that_waited_for_days_is_not_lost_when_it_is_taken          |
| only the first column names a bad line     | test_a_bad_line_names_no_record_by_a_cell_that_may_have_moved          |
| an id with bytes of another encoding       | test_an_id_that_cannot_be_read_names_nobody                            |
| orders are held back beside such a line    | test_a_line_that_nobody_can_place_holds_back_orders_that_may_lack_it   |
| rows only for what we made                 | test_an_update_of_a_record_that_no_extract_has_makes_no_row            |
| full is required for writing               | test_an_object_with_changes_only_is_not_written_to                     |
| the dimension of a sheet is not believed   | test_a_sheet_with_a_stale_dimension_is_read_whole                      |
| doubled headers of a sheet                 | test_a_header_that_cannot_be_used_is_named                             |
| changes with the stamp of the full extract | test_changes_with_the_stamp_of_the_full_extract_count_when_they_follow |
| lists are known by the write               | test_a_text_that_looks_like_a_list_is_a_text                           |
| folders and names of objects are checked   | test_names_that_would_be_mistaken_are_refused                          |
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import fsspec
import openpyxl
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.spec import AbstractFileSystem
from pydantic import ValidationError

from crmerp_assets.connectors.errors import ConfigError, Unknown
from crmerp_assets.connectors.files import Children, FilesConnector, Folders, ObjectLayout
from crmerp_assets.connectors.protocol import Needs
from crmerp_assets.systems.files import FilesConfig
from crmerp_assets_tests.connectors.exchange import FIELDS, NOW, Exchange, create, extract, names, pulled, written

PLAIN = ObjectLayout(id="id", full="customer_*.csv")
HEAD = "_write_id,_status,_id\n"


@pytest.fixture
def exchange(tmp_path: Path) -> Exchange:
    return Exchange(tmp_path)


# -- answers


def test_an_answer_is_read_as_the_extracts_are(exchange: Exchange) -> None:
    """07:05 in New York is 12:05 UTC: after the first extract's change, before the second's."""
    layout = ObjectLayout(
        id="id",
        full="customer_*.csv",
        modified="changed",
        timezone="America/New_York",
        delimiter=";",
        encoding="cp1252",
    )
    head = "id;name;amount;changed\n"
    extract(exchange, "customer_1.csv", f"{head}C1;Old;1;2026-03-01 07:04:00\n", NOW)
    connector = exchange.connector(customer=layout)
    answer = "_write_id;_status;_id;_modified;name\nw1;applied;C1;2026-03-01 07:05:00;Müller\n"
    exchange.while_waiting = lambda: _answer(exchange, "00000001.customer.csv", answer.encode("cp1252"))
    assert connector.push("customer", [replace(create(1), operation="update", native_id="C1")])[0].error is None
    assert names(connector.fetch("customer", FIELDS, ["C1"])) == {"C1": "Müller"}
    extract(exchange, "customer_2.csv", f"{head}C1;Newer;1;2026-03-01 07:06:00\n", NOW)
    assert names(connector.fetch("customer", FIELDS, ["C1"])) == {"C1": "Newer"}


def _answer(exchange: Exchange, name: str, text: str | bytes) -> None:
    exchange.write(f"ack/{name}", text)
    (exchange.root / "import" / name).unlink(missing_ok=True)


def test_a_day_without_a_time_says_nothing_about_a_write_of_that_day(exchange: Exchange) -> None:
    layout = ObjectLayout(id="id", full="customer_*.csv", modified="changed")
    head = "id,name,amount,changed\n"
    extract(exchange, "customer_1.csv", f"{head}C1,Old,1,2026-03-01\n", NOW - timedelta(hours=9))
    connector = written(exchange, layout, NOW.isoformat())
    assert names(connector.fetch("customer", FIELDS, ["C1"])) == {"C1": "Ours"}
    extract(exchange, "customer_2.csv", f"{head}C1,A person's,1,2026-03-01\n", NOW + timedelta(hours=1))
    assert names(connector.fetch("customer", FIELDS, ["C1"])) == {"C1": "A person's"}


def test_an_answer_without_a_time_is_compared_by_file(exchange: Exchange) -> None:
    """It is dated by its file, later than the change that it tells of: the extract of that change is not before it."""
    layout = ObjectLayout(id="id", full="customer_*.csv", modified="changed")
    head = "id,name,amount,changed\n"
    extract(exchange, "customer_1.csv", f"{head}C1,Old,1,2026-02-01T00:00:00Z\n", NOW - timedelta(hours=9))
    connector = written(exchange, layout, "")
    extract(exchange, "ack/00000001.customer.csv", f"{HEAD}w1,applied,C1\n", NOW)
    assert names(connector.fetch("customer", FIELDS, ["C1"])) == {"C1": "Ours"}
    extract(exchange, "customer_2.csv", f"{head}C1,Set back,1,2026-03-01T11:59:58Z\n", NOW + timedelta(hours=1))
    assert names(connector.fetch("customer", FIELDS, ["C1"])) == {"C1": "Set back"}


def test_a_cut_answer_is_none(exchange: Exchange) -> None:
    connector = exchange.connector()
    connector.push("customer", [create(1), create(2)])
    _answer(exchange, "00000001.customer.csv", f"{HEAD}w1,applied,1041\nw2,applied,10")
    first, second = connector.push("customer", [create(1), create(2)])
    assert (first.native_id, type(second.error)) == ("1041", Unknown)
    exchange.write("ack/00000001.customer.csv", f"{HEAD}w1,applied,1041\nw2,applied,1042\n")
    assert [one.native_id for one in connector.push("customer", [create(1), create(2)])] == ["1041", "1042"]


def test_an_answer_waits_for_its_control_file(exchange: Exchange) -> None:
    connector = exchange.connector(customer=PLAIN.model_copy(update={"control": True}))
    connector.push("customer", [create(1), create(2)])
    _answer(exchange, "00000001.customer.csv", f"{HEAD}w1,applied,C1\n")
    for count, known in (("", False), ("2", False), ("1", True)):
        if count:
            exchange.write("ack/00000001.customer.csv.count", count)
        assert (connector.push("customer", [create(1)])[0].error is None) is known, count


def test_the_later_answer_holds_whatever_its_name(exchange: Exchange) -> None:
    connector = exchange.connector()
    connector.push("customer", [create(1)])
    extract(exchange, "ack/00000001.customer.csv", f"{HEAD}w1,applied,first\n", NOW - timedelta(minutes=1))
    extract(exchange, "ack/00000001.customer.2.csv", f"{HEAD}w1,applied,second\n", NOW)
    extract(exchange, "ack/00000001.customer.10.csv", f"{HEAD}w1,applied,third\n", NOW)
    assert connector.push("customer", [create(1)])[0].native_id == "third"


def test_a_line_separator_within_a_text_ends_no_line(exchange: Exchange) -> None:
    exchange.connector().push("customer", [create(1, name="one\u2028two")])
    row = {"_write_id": "w1", "_status": "applied", "_id": "C1", "name": "one\u2028two"}
    exchange.write("ack/00000001.customer.jsonl", json.dumps(row, ensure_ascii=False) + "\n")
    assert exchange.connector().push("customer", [create(1, name="one\u2028two")])[0].native_id == "C1"


def test_an_answer_that_goes_while_another_comes_is_seen(exchange: Exchange) -> None:
    connector = exchange.connector()
    extract(exchange, "customer_1.csv", "id,key,name,amount\nC1,g1,One,1\nC2,g2,Two,2\n", NOW - timedelta(hours=9))
    updates = [replace(create(n), operation="update", native_id=f"C{n}", values={"name": "Ours"}) for n in (1, 2)]
    connector.push("customer", updates)
    extract(exchange, "ack/00000001.customer.csv", f"{HEAD}w1,applied,C1\n", NOW)
    _, _, cursor = pulled(connector)
    extract(exchange, "ack/00000001.customer.csv", f"{HEAD}w2,applied,C2\n", NOW + timedelta(minutes=1))
    assert names(pulled(connector, cursor)[0])["C2"] == "Ours"


# -- our own writes


def test_a_person_who_sets_back_what_we_wrote_is_heard(exchange: Exchange) -> None:
    extract(exchange, "customer_1.csv", "id,name,amount,total\nC1,A,1,\n", NOW - timedelta(hours=9))
    connector = written(exchange, PLAIN, NOW.isoformat())
    rows, _, cursor = pulled(connector)
    assert names(rows) == {"C1": "Ours"}
    extract(exchange, "customer_2.csv", "id,name,amount,total\nC1,A,1,\n", NOW + timedelta(hours=9))
    assert names(pulled(connector, cursor)[0]) == {"C1": "A"}


def test_an_update_of_a_record_that_no_extract_has_makes_no_row(exchange: Exchange) -> None:
    extract(exchange, "customer_1.csv", "id,name,amount,total\nC2,Two,2,\n", NOW - timedelta(hours=9))
    connector = written(exchange, PLAIN, NOW.isoformat())
    assert names(pulled(connector)[0]) == {"C2": "Two"}
    assert connector.ids("customer") == ["C2"]


# -- import files


def test_a_withdrawn_write_does_not_go_out_with_the_others_of_its_file(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = exchange.connector()
    monkeypatch.setattr(connector._pusher._journal, "place", _die)
    with pytest.raises(KeyboardInterrupt):
        connector.push("customer", [create(1), create(2)])
    later = exchange.connector()
    later.push("customer", [create(1)])
    text = "".join((exchange.root / "import" / name).read_text() for name in exchange.imports())
    assert ("w1," in text, "w2," in text) == (True, False)
    later.push("customer", [create(2)])
    rows = [(exchange.root / "import" / name).read_text().splitlines()[1:] for name in exchange.imports()]
    assert rows == [["w1,create,,g1,Company 1"], ["w2,create,,g2,Company 2"]]


def _die(*_: Any) -> None:
    raise KeyboardInterrupt


def _refuse(*_: Any) -> None:
    raise PermissionError


def test_two_objects_never_share_a_number(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both looked for the next number before either took it."""
    contact = ObjectLayout(id="id", full="contact_*.csv")
    one, two = (exchange.connector(customer=PLAIN, contact=contact) for _ in range(2))
    for connector in (one, two):
        monkeypatch.setattr(connector._pusher._journal, "_next", lambda: 7)
    one.push("customer", [create(1)])
    two.push("contact", [replace(create(2), object="contact")])
    assert exchange.imports() == ["00000007.customer.csv", "00000008.contact.csv"]


class Careless(MemoryFileSystem):
    """Looks whether a file is there, then writes it, as fsspec does for stores that know no better."""

    protocol = "careless"
    pipe_file = AbstractFileSystem.pipe_file


def test_a_store_that_cannot_take_a_number_is_not_written_to() -> None:
    fsspec.register_implementation("careless", Careless, clobber=True)
    connector = FilesConnector("erp", "careless://erp", {"customer": PLAIN}, clock=lambda: NOW)
    with pytest.raises(ConfigError, match="cannot make a file only where there is none"):
        connector.push("customer", [create(1)])
    assert [one.ok for one in connector.check({})] == [False]


def test_what_cannot_be_read_after_placing_is_no_answer_yet(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AuthFailed would say that nothing was sent."""
    connector = exchange.connector()
    monkeypatch.setattr(connector._pusher._answers, "of", lambda stems: _refuse() if stems else {})
    monkeypatch.setattr(connector._pusher._journal, "forget", _refuse)
    (result,) = connector.push("customer", [create(1)])
    assert isinstance(result.error, Unknown)
    assert exchange.imports() == ["00000001.customer.csv"]


def test_a_file_that_stands_there_is_sent_whatever_its_note(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = exchange.connector()
    put = connector._store.put
    monkeypatch.setattr(
        connector._store, "put", lambda path, text: _refuse() if path.endswith(".placed") else put(path, text)
    )
    (result,) = connector.push("customer", [create(1)])
    assert isinstance(result.error, Unknown)
    assert exchange.imports() == ["00000001.customer.csv"]


def test_a_file_that_waited_for_days_is_not_lost_when_it_is_taken(exchange: Exchange) -> None:
    connector = exchange.connector()
    connector.push("customer", [create(1)])
    exchange.now += timedelta(days=3)
    (exchange.root / "import" / "00000001.customer.csv").unlink()
    assert connector.unfinished(["00000001.customer"]) == {"00000001.customer"}
    exchange.now += timedelta(hours=23)
    assert exchange.connector().unfinished(["00000001.customer"]) == {"00000001.customer"}
    exchange.now += timedelta(hours=1)
    assert exchange.connector().unfinished(["00000001.customer"]) == set()


def test_an_object_with_changes_only_is_not_written_to(exchange: Exchange) -> None:
    connector = exchange.connector(customer=ObjectLayout(id="id", changes="customer_*.csv"))
    exchange.write("customer_1.csv", "id,name,amount\nC1,One,1\n")
    with pytest.raises(ConfigError, match="add full to its layout"):
        connector.push("customer", [create(1)])
    needs = {"customer": Needs(read=frozenset(FIELDS), write=frozenset({"name"}))}
    assert [one.ok for one in connector.check(needs)] == [True, False, True]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_text_that_looks_like_a_list_is_a_text(exchange: Exchange, form: str) -> None:
    layout = PLAIN.model_copy(update={"writes": form})
    exchange.connector(customer=layout).push("customer", [create(1, name="[]", phone='[{"a": "b"}]', lines=[])])
    (text,) = ((exchange.root / "import" / name).read_text() for name in exchange.imports())
    if form == "csv":
        assert text.splitlines()[1] == 'w1,create,,g1,[],"[{""a"": ""b""}]"'
    else:
        assert (json.loads(text)["name"], json.loads(text)["lines"]) == ("[]", [])


# -- extracts


def test_a_bad_line_names_no_record_by_a_cell_that_may_have_moved(exchange: Exchange) -> None:
    """The name holds a delimiter, so C1 stands where the id does: it would be spared, and C2 named as deleted."""
    connector = exchange.connector()
    exchange.write("customer_1.csv", "name,id,amount\nOne,C1,1\nTwo,C2,2\n")
    _, cursor = connector.deletions("customer", None)
    exchange.write("customer_2.csv", "name,id,amount\nOne,C1,1\nTwo,C1,C2,2\n")
    assert [one.record for one in pulled(connector)[1]] == [None]
    assert connector.deletions("customer", cursor)[0] == []


def test_an_id_that_cannot_be_read_names_nobody(exchange: Exchange) -> None:
    exchange.write("customer_1.csv", "id,name,amount\nCé,One,1\n".encode())
    connector = exchange.connector()
    _, cursor = connector.deletions("customer", None)
    exchange.write("customer_2.csv", "id,name,amount\nCé,One,1\n".encode("latin-1"))
    assert [one.record for one in pulled(connector)[1]] == [None]
    assert connector.deletions("customer", cursor)[0] == []


def test_a_line_that_nobody_can_place_holds_back_orders_that_may_lack_it(exchange: Exchange) -> None:
    lines = Children(pattern="order_lines_*.csv", parent="order")
    connector = exchange.connector(order=ObjectLayout(id="no", full="order_*.csv", children={"lines": lines}))
    fields = ("name", "lines.item")
    for stamp, text in (
        (1, "I1,O1\nI2,O1\nI3,O2\n"),
        (2, "I1,O1\nI2\nI3,O2\nI4,O3\n"),
        (3, "I1,O1\nI2\nI3,O2\nI4,O3\n"),
        (4, "I1,O1\nI2,O1\nI3,O2\nI4,O3\n"),
    ):
        exchange.write(f"order_{stamp}.csv", "no,name\nO1,One\nO2,Two\nO3,Three\n")
        exchange.write(f"order_lines_{stamp}.csv", f"item,order\n{text}")
        rows, misread, _ = pulled(connector, object="order", fields=fields)
        kept = {row["_id"] for row in rows}
        bad = stamp in (2, 3)
        assert (kept, len(misread)) == (({"O2"}, 1) if bad else ({"O1", "O2", "O3"}, 0)), stamp
        assert sorted(connector.ids("order")) == ["O1", "O2", "O3"]


def test_a_sheet_with_a_stale_dimension_is_read_whole(exchange: Exchange) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in (("id", "name", "amount"), ("C1", "One", 1), ("C2", "Two", 2)):
        sheet.append(line)
    whole = exchange.root / "whole.xlsx"
    book.save(whole)
    with zipfile.ZipFile(whole) as read, zipfile.ZipFile(exchange.root / "customer_1.xlsx", "w") as stale:
        for name in read.namelist():
            stale.writestr(name, read.read(name).replace(b'ref="A1:C3"', b'ref="A1:C2"'))
    connector = exchange.connector(customer=ObjectLayout(id="id", full="customer_*.xlsx"))
    assert names(pulled(connector)[0]) == {"C1": "One", "C2": "Two"}


def test_a_header_that_cannot_be_used_is_named(exchange: Exchange) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(("id", "name", "amount", "name"))
    book.save(exchange.root / "customer_1.xlsx")
    with pytest.raises(ConfigError, match=r"header of customer_1\.xlsx names name twice"):
        pulled(exchange.connector(customer=ObjectLayout(id="id", full="customer_*.xlsx")))
    exchange.write("customer_1.csv", 'id,name,"' + "x" * 140_000)
    with pytest.raises(ConfigError, match=r"header of customer_1\.csv cannot be read"):
        pulled(exchange.connector())


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", "utf8"])
def test_a_mark_of_utf_8_is_no_text_however_the_encoding_is_spelt(exchange: Exchange, encoding: str) -> None:
    exchange.write("customer_1.jsonl", '\ufeff{"id": "C1", "name": "One", "amount": 1}\n')
    layout = ObjectLayout(id="id", full="customer_*.jsonl", encoding=encoding)
    rows, misread, _ = pulled(exchange.connector(customer=layout))
    assert (names(rows), misread) == ({"C1": "One"}, ())


def test_changes_with_the_stamp_of_the_full_extract_count_when_they_follow(exchange: Exchange) -> None:
    connector = exchange.connector(
        customer=ObjectLayout(id="id", full="customer_*.csv", changes="customer-changes_*.csv")
    )
    head = "id,name,amount\n"
    extract(exchange, "customer_20260301.csv", f"{head}C1,Full,1\n", NOW)
    extract(exchange, "customer-changes_20260301.csv", f"{head}C1,Changed,1\n", NOW - timedelta(hours=1))
    assert names(pulled(connector)[0]) == {"C1": "Full"}
    extract(exchange, "customer-changes_20260301.csv", f"{head}C1,Changed,1\n", NOW + timedelta(hours=1))
    assert names(pulled(connector)[0]) == {"C1": "Changed"}


def test_names_that_would_be_mistaken_are_refused() -> None:
    for folders in ({"imports": "../in"}, {"imports": "/in"}, {"notes": ""}, {"imports": "ack"}):
        with pytest.raises(ValidationError):
            Folders(**folders)
    shape = {"type": "files", "name": "erp", "role": "erp", "url": "/tmp", "objects": {"sales.order": PLAIN}}
    with pytest.raises(ValidationError, match=r"sales\.order"):
        FilesConfig(**shape)
    FilesConfig(**{**shape, "objects": {"sales-order_1": PLAIN}})
