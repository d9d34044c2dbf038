"""A server that behaves like a NetSuite account: SuiteTalk REST, SuiteQL, and the accounting behind them."""

from crmerp_assets.sandbox.netsuite.server import NetSuiteSandbox

__all__ = ["NetSuiteSandbox"]
