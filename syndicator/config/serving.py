"""What the service shows of itself: [server], [api], [desk], [websub] and [log]."""

import re
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_network

from pydantic import Field, field_validator

from syndicator.config.oidc import Oidc
from syndicator.config.section import Section
from syndicator.config.values import Duration, Line, Location, Net, Whole, public_base

_ROBOTS = re.compile(r"[a-z][a-z0-9:_-]*(, ?[a-z][a-z0-9:_-]*)*")
# Who pushes our feeds, where it is no hub elsewhere: our own, or nobody.
BUILT_IN = "built-in"
NO_HUB = "none"
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,99}")
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


class Server(Section):
    """[server]: the address that `syndicator run` listens on, and how it answers. Port 0 takes any free one.

    `rate` is requests a minute, for each client, to what has to be computed: search feeds, and the API by itself.
    """

    host: Line = "127.0.0.1"
    port: Whole = Field(default=8080, ge=0, le=65535)
    public: bool = True
    max_age: Duration = Field(default=timedelta(minutes=1), le=timedelta(days=1))
    robots: Line | None = None
    rate: Whole = Field(default=120, ge=1, le=1_000_000)
    trusted_proxies: tuple[Net, ...] = _LOOPBACK

    @field_validator("robots")
    @classmethod
    def _rules_for_robots(cls, value: str | None) -> str | None:
        if value is not None and not _ROBOTS.fullmatch(value):
            raise ValueError('is no rule for search engines: write "noindex", or "noindex, nofollow"')
        return value


class Access(StrEnum):
    """Who may read the API."""

    PUBLIC = "public"
    TOKEN = "token"  # noqa: S105 - no secret, the name of a choice


class Api(Section):
    """[api]: who may read `/api/v1`. Writing, and whatever is about alerts, always wants a token."""

    read: Access = Access.PUBLIC


class Desk(Section):
    """[desk]: the pages at /desk where the newsroom works, and how long somebody stays signed in there.

    `trusted_header` names the header in which a proxy of ours says who it has signed in; believed from
    `server.trusted_proxies` alone. `labelled` is a file of articles that a person has tagged; absolute.
    `oidc` signs people in who are known elsewhere.
    """

    enabled: bool = True
    idle: Duration = Field(default=timedelta(hours=12), ge=timedelta(minutes=5), le=timedelta(days=30))
    lifetime: Duration = Field(default=timedelta(days=14), ge=timedelta(minutes=5), le=timedelta(days=90))
    trusted_header: Line | None = None
    labelled: Location | None = None
    oidc: Oidc | None = None

    @field_validator("trusted_header")
    @classmethod
    def _a_header(cls, value: str | None) -> str | None:
        if value is not None and not _HEADER.fullmatch(value):
            raise ValueError('is no name of a header: write one like "X-Forwarded-User"')
        return value


class WebSub(Section):
    """[websub]: the hub that our feeds name, and whether we let the hubs of our sources push to us.

    `hub` is BUILT_IN, NO_HUB, or the address of a hub elsewhere.
    """

    hub: Line = BUILT_IN
    subscribe: bool = True

    @field_validator("hub")
    @classmethod
    def _a_hub(cls, value: str) -> str:
        if value in {BUILT_IN, NO_HUB}:
            return value
        try:
            return public_base(value)
        except ValueError:
            raise ValueError(f'is no hub: write "{BUILT_IN}", "{NO_HUB}", or the http(s) address of one') from None


class LogFormat(StrEnum):
    """How log lines are written."""

    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    """From which weight on something is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Log(Section):
    """[log]: what `syndicator run` writes about its work."""

    format: LogFormat = LogFormat.CONSOLE
    level: LogLevel = LogLevel.INFO
