"""A folder through which an ERP exchanges files with us, for tests that are that ERP."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crmerp_assets.connectors.files import FilesConnector, ObjectLayout
from crmerp_assets.connectors.protocol import Misread, Page, Row, Write

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FIELDS = ("name", "amount")


class Exchange:
    """A folder, and an ERP that is this test."""

    def __init__(self, root: Path) -> None:
        self.root, self.now, self.pauses = root, NOW, list[float]()
        self.while_waiting: Callable[[], None] = lambda: None

    def connector(self, **objects: ObjectLayout) -> FilesConnector:
        def sleep(seconds: float) -> None:
            self.pauses.append(seconds)
            self.while_waiting()

        layouts = objects or {"customer": ObjectLayout(id="id", full="customer_*.csv")}
        return FilesConnector(
            "erp", str(self.root), layouts, clock=lambda: self.now, sleep=sleep, overlap_seconds=600, patience=1.0
        )

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def imports(self) -> list[str]:
        folder = self.root / "import"
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    def acknowledge(self, name: str, *rows: str) -> None:
        self.write(f"ack/{name}", "\n".join(("_write_id,_status,_id,_reason,_modified,total", *rows)) + "\n")
        (self.root / "import" / name).unlink(missing_ok=True)


def pulled(
    connector: FilesConnector, since: str | None = None, object: str = "customer", fields: tuple[str, ...] = FIELDS
) -> tuple[list[Row], tuple[Misread, ...], str]:
    pages: list[Page] = list(connector.pull(object, fields, since))
    misread = tuple(one for page in pages for one in page.misread or ())
    return [row for page in pages for row in page.rows], misread, pages[-1].cursor


def names(rows: list[Row]) -> dict[str | None, str | None]:
    return {row["_id"]: row["name"] for row in rows}


def create(number: int, **values: Any) -> Write:
    given = {"name": f"Company {number}", **values}
    return Write(f"w{number}", "customer", "create", "key", f"g{number}", None, given)


def written(exchange: Exchange, layout: ObjectLayout, at: str, modified: str = "") -> FilesConnector:
    """C1 was updated by us and acknowledged at a time."""
    connector = exchange.connector(customer=layout)
    update = replace(create(1), operation="update", native_id="C1", values={"name": "Ours", "amount": None})
    exchange.while_waiting = lambda: exchange.acknowledge("00000001.customer.csv", f"w1,applied,C1,,{at},7")
    assert connector.push("customer", [update])[0].error is None
    return connector


def extract(exchange: Exchange, name: str, text: str, at: datetime) -> None:
    os.utime(exchange.write(name, text), (at.timestamp(), at.timestamp()))
