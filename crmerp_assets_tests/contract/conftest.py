"""What a system brings along to be put through the connector contract.

A system takes part by a module here with one function that starts its sandbox and returns a `ConnectorCase`, and by
one entry in `CASES`. A part of the contract that a system cannot keep is marked with `Gap` and stays a strict xfail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from crmerp_assets_tests.contract.case import ConnectorCase
from crmerp_assets_tests.contract.salesforce_case import salesforce_case

Start = Callable[[Path], AbstractContextManager[ConnectorCase]]

CASES: dict[str, Start] = {"salesforce": salesforce_case}


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ConnectorCase]:
    with CASES[request.param](tmp_path) as started:
        gap = started.gaps.get(request.function.__name__)
        if gap is not None:
            request.applymarker(pytest.mark.xfail(raises=gap.raises, reason=gap.reason, strict=True))
        yield started
