"""HubSpot: its settings, and a connector made from them."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr, model_validator

from crmerp_assets.connectors.http import Meter
from crmerp_assets.connectors.hubspot import HubSpotConnector, oauth_app
from crmerp_assets.systems import Clock, ConnectionConfig, Sleep, System


class HubSpotConfig(ConnectionConfig):
    """Either the token of a private app, or an OAuth app by client_id, client_secret and refresh_token."""

    type: Literal["hubspot"]
    url: str = "https://api.hubapi.com"
    token: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    refresh_token: SecretStr | None = None
    api_version: Literal["2026-09", "2026-03", "v3"] = "2026-09"

    @model_validator(mode="after")
    def _one_way_in(self) -> HubSpotConfig:
        if self.token is None and not (self.client_id and self.client_secret and self.refresh_token):
            raise ValueError("give token, or client_id with client_secret and refresh_token")
        return self


def connect(config: HubSpotConfig, clock: Clock, meter: Meter, sleep: Sleep) -> HubSpotConnector:
    return HubSpotConnector(
        name=config.name,
        url=config.url,
        token=config.token.get_secret_value() if config.token else None,
        app=oauth_app(
            config.client_id,
            config.client_secret.get_secret_value() if config.client_secret else None,
            config.refresh_token.get_secret_value() if config.refresh_token else None,
        ),
        api_version=config.api_version,
        overlap_seconds=config.overlap_seconds,
        timeout=config.timeout_seconds,
        verify=config.verify,
        clock=clock,
        meter=meter,
        sleep=sleep,
    )


SYSTEM = System("hubspot", ("crm",), HubSpotConfig, connect)
