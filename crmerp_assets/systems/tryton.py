"""Tryton: its settings, and a connector made from them."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr

from crmerp_assets.connectors.http import Meter
from crmerp_assets.connectors.tryton import TrytonConnector
from crmerp_assets.systems import Clock, ConnectionConfig, Sleep, System


class TrytonConfig(ConnectionConfig):
    """A user of its own in one database of a Tryton server; `url` is the server's, without the database."""

    type: Literal["tryton"]
    database: str
    username: str
    password: SecretStr


def connect(config: TrytonConfig, clock: Clock, meter: Meter, sleep: Sleep) -> TrytonConnector:
    return TrytonConnector(
        name=config.name,
        url=config.url,
        database=config.database,
        username=config.username,
        password=config.password.get_secret_value(),
        overlap_seconds=config.overlap_seconds,
        timeout=config.timeout_seconds,
        verify=config.verify,
        clock=clock,
        meter=meter,
        sleep=sleep,
    )


SYSTEM = System("tryton", ("erp",), TrytonConfig, connect)
