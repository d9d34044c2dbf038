"""A server that behaves like an Odoo database with Contacts, CRM, Sales and Invoicing."""

from crmerp_assets.sandbox.odoo.server import OdooSandbox

__all__ = ["OdooSandbox"]
