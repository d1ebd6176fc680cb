"""[destinations.NAME] and [smtp]: where alerts go, and the mail server that carries them."""

from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from pydantic import Field, ValidationInfo, field_validator

from syndicator.config.endpoints import (
    Credential,
    Host,
    MailAddress,
    Sender,
    WebhookSecret,
    apprise_url,
    is_loopback,
)
from syndicator.config.section import Section
from syndicator.config.values import Duration, Location, Sentence, Whole, duration_text, slug, web_address


class DestinationKind(StrEnum):
    """How a destination is reached."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    APPRISE = "apprise"
    FILE = "file"
    CONSOLE = "console"


class Security(StrEnum):
    """How the way to the mail server is secured: RFC 3207, RFC 8314 §3.3, or not at all."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


_PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}

_Kind = DestinationKind
# The keys of some kinds only: which kinds take them, and what those that need one need it for.
_TAKEN_BY = {
    "to": {_Kind.EMAIL},
    "url": {_Kind.WEBHOOK, _Kind.APPRISE},
    "secret": {_Kind.WEBHOOK},
    "previous_secret": {_Kind.WEBHOOK},
    "timeout": {_Kind.WEBHOOK},
    "path": {_Kind.FILE},
}
_NEEDED = {
    (_Kind.EMAIL, "to"): "the mail address to write to",
    (_Kind.WEBHOOK, "url"): "the address to post to",
    (_Kind.WEBHOOK, "secret"): "the secret to sign with",
    (_Kind.APPRISE, "url"): "the Apprise URL of the service",
    (_Kind.FILE, "path"): "the file to write to",
}


class DestinationSettings(Section):
    """[destinations.NAME]: where alerts go. `path` is absolute; `timeout` counts for webhooks only.

    `owner`, a person's name or mail address, is told when the destination is switched off. A second signature is made
    with `previous_secret` while a receiver changes over.
    """

    secrets: ClassVar[frozenset[str]] = frozenset({"url", "secret", "previous_secret"})

    name: str
    kind: DestinationKind
    to: MailAddress | None = Field(default=None, validate_default=True)
    url: str | None = Field(default=None, validate_default=True)
    secret: WebhookSecret | None = Field(default=None, validate_default=True)
    previous_secret: WebhookSecret | None = None
    timeout: Duration = Field(default=timedelta(seconds=15), le=timedelta(seconds=60))
    path: Location | None = Field(default=None, validate_default=True)
    owner: Sentence = Field(default="", max_length=200)

    @field_validator("name")
    @classmethod
    def _usable_in_commands(cls, value: str) -> str:
        return slug(value, "destination")

    @field_validator(*_TAKEN_BY)
    @classmethod
    def _as_its_kind_has_it(cls, value: object, info: ValidationInfo) -> object:
        kind, key = info.data.get("kind"), str(info.field_name)
        if kind is None:
            return value
        if value is None and (kind, key) in _NEEDED:
            raise ValueError(f'is missing: kind = "{kind}" needs {_NEEDED[kind, key]}')
        if value is not None and kind not in _TAKEN_BY[key]:
            owners = " or ".join(f'"{each}"' for each in sorted(_TAKEN_BY[key]))
            raise ValueError(f'does not go with kind = "{kind}": it belongs to kind = {owners}')
        return value

    @field_validator("url")
    @classmethod
    def _url_of_its_kind(cls, value: str | None, info: ValidationInfo) -> str | None:
        match info.data.get("kind"):
            case _Kind.WEBHOOK if value is not None:
                return web_address(value)
            case _Kind.APPRISE if value is not None:
                return apprise_url(value)
        return value

    @field_validator("previous_secret")
    @classmethod
    def _another_than_secret(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and value == info.data.get("secret"):
            raise ValueError("is the same as secret: write the one that the receiver still knows, or leave it out")
        return value

    def to_dict(self) -> dict[str, object]:
        """Every key that differs from its default, as the file would have it, without the name.

        With the secrets: for the store, never for an export or a log. `read_destination` reads it back.
        """
        written: dict[str, object] = {"kind": str(self.kind)}
        for key in ("to", "url", "secret", "previous_secret"):
            if (value := getattr(self, key)) is not None:
                written[key] = value
        if self.timeout != type(self).model_fields["timeout"].default:
            written["timeout"] = duration_text(self.timeout)
        if self.path is not None:
            written["path"] = str(self.path)
        if self.owner:
            written["owner"] = self.owner
        return written


class Smtp(Section):
    """[smtp]: the mail server that alerts are handed to, and whom they are from. `timeout` is that of one message."""

    secrets: ClassVar[frozenset[str]] = frozenset({"password"})

    host: Host
    security: Security = Security.STARTTLS
    port: Whole = Field(default_factory=lambda above: _PORTS[above["security"]], ge=1, le=65535)
    username: Credential | None = None
    password: Credential | None = Field(default=None, validate_default=True)
    sender: Sender
    timeout: Duration = Field(default=timedelta(seconds=30), le=timedelta(minutes=10))

    @field_validator("password")
    @classmethod
    def _goes_with_username(cls, value: str | None, info: ValidationInfo) -> str | None:
        if "username" not in info.data:
            return value
        username, name = info.data["username"], info.data.get("host")
        if value is None and username is not None:
            raise ValueError("is missing: username is given, and the server will ask for both")
        if value is not None and username is None:
            raise ValueError("is given without a username: write both or neither")
        if value is not None and info.data.get("security") is Security.NONE and name and not is_loopback(name):
            raise ValueError(
                'would cross the network unencrypted: set security = "starttls" or "tls" (none is for this machine)'
            )
        return value
