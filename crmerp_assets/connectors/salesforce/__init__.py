"""The Salesforce connector, on its REST API."""

from crmerp_assets.connectors.salesforce.connector import SalesforceConnector

__all__ = ["SalesforceConnector"]
