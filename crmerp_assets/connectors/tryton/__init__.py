"""Tryton: the ERP that is spoken to over JSON-RPC."""

from crmerp_assets.connectors.tryton.connector import TrytonConnector

__all__ = ["TrytonConnector"]
