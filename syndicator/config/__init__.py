"""config.toml and what it says: one file in, frozen `Settings` out, or every mistake in one report."""

from syndicator.config.reader import load
from syndicator.config.settings import (
    Feeds,
    Network,
    Schedule,
    Server,
    Settings,
    Site,
    Source,
    Store,
    Topic,
)

__all__ = [
    "Feeds",
    "Network",
    "Schedule",
    "Server",
    "Settings",
    "Site",
    "Source",
    "Store",
    "Topic",
    "load",
]
