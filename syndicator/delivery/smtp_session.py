"""One connection to a mail server: opened, encrypted and logged in as configured, used for one mail after another."""

import asyncio
import socket
import ssl
from ipaddress import ip_address

from aiosmtplib import SMTP, SMTPException

from syndicator.config import Security
from syndicator.delivery.mailbox import ascii_host
from syndicator.delivery.smtp_replies import Step
from syndicator.delivery.smtp_server import SmtpServer


class SmtpSession:
    """A conversation with one server. `step` is where it stands, `used` how many mails it has carried.

    Whatever goes wrong is raised as aiosmtplib or the socket raised it (SMTPException, OSError, ValueError), and
    the session is then no longer to be used: `abort` it. Nothing here has a deadline of its own: callers bound the
    whole. aiosmtplib's timeouts are off because `asyncio.wait_for`, which they use, can swallow a cancellation in
    Python 3.11: the caller's deadline would pass unnoticed.
    """

    def __init__(self, server: SmtpServer, tls: ssl.SSLContext) -> None:
        self.step = Step.CONNECT
        self.used = 0
        self._server = server
        self._client = SMTP(
            hostname=server.host,
            port=server.port,
            timeout=None,
            use_tls=server.security is Security.TLS,
            start_tls=False,
            tls_context=tls,
            local_hostname=_own_name(),
        )

    async def open(self) -> None:
        """Connect, and be ready for mail. Never goes on in the clear where encryption was asked for."""
        await self._client.connect()
        self.step = Step.HELLO
        await self._client.ehlo()
        if self._server.security is Security.STARTTLS:
            self.step = Step.TLS
            await self._client.starttls()
            await self._client.ehlo()
        if self._server.username is not None:
            self.step = Step.LOGIN
            if self._server.security is Security.NONE and not self._is_loopback():
                raise SMTPException('a login is not sent over an unencrypted line: set security = "starttls" or "tls"')
            await self._client.login(self._server.username, self._server.password or "")

    async def send(self, sender: str, recipient: str, content: bytes) -> str:
        """Hand over one mail; what the server said when it took it."""
        self.step = Step.SENDER
        size = [f"SIZE={len(content)}"] if self._client.supports_extension("size") else []
        await self._client.mail(sender, options=size)
        self.step = Step.RECIPIENT
        await self._client.rcpt(recipient)
        self.step = Step.CONTENT
        response = await self._client.data(content)
        self.used += 1
        return f"{response.code} {response.message}"

    async def quit(self) -> None:
        """Say goodbye and close (RFC 5321 §4.1.1.10)."""
        transport = self._client.transport
        try:
            await self._client.quit()
        finally:
            # aiosmtplib closes gently, and then TLS waits for the server's goodbye when nobody is there to see it.
            _abort(transport)

    def abort(self) -> None:
        """Drop the connection at once, unwritten bytes and all: a peer that reads nothing can't hold it open."""
        transport = self._client.transport
        self._client.close()
        _abort(transport)

    def _is_loopback(self) -> bool:
        peer = self._client.get_transport_info("peername")
        return bool(peer) and ip_address(peer[0].partition("%")[0]).is_loopback


def _abort(transport: asyncio.BaseTransport | None) -> None:
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


def _own_name() -> str:
    """Our name for EHLO, or an address literal (RFC 5321 §4.1.3). The DNS is not asked: getfqdn may hang on it."""
    name = ascii_host(socket.gethostname())
    return name if name and "." in name else "[127.0.0.1]"
