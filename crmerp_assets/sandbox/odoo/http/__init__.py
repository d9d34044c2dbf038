"""The two protocols, and what of the web client's own routes API clients ask for."""

from crmerp_assets.sandbox.odoo.http.api import Api

__all__ = ["Api"]
