"""A package of somebody else's that brings a system: Shop, whose clerks exchange files. Written to a folder and put on
the path, as an installation would."""

from pathlib import Path

PACKAGE = """
from pathlib import Path
from typing import Literal

from crmerp_assets.connectors.files import FilesConnector, ObjectLayout
from crmerp_assets.systems import ConnectionConfig, System

OBJECTS = {"customer": ObjectLayout(id="customer_no", full="extracts/customer_*.csv", modified="changed_at",
                                    modified_by="changed_by", control=True)}


class ShopConfig(ConnectionConfig):
    type: Literal["shop"]
    branch: str = "main"


def connect(config, clock, meter, sleep):
    return FilesConnector(config.name, config.url, OBJECTS, clock=clock, sleep=sleep, patience=2.0, system="shop",
                          overlap_seconds=config.overlap_seconds)


SYSTEM = System("shop", ("erp",), ShopConfig, connect, Path(__file__).parent / "maps")
"""
MAP = """
entity: customer
system: shop
object: customer
key: crmerp_id
fields:
  name: {native: name, transform: company_name, length: 100, required: true}
  phone: {native: phone, transform: phone, length: 30}
"""
CONTRACT = """
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from crmerp_assets.connectors.http import Unmetered
from crmerp_assets.contract.case import Admin, with_gaps
from crmerp_assets.contract.suite import *
from crmerp_assets_tests.contract.files_case import files_case
from shop_erp import SYSTEM, ShopConfig


@pytest.fixture
def case(request, tmp_path):
    with files_case(tmp_path) as files:
        folder = str(tmp_path / "files" / "exchange")

        def connect(sleep=time.sleep, overlap_seconds=600):
            def pause(seconds):
                sleep(seconds)
                time.sleep(min(seconds, 0.5) if sleep is not time.sleep else 0)

            config = ShopConfig(type="shop", name="shop", role="erp", url=folder, overlap_seconds=overlap_seconds)
            return SYSTEM.connect(config, lambda: datetime.now(UTC), Unmetered(), pause)

        yield with_gaps(request, replace(files, system="shop", connect=connect))
"""
METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"


def install(folder: Path, name: str = "shop-erp", module: str = "shop_erp", source: str = PACKAGE) -> Path:
    """Put the package and its metadata into a folder."""
    package, info = folder / module, folder / f"{name.replace('-', '_')}-1.0.dist-info"
    (package / "maps").mkdir(parents=True)
    info.mkdir()
    (package / "__init__.py").write_text(source, encoding="utf-8")
    (package / "maps" / "customer.shop.yaml").write_text(MAP, encoding="utf-8")
    (info / "METADATA").write_text(METADATA.format(name=name), encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[crmerp_assets.systems]\nshop = {module}:SYSTEM\n", encoding="utf-8")
    (info / "RECORD").write_text("", encoding="utf-8")
    return folder
