"""A business day: `morning`, then the platform runs, then `afternoon` over the orders it has made."""

from crmerp_assets.sandbox.company.afternoon import AFTERNOON, afternoon
from crmerp_assets.sandbox.company.morning import MORNING, UNKNOWN_PRODUCT, morning
from crmerp_assets.sandbox.company.scene import Event, NotLinked, Step

__all__ = ["AFTERNOON", "MORNING", "UNKNOWN_PRODUCT", "Event", "NotLinked", "Step", "afternoon", "morning"]
