"""The CRMs that sellers can work in, each an adapter of its own."""

from crmerp_assets.sandbox.company.crm import hubspot, salesforce

ALL = (salesforce.SYSTEM, hubspot.SYSTEM)
