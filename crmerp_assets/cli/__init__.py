"""`crmerp`: the command line. It starts Dagster runs and shows what they did; it has no second engine.

Exit codes: 0 done, 1 something needs attention (it is said what), 2 wrong usage or configuration, 3 a system or the
ledger could not be used now; try again.
"""

from crmerp_assets.cli.main import main

__all__ = ["main"]
