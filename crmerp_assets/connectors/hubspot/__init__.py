"""The HubSpot connector, on its CRM API."""

from crmerp_assets.connectors.hubspot.connector import HubSpotConnector

__all__ = ["HubSpotConnector"]
