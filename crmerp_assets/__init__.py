"""Keeps a CRM and an ERP in agreement: golden records, reviewed plans, exactly-once pushes, money that ties out."""

__version__ = "0.1.0"
