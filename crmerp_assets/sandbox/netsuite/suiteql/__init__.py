"""SuiteQL over SQLite: parse as Oracle would, answer as the query service does."""

from crmerp_assets.sandbox.netsuite.suiteql.page import Page, Queries

__all__ = ["Page", "Queries"]
