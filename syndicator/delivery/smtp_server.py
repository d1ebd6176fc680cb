"""The mail server that a newsroom sends through, as config names it."""

from dataclasses import dataclass, field
from datetime import timedelta

from syndicator.config import Security
from syndicator.delivery.mailbox import Mailbox


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
