"""Odoo: its settings, and a connector made from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr, model_validator

from crmerp_assets.connectors.http import Meter
from crmerp_assets.connectors.odoo import OdooConnector
from crmerp_assets.mapping import ConfigurationError
from crmerp_assets.systems import Clock, ConnectionConfig, Sleep, System


class OdooSettings(ConnectionConfig):
    """An API key of the login, given or in a file that may be replaced while processes run.

    `protocol` and `time_zone` (an IANA name, whose days are the days of documents) are asked of Odoo unless they are
    given. Long transactions stamp their rows early: hence the overlap.
    """

    database: str
    login: str
    api_key: SecretStr | None = None
    api_key_file: Path | None = None
    protocol: Literal["auto", "json2", "jsonrpc"] = "auto"
    companies: tuple[int, ...] = ()
    time_zone: str | None = None
    overlap_seconds: int = 900

    @model_validator(mode="after")
    def _has_key(self) -> OdooSettings:
        if self.api_key is None and self.api_key_file is None:
            raise ValueError("give api_key, or api_key_file with the path of a file that holds it")
        return self

    @property
    def place(self) -> str:
        """One database is the CRM or the ERP: within one, Odoo's own apps make the order of a deal."""
        return f"the database {self.database} of {self.url.rstrip('/')}"

    def key(self) -> str:
        """The API key as it is now; ConfigurationError when its file cannot be read."""
        if self.api_key is not None or self.api_key_file is None:
            return self.api_key.get_secret_value() if self.api_key else ""
        try:
            return self.api_key_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            what = f"{self.api_key_file} cannot be read; put the API key there or correct the path"
            raise ConfigurationError([f"connection {self.name}: api_key_file: {what}"]) from error


class OdooConfig(OdooSettings):
    """The ERP: new orders are confirmed unless they are to stay quotations."""

    type: Literal["odoo"]
    confirm_orders: bool = True


def connected(
    kind: type[OdooConnector], config: OdooSettings, clock: Clock, meter: Meter, sleep: Sleep, **options: Any
) -> OdooConnector:
    """A connector by the settings that both roles have."""
    return kind(
        name=config.name,
        url=config.url,
        database=config.database,
        login=config.login,
        key=config.key,
        protocol=config.protocol,
        companies=config.companies,
        time_zone=config.time_zone,
        overlap_seconds=config.overlap_seconds,
        timeout=config.timeout_seconds,
        verify=config.verify,
        clock=clock,
        meter=meter,
        sleep=sleep,
        **options,
    )


def connect(config: OdooConfig, clock: Clock, meter: Meter, sleep: Sleep) -> OdooConnector:
    return connected(OdooConnector, config, clock, meter, sleep, confirm_orders=config.confirm_orders)


SYSTEM = System("odoo", ("erp",), OdooConfig, connect)
