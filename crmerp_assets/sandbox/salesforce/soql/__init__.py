"""SOQL over SQLite."""

from crmerp_assets.sandbox.salesforce.soql.queries import PAGE, Ask, Queries

__all__ = ["PAGE", "Ask", "Queries"]
