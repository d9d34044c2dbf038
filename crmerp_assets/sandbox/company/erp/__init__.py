"""The ERPs that accountants can work in, each an adapter of its own."""

from crmerp_assets.sandbox.company.erp import netsuite, odoo, tryton

ALL = (netsuite.SYSTEM, odoo.SYSTEM, tryton.SYSTEM)
