"""The ERPs that accountants can work in, each an adapter of its own."""

from crmerp_assets.sandbox.company.erp import netsuite

ALL = (netsuite.SYSTEM,)
