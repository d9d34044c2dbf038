"""The contract that every connector keeps, for whoever writes one: ours and those of other packages alike.

A package that brings a system has one test module:

    from crmerp_assets.contract.suite import *

    @pytest.fixture
    def case(request, tmp_path):
        with my_case(tmp_path) as started:
            yield with_gaps(request, started)

It needs pytest, which the extra `contract` brings.
"""

import pytest

pytest.register_assert_rewrite(
    "crmerp_assets.contract.suite", "crmerp_assets.contract.bad_input", "crmerp_assets.contract.exactly_once"
)
