"""The models of the database and their fields, by version."""

from crmerp_assets.sandbox.odoo.schema.fields import Field, Model
from crmerp_assets.sandbox.odoo.schema.registry import models

__all__ = ["Field", "Model", "models"]
