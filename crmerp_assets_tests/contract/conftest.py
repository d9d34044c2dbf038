"""What a system brings along to be put through the connector contract.

A system takes part by a module here with one function that starts its sandbox and gives a `ConnectorCase`, and by
one entry in `CASES`. A system's module is imported only for its own tests, so that one system can be worked on while
another is broken. A part of the contract that a system cannot keep is a `Gap` and stays a strict xfail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from crmerp_assets.contract.case import ConnectorCase, with_gaps

Start = Callable[[Path], AbstractContextManager[ConnectorCase]]


def start_files(directory: Path) -> AbstractContextManager[ConnectorCase]:
    from crmerp_assets_tests.contract.files_case import files_case

    return files_case(directory)


def start_hubspot(directory: Path) -> AbstractContextManager[ConnectorCase]:
    from crmerp_assets_tests.contract.hubspot_case import hubspot_case

    return hubspot_case(directory)


def start_netsuite(directory: Path) -> AbstractContextManager[ConnectorCase]:
    from crmerp_assets_tests.contract.netsuite_case import netsuite_case

    return netsuite_case(directory)


def start_odoo(directory: Path) -> AbstractContextManager[ConnectorCase]:
    from crmerp_assets_tests.contract.odoo_case import odoo_case

    return odoo_case(directory)


def start_odoo_jsonrpc(directory: Path) -> AbstractContextManager[ConnectorCase]:
    from crmerp_assets_tests.contract.odoo_case import odoo_case

    return odoo_case(directory, version="18.0")


def start_odoo_crm(directory: Path) -> AbstractContextManager[ConnectorCase]:
    from crmerp_assets_tests.contract.odoo_crm_case import odoo_crm_case

    return odoo_crm_case(directory)


def start_salesforce(directory: Path) -> AbstractContextManager[ConnectorCase]:
    from crmerp_assets_tests.contract.salesforce_case import salesforce_case

    return salesforce_case(directory)


def start_tryton(directory: Path) -> AbstractContextManager[ConnectorCase]:
    from crmerp_assets_tests.contract.tryton_case import tryton_case

    return tryton_case(directory)


CASES: dict[str, Start] = {
    "files": start_files,
    "hubspot": start_hubspot,
    "netsuite": start_netsuite,
    "odoo": start_odoo,
    "odoo_jsonrpc": start_odoo_jsonrpc,
    "odoo_crm": start_odoo_crm,
    "salesforce": start_salesforce,
    "tryton": start_tryton,
}


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ConnectorCase]:
    with CASES[request.param](tmp_path) as started:
        yield with_gaps(request, started)
