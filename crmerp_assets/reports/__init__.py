"""Reports: frames in, tables and pages out. Nothing here reads a database or an API."""

from crmerp_assets.reports.reconciliation import Reconciliation, reconcile

__all__ = ["Reconciliation", "reconcile"]
