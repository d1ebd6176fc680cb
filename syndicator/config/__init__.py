"""config.toml and what it says: one file in, frozen `Settings` out, or every mistake in one report."""

from syndicator.config.alerts import AlertSettings, Maintenance
from syndicator.config.destinations import DestinationKind, DestinationSettings, Security, Smtp
from syndicator.config.reader import load
from syndicator.config.settings import Feeds, Network, Schedule, Server, Settings, Site, Store
from syndicator.config.single import read_alert, read_destination
from syndicator.config.sources import Source, Topic

__all__ = [
    "AlertSettings",
    "DestinationKind",
    "DestinationSettings",
    "Feeds",
    "Maintenance",
    "Network",
    "Schedule",
    "Security",
    "Server",
    "Settings",
    "Site",
    "Smtp",
    "Source",
    "Store",
    "Topic",
    "load",
    "read_alert",
    "read_destination",
]
