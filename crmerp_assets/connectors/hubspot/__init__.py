"""The HubSpot connector, on its CRM API."""

from crmerp_assets.connectors.hubspot.auth import OAuthApp, oauth_app
from crmerp_assets.connectors.hubspot.connector import HubSpotConnector

__all__ = ["HubSpotConnector", "OAuthApp", "oauth_app"]
