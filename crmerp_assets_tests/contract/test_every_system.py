"""The contract, for every system that is built in."""

from crmerp_assets.contract.suite import *  # noqa: F403
