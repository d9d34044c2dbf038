"""A server that behaves like a HubSpot portal: objects, properties, associations, batches, search, merges."""

from crmerp_assets.sandbox.hubspot.server import HubSpotSandbox

__all__ = ["HubSpotSandbox"]
