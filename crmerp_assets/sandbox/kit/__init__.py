"""What every sandbox shares: serving, storing, counting calls, faults on demand, administration."""

from crmerp_assets.sandbox.kit.faults import PAGE_FAULT
from crmerp_assets.sandbox.kit.server import INTEGRATION, Sandbox
from crmerp_assets.sandbox.kit.store import Store

__all__ = ["INTEGRATION", "PAGE_FAULT", "Sandbox", "Store"]
