"""What the company sells: most is in both systems under one SKU, some only in the CRM, a little only in the ERP."""

from datetime import date
from decimal import Decimal
from random import Random
from typing import NamedTuple

from crmerp_assets.sandbox.company.model import Record
from crmerp_assets.sandbox.company.moments import past_moment

RATES = {"USD": Decimal(1), "EUR": Decimal("0.93"), "GBP": Decimal("0.81")}


class Good(NamedTuple):
    """One product; `price` in US dollars."""

    sku: str
    name: str
    family: str
    unit: str
    price: str


BOTH = tuple(
    Good(*row)
    for row in (
        ("RT-100", "Edge Router 100", "Routers", "Each", "649.00"),
        ("RT-200", "Edge Router 200", "Routers", "Each", "1249.00"),
        ("RT-400", "Edge Router 400", "Routers", "Each", "2899.50"),
        ("RT-PSU", "Router Power Supply", "Routers", "Each", "119.90"),
        ("RT-RACK", "Rack Mount Kit", "Routers", "Each", "59.95"),
        ("SW-08", "Switch 8 Port", "Switches", "Each", "189.00"),
        ("SW-24", "Switch 24 Port", "Switches", "Each", "549.00"),
        ("SW-48", "Switch 48 Port PoE", "Switches", "Each", "1399.00"),
        ("SW-SFP", "Fibre Transceiver 10G", "Switches", "Each", "84.50"),
        ("AP-1", "Access Point Indoor", "Wireless", "Each", "229.00"),
        ("AP-2", "Access Point Outdoor", "Wireless", "Each", "389.00"),
        ("AP-ANT", "Sector Antenna", "Wireless", "Each", "142.25"),
        ("AP-BRIDGE", "Wireless Bridge Pair", "Wireless", "Each", "998.00"),
        ("SN-TEMP", "Temperature Sensor", "Sensors", "Each", "34.90"),
        ("SN-FLOW", "Flow Sensor", "Sensors", "Each", "212.00"),
        ("SN-VIB", "Vibration Sensor", "Sensors", "Each", "178.40"),
        ("SN-GATE", "Sensor Gateway", "Sensors", "Each", "499.00"),
        ("SN-KIT", "Sensor Starter Kit", "Sensors", "Box", "799.00"),
        ("CB-CAT6", "Cat6 Cable 305 m", "Cabling", "Box", "164.99"),
        ("CB-FIB", "Fibre Patch Cable", "Cabling", "Each", "12.35"),
        ("CB-PDU", "Power Distribution Unit", "Cabling", "Each", "279.00"),
        ("SV-INST", "Onsite Installation", "Services", "Day", "1150.00"),
        ("SV-CONF", "Remote Configuration", "Services", "Hour", "165.00"),
        ("SV-AUDIT", "Network Audit", "Services", "Day", "1390.00"),
        ("SV-TRAIN", "Operator Training", "Services", "Day", "980.00"),
        ("SU-STD", "Standard Support", "Support", "Month", "89.00"),
        ("SU-PREM", "Premium Support", "Support", "Month", "249.00"),
        ("LC-MON", "Monitoring License", "Licenses", "License", "18.50"),
        ("LC-SEC", "Security License", "Licenses", "License", "42.00"),
        ("LC-ANA", "Analytics License", "Licenses", "License", "66.60"),
    )
)
CRM_ONLY = tuple(
    Good(*row)
    for row in (
        ("RT-800", "Edge Router 800", "Routers", "Each", "6450.00"),
        ("SW-96", "Switch 96 Port Chassis", "Switches", "Each", "4275.00"),
        ("AP-7", "Access Point Wi-Fi 7", "Wireless", "Each", "545.00"),
        ("SN-AIR", "Air Quality Sensor", "Sensors", "Each", "129.00"),
        ("SV-MIGR", "Migration Workshop", "Services", "Day", "1480.00"),
        ("SU-247", "Round-the-Clock Support", "Support", "Month", "690.00"),
        ("LC-AI", "Forecasting License", "Licenses", "License", "95.00"),
        ("BN-BRANCH", "Branch Office Bundle", "Bundles", "Each", "3990.00"),
    )
)
ERP_ONLY = (
    Good("FR-STD", "Freight", "Freight", "Each", "45.00"),
    Good("RP-RT100", "Edge Router 100 Repair", "Services", "Each", "190.00"),
)
_SERVICES = frozenset({"Services", "Support", "Licenses", "Freight"})


def price(good: Good, currency: str) -> Decimal:
    """List price, to the cent."""
    return (Decimal(good.price) * RATES[currency]).quantize(Decimal("0.01"))


def crm_products(rng: Random, today: date) -> tuple[list[Record], list[Record]]:
    """The products, and their prices in every currency."""
    products = [_product(good, rng, today) for good in (*BOTH, *CRM_ONLY)]
    prices = [_entry(good, currency, rng, today) for good in (*BOTH, *CRM_ONLY) for currency in RATES]
    return products, prices


def _product(good: Good, rng: Random, today: date) -> Record:
    fields = {"name": good.name, "sku": good.sku, "family": good.family, "unit": good.unit}
    return Record(good.sku, fields, past_moment(rng, today))


def _entry(good: Good, currency: str, rng: Random, today: date) -> Record:
    fields = {"sku": good.sku, "price": price(good, currency), "currency": currency}
    return Record(price_key(good.sku, currency), fields, past_moment(rng, today), {"product": good.sku})


def price_key(sku: str, currency: str) -> str:
    """The local key of a product's price in a currency."""
    return f"{sku} {currency}"


def items(rng: Random, today: date) -> list[Record]:
    """What the ERP sells: goods and services, with their prices by currency."""
    return [_item(good, rng, today) for good in (*BOTH, *ERP_ONLY)]


def _item(good: Good, rng: Random, today: date) -> Record:
    fields = {
        "sku": good.sku,
        "name": good.name,
        "unit": good.unit,
        "service": good.family in _SERVICES,
        "prices": {currency: price(good, currency) for currency in RATES},
    }
    return Record(f"item-{good.sku}", fields, past_moment(rng, today))
