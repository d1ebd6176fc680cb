"""config.toml and what it says: one file in, frozen `Settings` out, or every mistake in one report."""

from syndicator.config.alerts import AlertSettings, Maintenance
from syndicator.config.destinations import DestinationKind, DestinationSettings, Security, Smtp
from syndicator.config.endpoints import ON_THIS_MACHINE, apprise_url, webhook_secret
from syndicator.config.oidc import MISSING, WELL_KNOWN, Claim, Oidc
from syndicator.config.reader import key_places, load
from syndicator.config.serving import Access, Api, Desk, Log, LogFormat, LogLevel, Server, WebSub
from syndicator.config.settings import Feeds, Network, Schedule, Settings, Site, Store
from syndicator.config.single import read_alert, read_destination
from syndicator.config.sources import Source, Topic
from syndicator.config.values import duration, web_address

__all__ = [
    "MISSING",
    "ON_THIS_MACHINE",
    "WELL_KNOWN",
    "Access",
    "AlertSettings",
    "Api",
    "Claim",
    "Desk",
    "DestinationKind",
    "DestinationSettings",
    "Feeds",
    "Log",
    "LogFormat",
    "LogLevel",
    "Maintenance",
    "Network",
    "Oidc",
    "Schedule",
    "Security",
    "Server",
    "Settings",
    "Site",
    "Smtp",
    "Source",
    "Store",
    "Topic",
    "WebSub",
    "apprise_url",
    "duration",
    "key_places",
    "load",
    "read_alert",
    "read_destination",
    "web_address",
    "webhook_secret",
]
