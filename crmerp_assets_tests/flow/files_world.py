"""A world whose ERP has no API: Salesforce over HTTP, and a folder; configured by the example that the docs show."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest

from crmerp_assets.bootstrap import Shared
from crmerp_assets.sandbox.files import FilesSandbox
from crmerp_assets.sandbox.salesforce import SalesforceSandbox
from crmerp_assets_tests.flow.world import GO_LIVE, PLAIN, ROOT, World

EXAMPLE = ROOT / "docs" / "examples" / "files"


@dataclass
class FilesWorld(World):
    """`erp` is the folder's owner."""

    erp: FilesSandbox  # type: ignore[assignment]

    @property
    def folder(self) -> Path:
        """The folder that both sides use."""
        return self.erp.folder.root

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """What the ERP keeps."""
        return self.erp.books.all(kind)

    def extract(self) -> None:
        """Have the ERP write its extracts."""
        self.erp.extract()

    def edit(self, kind: str, native_id: str, **values: Any) -> None:
        """What a person does at the ERP's screens."""
        answer = httpx.patch(f"{self.erp.url}/screens/{kind}/{native_id}", json=values, timeout=60, verify=PLAIN)
        assert answer.status_code == 204, answer.text


@contextmanager
def make_files_world(folder: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Iterator[FilesWorld]:
    """Start both and point the environment at them."""
    shutil.copytree(EXAMPLE, folder / "config")
    file = folder / "config" / "connections.yaml"
    text = file.read_text(encoding="utf-8").replace("acknowledge_seconds: 30 ", "acknowledge_seconds: 3 ")
    file.write_text(text, encoding="utf-8")
    with (
        SalesforceSandbox(folder / "salesforce") as crm,
        FilesSandbox(folder / "files", **options) as erp,
        dg.DagsterInstance.ephemeral() as instance,
    ):
        variables = crm.credentials | erp.credentials
        variables |= {"CRMERP_STATE": str(folder), "CRMERP_CONFIG": str(folder / "config")}
        variables |= {"CRMERP_ENV_FILE": str(folder / "none.env")}
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        world = FilesWorld(folder, crm, erp, instance)
        world.policy(GO_LIVE)
        yield world
        if Shared._built is not None:
            Shared._built[1].close()
            Shared._built = None
