"""Odoo as the CRM: its settings are those of any Odoo database, its maps those of opportunities."""

from __future__ import annotations

from typing import Literal

from crmerp_assets.connectors.http import Meter
from crmerp_assets.connectors.odoo import OdooConnector, OdooCrmConnector
from crmerp_assets.systems import Clock, Sleep, System
from crmerp_assets.systems.odoo import OdooSettings, connected


class OdooCrmConfig(OdooSettings):
    """Another database than that of the ERP: within one, Odoo's own apps hand a deal on."""

    type: Literal["odoo_crm"]


def connect(config: OdooCrmConfig, clock: Clock, meter: Meter, sleep: Sleep) -> OdooConnector:
    return connected(OdooCrmConnector, config, clock, meter, sleep)


SYSTEM = System("odoo_crm", ("crm",), OdooCrmConfig, connect)
