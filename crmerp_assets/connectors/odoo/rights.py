"""What the user may do with the records of a model at all."""

from __future__ import annotations

from crmerp_assets.connectors.errors import ConnectorError
from crmerp_assets.connectors.odoo.api import OdooApi


def allowed(api: OdooApi, model: str, operation: str) -> bool:
    """Whether the user may `create` or `write`; yes where the database does not say.

    Version 18 gave the question another name and another form of answer.
    """
    try:
        params = {"operation": operation, "raise_exception": False}
        return bool(api.call(model, "check_access_rights", params, repeatable=True))
    except ConnectorError:
        return _has_access(api, model, operation)


def _has_access(api: OdooApi, model: str, operation: str) -> bool:
    try:
        return bool(api.call(model, "has_access", {"ids": [], "operation": operation}, repeatable=True))
    except ConnectorError:
        return True
