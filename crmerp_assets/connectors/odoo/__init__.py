"""Odoo: JSON-2 from version 19 on, JSON-RPC before."""

from crmerp_assets.connectors.odoo.connector import OdooConnector, OdooCrmConnector

__all__ = ["OdooConnector", "OdooCrmConnector"]
