"""Reports: frames in, tables and pages out. Nothing here reads a database or an API."""

from crmerp_assets.reports.reconciliation import TABLES, Reconciliation, place_deals

__all__ = ["TABLES", "Reconciliation", "place_deals"]
