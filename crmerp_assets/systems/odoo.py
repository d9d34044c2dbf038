"""Odoo: its settings, and a connector made from them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import SecretStr, model_validator

from crmerp_assets.connectors.http import Meter
from crmerp_assets.connectors.odoo import OdooConnector
from crmerp_assets.mapping import ConfigurationError
from crmerp_assets.systems import Clock, ConnectionConfig, Sleep, System


class OdooConfig(ConnectionConfig):
    """An API key of the login, given or in a file that may be replaced while processes run.

    `protocol` is asked of the server unless it is given. Long transactions stamp their rows early: hence the overlap.
    """

    type: Literal["odoo"]
    database: str
    login: str
    api_key: SecretStr | None = None
    api_key_file: Path | None = None
    protocol: Literal["auto", "json2", "jsonrpc"] = "auto"
    confirm_orders: bool = True
    companies: tuple[int, ...] = ()
    overlap_seconds: int = 900

    @model_validator(mode="after")
    def _has_key(self) -> OdooConfig:
        if self.api_key is None and self.api_key_file is None:
            raise ValueError("give api_key, or api_key_file with the path of a file that holds it")
        return self

    def key(self) -> str:
        """The API key as it is now; ConfigurationError when its file cannot be read."""
        if self.api_key is not None or self.api_key_file is None:
            return self.api_key.get_secret_value() if self.api_key else ""
        try:
            return self.api_key_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            what = f"{self.api_key_file} cannot be read; put the API key there or correct the path"
            raise ConfigurationError([f"connection {self.name}: api_key_file: {what}"]) from error


def connect(config: OdooConfig, clock: Clock, meter: Meter, sleep: Sleep) -> OdooConnector:
    return OdooConnector(
        name=config.name,
        url=config.url,
        database=config.database,
        login=config.login,
        key=config.key,
        protocol=config.protocol,
        confirm_orders=config.confirm_orders,
        companies=config.companies,
        overlap_seconds=config.overlap_seconds,
        timeout=config.timeout_seconds,
        verify=config.verify,
        clock=clock,
        meter=meter,
        sleep=sleep,
    )


SYSTEM = System("odoo", ("erp",), OdooConfig, connect)
