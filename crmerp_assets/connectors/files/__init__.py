"""Any system that can write files and take files: an ERP or a CRM that nobody wrote a connector for."""

from crmerp_assets.connectors.files.connector import FilesConnector
from crmerp_assets.connectors.files.layout import Children, Folders, ObjectLayout

__all__ = ["Children", "FilesConnector", "Folders", "ObjectLayout"]
