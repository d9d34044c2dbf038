"""Odoo's exceptions as both protocols show them."""

from typing import Any

_STATUS = {
    "odoo.exceptions.UserError": 422,
    "odoo.exceptions.ValidationError": 422,
    "odoo.exceptions.AccessError": 403,
    "odoo.exceptions.AccessDenied": 403,
    "odoo.exceptions.MissingError": 404,
    "werkzeug.exceptions.Unauthorized": 401,
    "werkzeug.exceptions.NotFound": 404,
    "werkzeug.exceptions.UnprocessableEntity": 422,
    "werkzeug.exceptions.BadRequest": 400,
}


class OdooError(Exception):
    """One of Odoo's exceptions; anything that is not listed answers 500."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.message = message

    @property
    def status(self) -> int:
        """The HTTP status of JSON-2."""
        return _STATUS.get(self.name, 500)

    @property
    def for_people(self) -> bool:
        """Whether it is one of UserError, from which Odoo's own exceptions descend."""
        return self.name.startswith("odoo.exceptions.")

    def body(self) -> dict[str, Any]:
        """The exception as JSON-2 answers it, and as JSON-RPC puts it under `data`."""
        debug = f"Traceback (most recent call last):\n  ...\n{self.name}: {self.message}\n"
        return {
            "name": self.name,
            "message": self.message,
            "arguments": [self.message],
            "context": {},
            "debug": debug,
        }


def user_error(message: str) -> OdooError:
    return OdooError("odoo.exceptions.UserError", message)


def validation_error(message: str) -> OdooError:
    return OdooError("odoo.exceptions.ValidationError", message)


def value_error(message: str) -> OdooError:
    return OdooError("builtins.ValueError", message)


def access_error(verb: str, label: str, model: str) -> OdooError:
    message = (
        f"You are not allowed to {verb} '{label}' ({model}) records.\n\n"
        "Contact your administrator to request access if necessary."
    )
    return OdooError("odoo.exceptions.AccessError", message)


def access_denied() -> OdooError:
    return OdooError("odoo.exceptions.AccessDenied", "Access Denied")


def missing_error(model: str, ids: list[int], user: int) -> OdooError:
    shown = ", ".join(map(str, ids))
    message = f"Record does not exist or has been deleted.\n(Record: {model}({shown},), User: {user})"
    return OdooError("odoo.exceptions.MissingError", message)


def not_found(message: str) -> OdooError:
    return OdooError("werkzeug.exceptions.NotFound", message)


def private(model: str, method: str) -> OdooError:
    message = f"Private methods (such as '{model}.{method}') cannot be called remotely."
    return OdooError("odoo.exceptions.AccessError", message)


def unprocessable(message: str) -> OdooError:
    return OdooError("werkzeug.exceptions.UnprocessableEntity", message)
