"""A server that behaves like a Salesforce organisation: records, SOQL, collections, composite, bulk, tooling."""

from crmerp_assets.sandbox.salesforce.server import SalesforceSandbox

__all__ = ["SalesforceSandbox"]
