"""The account itself: records, their rules, and the accounting that follows from them. Knows nothing of HTTP."""

from crmerp_assets.sandbox.netsuite.engine.account import Account, Options
from crmerp_assets.sandbox.netsuite.engine.records import Records

__all__ = ["Account", "Options", "Records"]
