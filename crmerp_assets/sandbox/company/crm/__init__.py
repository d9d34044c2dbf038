"""The CRMs that sellers can work in, each an adapter of its own."""

from crmerp_assets.sandbox.company.crm import hubspot, odoo_crm, salesforce

ALL = (salesforce.SYSTEM, hubspot.SYSTEM, odoo_crm.SYSTEM)
