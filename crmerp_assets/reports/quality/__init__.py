"""The quality of the data in both systems: sources in; findings, scores, work lists and a page out."""

from crmerp_assets.reports.quality.audit import TABLES, Audit, assess
from crmerp_assets.reports.quality.source import Source

__all__ = ["TABLES", "Audit", "Source", "assess"]
