"""A mail server for tests: aiosmtpd on loopback, in a thread of its own, that keeps what it gets and misbehaves on request.

with MailServer() as server:
    server.on("rcpt", "451 4.7.1 come back later", times=2)
    ...
    assert [mail["Subject"] for mail in server.mails] == [...]
"""

# ruff: noqa: N802 - aiosmtpd calls its hooks by these names

import asyncio
import contextlib
import email
import email.policy
import ssl
import threading
import time
import weakref
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, AuthResult

# What `on` takes in the place of a reply.
HANG = "hang"
DROP = "drop"

STEPS = ("connect", "ehlo", "mail", "rcpt", "data")


@dataclass
class Received:
    """One mail as it came: envelope, bytes (dots unstuffed), and whether the line was encrypted and who was logged in."""

    sender: str
    recipients: list[str]
    content: bytes
    encrypted: bool
    user: str | None
    connection: int

    @property
    def mail(self) -> EmailMessage:
        return email.message_from_bytes(self.content, policy=email.policy.default)


@dataclass
class _Rule:
    step: str
    reply: str
    times: int | None
    recipient: str | None


@dataclass
class MailServer:
    """`users` (name to password) makes a login necessary. `tls` is offered by STARTTLS, or spoken at once if `implicit`."""

    users: dict[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    implicit: bool = False
    auth_in_clear: bool = False
    data_size_limit: int = 33_554_432

    def __post_init__(self):
        self.received: list[Received] = []
        self.commands: list[str] = []
        self.logins: list[tuple[str, str]] = []
        self.connections = 0
        self.quits = 0
        self.port = 0
        self._rules: list[_Rule] = []
        self._transports: weakref.WeakSet[asyncio.Transport] = weakref.WeakSet()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self._stop = None

    @property
    def mails(self) -> list[EmailMessage]:
        return [received.mail for received in self.received]

    def on(self, step: str, reply: str, *, times: int | None = None, recipient: str | None = None):
        """Answer `reply` (or HANG, or DROP the line) at `step` from now on, or `times` times, or for one recipient only.

        At "data" the mail is in by then: 250 not said is a lost acknowledgement. It is kept in `received` if dropped.
        `reply` may be a function `(Received | None) -> reply`, asked each time; None from it leaves the step as it is.
        """
        assert step in STEPS
        self._rules.append(_Rule(step, reply, times, recipient))

    def well(self):
        """Behave again."""
        self._rules.clear()

    def wait_until(self, seen, seconds=10):
        """Wait until `seen()`. It blocks: within an event loop, call it in a thread."""
        end = time.monotonic() + seconds
        while not seen():
            assert time.monotonic() < end, "not seen in time"
            time.sleep(0.005)

    def hang_up(self):
        """Close every open connection, as servers do with idle ones."""
        done = threading.Event()

        def close():
            for transport in list(self._transports):
                transport.close()
            self._loop.call_later(0.02, done.set)

        self._loop.call_soon_threadsafe(close)
        assert done.wait(5)

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _run(self):
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self):
        self._stop = asyncio.Event()
        server = await self._loop.create_server(
            lambda: _Session(self), "127.0.0.1", 0, ssl=self.tls if self.implicit else None
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for transport in list(self._transports):
            transport.abort()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # A transport closes its socket in a later turn of the loop; one in a TLS handshake is known to nobody yet.
        await asyncio.sleep(0.02 if self.tls else 0)

    async def _rule(self, session, step, recipients=(), mail=None):
        """The reply that a rule wants at this step, None where none does."""
        for rule in self._rules:
            if rule.step != step or rule.times == 0 or (rule.recipient and rule.recipient not in recipients):
                continue
            if rule.times is not None:
                rule.times -= 1
            reply = rule.reply(mail) if callable(rule.reply) else rule.reply
            if reply is None:
                continue
            if reply == HANG:
                await asyncio.sleep(3600)
            if reply == DROP:
                session.transport.abort()
                raise _Dropped
            return reply
        return None


class _Dropped(asyncio.CancelledError):
    """The line is gone. aiosmtpd ends a session silently only when it is cancelled."""


class _Session(SMTP):
    """One connection."""

    def __init__(self, server: MailServer):
        self.server = server
        self.number = 0
        super().__init__(
            _Hooks(server),
            loop=server._loop,
            hostname="mail.test",
            enable_SMTPUTF8=False,
            data_size_limit=server.data_size_limit,
            tls_context=None if server.implicit else server.tls,
            auth_required=bool(server.users) and not (server.auth_in_clear or server.implicit),
            auth_require_tls=not (server.auth_in_clear or server.implicit),
            auth_exclude_mechanism=() if server.users else ("PLAIN", "LOGIN"),
            authenticator=self._login,
        )

    def connection_made(self, transport):
        super().connection_made(transport)
        self.server._transports.add(transport)
        if not self.number:
            self.server.connections += 1
            self.number = self.server.connections

    async def _handle_client(self):
        # aiosmtpd lets the reset of a connection escape from its task.
        with contextlib.suppress(ConnectionError):
            reply = await self.server._rule(self, "connect")
            if reply:
                await self.push(reply)
                self.transport.close()
                return
            await super()._handle_client()

    async def _call_handler_hook(self, command, *args):
        self.server.commands.append(" ".join([command, *(arg for arg in args if isinstance(arg, str))]))
        return await super()._call_handler_hook(command, *args)

    def _login(self, _server, _session, _envelope, _mechanism, data):
        name, password = data.login.decode(), data.password.decode()
        self.server.logins.append((name, password))
        if self.server.users.get(name) == password:
            return AuthResult(success=True, auth_data=data)
        return AuthResult(success=False, handled=False, message=f"535 5.7.8 wrong password {password} for {name}")


class _Hooks:
    """aiosmtpd calls these by their names."""

    def __init__(self, server: MailServer):
        self.server = server

    async def handle_EHLO(self, session, smtp_session, _envelope, hostname, responses):
        reply = await self.server._rule(session, "ehlo")
        if reply:
            return [reply]
        smtp_session.host_name = hostname
        return responses

    async def handle_MAIL(self, session, _smtp_session, envelope, address, options):
        reply = await self.server._rule(session, "mail")
        if reply:
            return reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(self, session, _smtp_session, envelope, address, _options):
        reply = await self.server._rule(session, "rcpt", [address])
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_QUIT(self, _session, _smtp_session, _envelope):
        self.server.quits += 1
        return "221 Bye"

    async def handle_DATA(self, session, smtp_session, envelope):
        user = smtp_session.auth_data.login.decode() if smtp_session.auth_data else None
        mail = Received(
            envelope.mail_from,
            list(envelope.rcpt_tos),
            envelope.original_content,
            session.transport.get_extra_info("sslcontext") is not None,
            user,
            session.number,
        )
        try:
            reply = await self.server._rule(session, "data", envelope.rcpt_tos, mail)
        except _Dropped:
            self.server.received.append(mail)
            raise
        if not reply or reply.startswith("2"):
            self.server.received.append(mail)
        return reply or f"250 2.0.0 queued as {len(self.server.received)}"
