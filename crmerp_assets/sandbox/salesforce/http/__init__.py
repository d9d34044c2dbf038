"""The REST API over one organisation."""

from crmerp_assets.sandbox.salesforce.http.api import Api
from crmerp_assets.sandbox.salesforce.http.auth import Authentication
from crmerp_assets.sandbox.salesforce.http.service import Service
from crmerp_assets.sandbox.salesforce.http.usage import Usage

__all__ = ["Api", "Authentication", "Service", "Usage"]
