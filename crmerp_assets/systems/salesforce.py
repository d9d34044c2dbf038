"""Salesforce: its settings, and a connector made from them."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr, model_validator

from crmerp_assets.connectors.http import Meter
from crmerp_assets.connectors.salesforce import SalesforceConnector
from crmerp_assets.systems import Clock, ConnectionConfig, Sleep, System


class SalesforceConfig(ConnectionConfig):
    """Either client_secret (client credentials flow), or username with a private key (JWT bearer flow)."""

    type: Literal["salesforce"]
    client_id: str
    client_secret: SecretStr | None = None
    username: str | None = None
    api_version: str = "68.0"
    permission_set: str = "Crmerp_Integration"

    @model_validator(mode="after")
    def _one_way_in(self) -> SalesforceConfig:
        key = self.private_key is not None or self.private_key_file is not None
        if self.client_secret is None and not (self.username and key):
            raise ValueError("give client_secret, or username with private_key_file")
        return self


def connect(config: SalesforceConfig, clock: Clock, meter: Meter, sleep: Sleep) -> SalesforceConnector:
    return SalesforceConnector(
        name=config.name,
        url=config.url,
        client_id=config.client_id,
        client_secret=config.client_secret.get_secret_value() if config.client_secret else None,
        username=config.username,
        private_key=config.key_text(),
        api_version=config.api_version,
        permission_set=config.permission_set,
        overlap_seconds=config.overlap_seconds,
        timeout=config.timeout_seconds,
        verify=config.verify,
        clock=clock,
        meter=meter,
        sleep=sleep,
    )


SYSTEM = System("salesforce", ("crm",), SalesforceConfig, connect)
