"""The warehouse: bulk, analytical state in one DuckDB file.

Everything in it can be rebuilt from the systems and the ledger; nothing here is the only copy of a decision.
"""

from crmerp_assets.warehouse.store import Warehouse, WarehouseBusy, WarehouseFull, file_connection, prepare_file
from crmerp_assets.warehouse.tables import Changes, Table

__all__ = ["Changes", "Table", "Warehouse", "WarehouseBusy", "WarehouseFull", "file_connection", "prepare_file"]
