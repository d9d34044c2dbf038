"""NetSuite: its settings, and a connector made from them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from crmerp_assets.connectors.http import Meter
from crmerp_assets.connectors.netsuite import NetSuiteConnector
from crmerp_assets.connectors.netsuite.connector import CONCURRENCY
from crmerp_assets.systems import Clock, ConnectionConfig, Sleep, System


class NetSuiteConfig(ConnectionConfig):
    """OAuth 2.0 client credentials with a certificate. `account_timezone` is the one of the integration user.

    `concurrency`: requests at once; `crmerp check` says how many the account allows.
    """

    type: Literal["netsuite"]
    account: str
    client_id: str
    certificate_id: str
    account_timezone: str = "UTC"
    concurrency: int = Field(default=CONCURRENCY, ge=1)

    @model_validator(mode="after")
    def _has_key(self) -> NetSuiteConfig:
        if self.private_key is None and self.private_key_file is None:
            raise ValueError("give private_key_file, the PEM file of the certificate's private key")
        return self


def connect(config: NetSuiteConfig, clock: Clock, meter: Meter, sleep: Sleep) -> NetSuiteConnector:
    return NetSuiteConnector(
        name=config.name,
        url=config.url,
        account=config.account,
        client_id=config.client_id,
        certificate_id=config.certificate_id,
        private_key=config.key_text() or "",
        account_timezone=config.account_timezone,
        concurrency=config.concurrency,
        overlap_seconds=config.overlap_seconds,
        timeout=config.timeout_seconds,
        verify=config.verify,
        clock=clock,
        meter=meter,
        sleep=sleep,
    )


SYSTEM = System("netsuite", ("erp",), NetSuiteConfig, connect)
