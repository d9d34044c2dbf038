"""The server that tests use: the one of the demo, from the folder that CRMERP_TEST_TRYTON names."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from crmerp_assets.sandbox.company.erp.tryton_person import Person, Refused, money
from crmerp_assets.sandbox.tryton import TrytonServer
from crmerp_assets.sandbox.tryton.installing import Installation, Unavailable, installation

__all__ = ["Person", "Refused", "TrytonServer", "money", "tryton_server"]
ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("CRMERP_TEST_TRYTON") or ROOT / ".crmerp-bench" / "tryton").resolve()


def required() -> bool:
    """Whether this run must have Tryton: a test that cannot get it fails instead of skipping."""
    return "tryton" in os.environ.get("CRMERP_TEST_REQUIRE", "").split()


@cache
def installed() -> Installation | str:
    """What is installed, or why it is not; asked once a test run."""
    try:
        return installation(FOLDER, date.today())
    except Unavailable as why:
        return str(why)


@contextmanager
def tryton_server(folder: Path) -> Iterator[TrytonServer]:
    """A server of its own; skips, saying why, where Tryton cannot be had, and fails where this run requires one."""
    made = installed()
    if isinstance(made, str):
        (pytest.fail if required() else pytest.skip)(f"no Tryton: {made}")
    with TrytonServer(folder, made) as server:
        yield server
