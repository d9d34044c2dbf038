"""Sellers in Salesforce and accountants in NetSuite, with all that these two systems let them do."""

from crmerp_assets.sandbox.company.accountant import Accountant
from crmerp_assets.sandbox.company.roles import SaleLine
from crmerp_assets.sandbox.company.seller import Seller

__all__ = ["Accountant", "SaleLine", "Seller"]
