"""Warehouses for tests: in memory, and in a file as a run opens it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from crmerp_assets.warehouse import Warehouse


def in_memory() -> Warehouse:
    """A warehouse that lives as long as its object."""
    con = duckdb.connect(config={"threads": 1})

    @contextmanager
    def connect() -> Iterator[duckdb.DuckDBPyConnection]:
        yield con

    return Warehouse(connect)


def in_file(path: Path) -> Warehouse:
    """A warehouse that is opened anew for every block."""

    @contextmanager
    def connect() -> Iterator[duckdb.DuckDBPyConnection]:
        con = duckdb.connect(str(path))
        try:
            yield con
        finally:
            con.close()

    return Warehouse(connect)
