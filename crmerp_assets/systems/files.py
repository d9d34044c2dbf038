"""Files: where the folder is, what its files look like, and a connector made from that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from crmerp_assets.connectors.files import FilesConnector, Folders, ObjectLayout
from crmerp_assets.connectors.files.layout import ObjectName
from crmerp_assets.connectors.http import Meter
from crmerp_assets.systems import Clock, ConnectionConfig, Sleep, System


class FilesConfig(ConnectionConfig):
    """`url` is a folder, or the prefix of an object store (`s3://bucket/erp`); `storage` goes to its file system.

    `overlap_seconds` is how long the system may take to make an extract; `acknowledge_seconds` how long a push waits
    for acknowledgements before it leaves the rest to be settled later.
    """

    type: Literal["files"]
    objects: Annotated[dict[ObjectName, ObjectLayout], Field(min_length=1)]
    folders: Folders = Folders()
    storage: Mapping[str, str | bool] = {}
    acknowledge_seconds: Annotated[float, Field(ge=0)] = 30.0


def connect(config: FilesConfig, clock: Clock, meter: Meter, sleep: Sleep) -> FilesConnector:
    return FilesConnector(
        config.name,
        config.url,
        config.objects,
        clock=clock,
        folders=config.folders,
        options=config.storage,
        sleep=sleep,
        overlap_seconds=config.overlap_seconds,
        patience=config.acknowledge_seconds,
    )


SYSTEM = System("files", ("crm", "erp"), FilesConfig, connect)
