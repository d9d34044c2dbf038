"""pyarrow, which knows nothing of either side, reads the extracts and writes the import files."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import csv

from crmerp_assets.sandbox.files import FilesSandbox


@pytest.fixture
def erp(tmp_path: Path) -> Iterator[FilesSandbox]:
    with FilesSandbox(tmp_path) as sandbox:
        yield sandbox


def test_a_seeded_record_is_in_the_newest_extract_and_its_count_beside_it(erp: FilesSandbox) -> None:
    (made,) = erp.seed("customer", [{"name": 'Müller, "Söhne"\nGmbH'}])
    newest = newest_of(erp, "customer")
    table = csv.read_csv(newest, parse_options=csv.ParseOptions(newlines_in_values=True))
    assert table.select(["customer_no", "name"]).to_pylist() == [{"customer_no": made, "name": 'Müller, "Söhne"\nGmbH'}]
    assert newest.with_name(f"{newest.name}.count").read_text().strip() == "1"


def test_an_import_file_is_applied_acknowledged_and_taken_away(erp: FilesSandbox) -> None:
    told = imported(erp, "00000001.customer.csv", CUSTOMERS)
    assert [(row["_write_id"], row["_status"]) for row in told] == [("w1", "applied"), ("w2", "rejected")]
    assert told[1]["_reason"] == "name must be filled"
    assert not list((erp.folder.root / "import").iterdir())
    names = csv.read_csv(newest_of(erp, "customer")).column("name").to_pylist()
    assert names == ["Acme"]


def test_a_write_id_or_a_key_that_comes_again_makes_no_second_record(erp: FilesSandbox) -> None:
    (first, *_) = imported(erp, "00000001.customer.csv", CUSTOMERS)
    (again, *_) = imported(erp, "00000002.customer.csv", CUSTOMERS)
    (key, *_) = imported(erp, "00000003.customer.csv", {**CUSTOMERS, "_write_id": ["w8", "w9"]})
    assert first["_id"] == again["_id"] == key["_id"]
    assert erp.count("customer") == 1


def test_the_lines_of_an_order_come_as_rows_and_go_into_a_file_of_their_own(erp: FilesSandbox) -> None:
    (customer,) = erp.seed("customer", [{"name": "Acme"}])
    (item,) = erp.seed("item", [{"sku": "A-1"}])
    rows = {
        "_write_id": ["o1", "o1"],
        "_operation": ["create"] * 2,
        "_id": [""] * 2,
        "crmerp_id": ["g1"] * 2,
        "customer_no": [customer] * 2,
        "lines.item_no": [item] * 2,
        "lines.quantity": ["2", "3"],
        "lines.price": ["10.10", "0.05"],
    }
    (told,) = imported(erp, "00000001.order.csv", rows)
    assert (told["_status"], str(told["total"])) == ("applied", "20.35")
    lines = csv.read_csv(newest_of(erp, "order_lines")).to_pylist()
    assert [(line["order_no"], line["line_no"], line["quantity"]) for line in lines] == [
        (told["_id"], 1, 2),
        (told["_id"], 2, 3),
    ]


def test_a_lost_file_changes_nothing_and_an_unacknowledged_one_does(erp: FilesSandbox) -> None:
    erp.faults.add(kind="cut_before", match="IMPORT 00000001")
    erp.faults.add(kind="cut_after", match="IMPORT 00000002")
    put(erp, "00000001.customer.csv", CUSTOMERS)
    until(lambda: not erp.folder.waiting())
    assert erp.count("customer") == 0
    put(erp, "00000002.customer.csv", CUSTOMERS)
    until(lambda: erp.count("customer") == 1)
    until(lambda: not erp.folder.waiting())
    assert not list((erp.folder.root / "ack").iterdir())


CUSTOMERS = {
    "_write_id": ["w1", "w2"],
    "_operation": ["create", "create"],
    "_id": ["", ""],
    "crmerp_id": ["g1", "g2"],
    "name": ["Acme", ""],
}


def imported(erp: FilesSandbox, name: str, rows: dict[str, list[str]]) -> list[dict[str, object]]:
    """What is said to an import file."""
    put(erp, name, rows)
    acknowledgement = erp.folder.root / "ack" / name
    until(acknowledgement.exists)
    until(lambda: not erp.folder.waiting())
    found: list[dict[str, object]] = csv.read_csv(acknowledgement).to_pylist()
    return found


def put(erp: FilesSandbox, name: str, rows: dict[str, list[str]]) -> None:
    half = erp.folder.root / f"{name}.tmp"
    csv.write_csv(pa.table(rows), half)
    half.replace(erp.folder.root / "import" / name)


def newest_of(erp: FilesSandbox, name: str) -> Path:
    return max((erp.folder.root / "extracts").glob(f"{name}_[0-9]*.csv"))


def until(true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to that")
