"""The people of the company and what they can do."""

from crmerp_assets.sandbox.company.accountant import Accountant
from crmerp_assets.sandbox.company.seller import SaleLine, Seller

__all__ = ["Accountant", "SaleLine", "Seller"]
