"""What the configuration says of any connection; each system adds its own to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from crmerp_assets.mapping import ConfigurationError
from crmerp_assets.mapping.validation import Strict


class ConnectionConfig(Strict):
    """What every connection has. `ca_file` is a certificate to trust besides the usual ones; a call without an answer
    after `timeout_seconds` is given up."""

    name: str
    type: str
    role: Literal["crm", "erp"]
    url: str
    ca_file: Path | None = None
    private_key: SecretStr | None = None
    private_key_file: Path | None = None
    overlap_seconds: int = 600
    timeout_seconds: Annotated[float, Field(gt=0)] = 120.0

    @property
    def verify(self) -> bool | str:
        """What to check the server's certificate against."""
        return str(self.ca_file) if self.ca_file else True

    @property
    def place(self) -> str | None:
        """What no other connection may lead to, where two to one place would take each other's records for new ones."""
        return None

    def key_text(self) -> str | None:
        """The private key in PEM form, None without one; ConfigurationError when its file cannot be read."""
        if self.private_key is not None or self.private_key_file is None:
            return self.private_key.get_secret_value() if self.private_key else None
        try:
            return self.private_key_file.read_text(encoding="utf-8")
        except OSError as error:
            what = f"{self.private_key_file} cannot be read; put the PEM file there or correct the path"
            raise ConfigurationError([f"connection {self.name}: private_key_file: {what}"]) from error
