"""How the database stores, searches, computes and refuses."""

from crmerp_assets.sandbox.odoo.engine.database import Database, Options
from crmerp_assets.sandbox.odoo.engine.env import Env

__all__ = ["Database", "Env", "Options"]
