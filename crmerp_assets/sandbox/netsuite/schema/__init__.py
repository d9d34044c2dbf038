"""What the account contains: tables as SuiteQL names them, records as the REST API names them, reference data."""

from crmerp_assets.sandbox.netsuite.schema.fields import Field, RecordType, Sublist
from crmerp_assets.sandbox.netsuite.schema.registry import Registry
from crmerp_assets.sandbox.netsuite.schema.tables import TABLES, Column

__all__ = ["TABLES", "Column", "Field", "RecordType", "Registry", "Sublist"]
