"""Records as the organisation keeps them."""

from crmerp_assets.sandbox.salesforce.engine.organisation import Actor, Organisation, Row

__all__ = ["Actor", "Organisation", "Row"]
