"""NetSuite over SuiteTalk REST: SuiteQL to read, the record API to write."""

from crmerp_assets.connectors.netsuite.connector import NetSuiteConnector

__all__ = ["NetSuiteConnector"]
