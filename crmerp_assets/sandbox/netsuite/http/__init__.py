"""The wire: routes, authentication, headers and envelopes over the engine."""

from crmerp_assets.sandbox.netsuite.http.api import Api

__all__ = ["Api"]
