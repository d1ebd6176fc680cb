"""The mail server that a newsroom sends through, as config names it."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from syndicator.delivery.mailbox import Mailbox


class Security(StrEnum):
    """How the line is encrypted: after hello (port 587), from the start (port 465), or not at all (port 25)."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """`[smtp]` of config. `timeout` bounds one whole delivery: connection, login and mail.

    The server's certificate is always checked. An authority of your own is trusted through OpenSSL's SSL_CERT_FILE.
    """

    host: str
    sender: Mailbox
    port: int = 587
    security: Security = Security.STARTTLS
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    timeout: timedelta = timedelta(seconds=30)

    @property
    def address(self) -> str:
        """`host:port`, for people."""
        return f"{self.host}:{self.port}"
