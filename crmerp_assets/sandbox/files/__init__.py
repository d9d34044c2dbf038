"""An ERP that has no API: it writes extracts into a folder, takes import files from it and acknowledges them."""

from crmerp_assets.sandbox.files.server import FilesSandbox

__all__ = ["FilesSandbox"]
