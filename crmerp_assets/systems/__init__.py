"""The systems that connections may lead to: how each is configured, and how its connector is made."""

from crmerp_assets.systems.connection import ConnectionConfig
from crmerp_assets.systems.kit import Clock, Sleep, System, SystemFault, find, folders, known, names

__all__ = ["Clock", "ConnectionConfig", "Sleep", "System", "SystemFault", "find", "folders", "known", "names"]
