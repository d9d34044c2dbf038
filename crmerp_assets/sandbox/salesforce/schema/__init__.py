"""Objects and fields: what exists, and who may see it."""

from crmerp_assets.sandbox.salesforce.schema.access import Rights
from crmerp_assets.sandbox.salesforce.schema.catalog import Catalog
from crmerp_assets.sandbox.salesforce.schema.fields import Field, ObjectType

__all__ = ["Catalog", "Field", "ObjectType", "Rights"]
