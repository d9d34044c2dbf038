"""The contract, for every system that is built in.

Protection removed once: noticing pages and redirects whose status says that all is well. Caught by the tests of answers
to a write that are none, and of updates whose answer is a page, for NetSuite, whose updates passed for saved.
"""

from crmerp_assets.contract.suite import *  # noqa: F403
