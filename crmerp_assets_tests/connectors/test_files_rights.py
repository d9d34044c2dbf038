"""What the platform's user may do in the folders of an exchange, and where that is changed.

Removed once, each caught here: the folder of a child list, the effective user, the bit of everybody.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crmerp_assets.connectors.files import FilesConnector, ObjectLayout
from crmerp_assets.connectors.files.layout import Children
from crmerp_assets.connectors.protocol import Needs
from crmerp_assets_tests.connectors.exchange import NOW, Exchange, create

LINES = {"lines": Children(pattern="lines/line_*.csv", parent="customer")}
LAYOUT = ObjectLayout(id="id", full="extracts/customer_*.csv", children=LINES)
NEEDS = {"customer": Needs(frozenset({"name"}), frozenset({"name"}))}
NOBODY = 65534


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    """A folder that a user without any rights can at least get to."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        made = Exchange(Path(folder))
        made.write("extracts/customer_1.csv", "id,name,amount\nC1,One,1\n")
        made.write("lines/line_1.csv", "customer,sku\nC1,A\n")
        for name in ("import", "ack", "crmerp"):
            (made.root / name).mkdir()
        yield made


@contextmanager
def as_somebody(owner: Path) -> Iterator[None]:
    """As a user whose folders these are, without what an administrator of the machine may."""
    if os.geteuid() != 0:
        yield
        return
    for path in (owner, *owner.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_the_rights_that_are_printed_are_enough_and_one_less_is_named(exchange: Exchange) -> None:
    connector = exchange.connector(customer=LAYOUT)
    with as_somebody(exchange.root):
        for folder, mode in (
            ("extracts", 0o500),
            ("lines", 0o500),
            ("import", 0o700),
            ("ack", 0o500),
            ("crmerp", 0o700),
        ):
            (exchange.root / folder).chmod(mode)
        rights = connector.rights(NEEDS)
        assert all(right.granted and right.needed for right in rights)
        assert [right.name for right in rights] == [
            "read extracts",
            "read lines",
            "read crmerp",
            "write crmerp",
            "read import",
            "write import",
            "read ack",
        ]
        connector.push("customer", [create(1)])
        for folder, mode, lacking in (("import", 0o500, "write import"), ("lines", 0o300, "read lines")):
            (exchange.root / folder).chmod(mode)
            (missing,) = [right for right in connector.rights(NEEDS) if not right.granted]
            assert missing.name == lacking
            assert f"{exchange.root}/{folder}" in missing.where
            (exchange.root / folder).chmod(0o700)


def test_a_folder_that_everybody_may_write_to_is_more_than_is_needed(exchange: Exchange) -> None:
    (exchange.root / "ack").chmod(0o777)
    (open_,) = [right for right in exchange.connector(customer=LAYOUT).rights(NEEDS) if not right.needed]
    assert open_.name == "everybody: write ack"
    assert "chmod o-w" in open_.where


def test_an_object_store_does_not_tell_and_its_address_shows_no_password() -> None:
    connector = FilesConnector("erp", "memory://user:secret@erp", {"customer": LAYOUT}, clock=lambda: NOW)
    rights = connector.rights(NEEDS)
    assert {right.granted for right in rights} == {None}
    assert not any("secret" in right.where for right in rights)
