"""What assets, groups and pools are called: in one of several lanes, with its name in front."""

import dagster as dg

from crmerp_assets.merge.lanes import Lane
from crmerp_assets.settings import Settings


def key(lane: Lane, *parts: str) -> dg.AssetKey:
    """The key of an asset."""
    return dg.AssetKey([lane.name, *parts] if lane.name else list(parts))


def warehouse_pool(lane: Lane) -> str:
    """The pool that lets one step at a time write the lane's warehouse."""
    return lane.called("warehouse")


def settings_of(lane: Lane) -> Settings:
    """The settings in this lane."""
    return Settings().within(lane.name)
