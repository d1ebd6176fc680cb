"""The way out for mail: a few connections to one server, shared by every destination that is reached through it."""

import asyncio
import ssl
from base64 import b64encode
from typing import Self

from aiosmtplib import SMTPException, SMTPResponseException, SMTPServerDisconnected

from syndicator.alerts.message import Answer, Verdict
from syndicator.delivery.answers import one_line
from syndicator.delivery.smtp_replies import Step, verdict
from syndicator.delivery.smtp_server import SmtpServer
from syndicator.delivery.smtp_session import SmtpSession

# Large providers allow some ten connections of one client; a mail waits for its turn within its own deadline.
MAX_CONNECTIONS = 8
# Servers hang up on a connection after about a hundred mails, or after some idle seconds: we leave before.
MAX_MAILS = 100
IDLE_S = 8.0

_GOODBYE_S = 2.0
_UNAVAILABLE = 421


class SmtpRelay:
    """Mails to one server. Deliveries run side by side; each has `server.timeout` for all of it.

    Close it (`async with`, or `close`) before its event loop ends. `tls` is for tests that bring their own authority.
    """

    def __init__(self, server: SmtpServer, tls: ssl.SSLContext | None = None) -> None:
        self.server = server
        self._tls = tls
        self._slots = asyncio.Semaphore(MAX_CONNECTIONS)
        self._idle: dict[SmtpSession, asyncio.TimerHandle] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def send(self, recipient: str, content: bytes) -> Answer:
        """Hand `content` (7 bits, CRLF) over for `recipient` (an ASCII address). Never raises but CancelledError.

        `Answer.answered` is False where the server gave no reply to what we said last.
        """
        attempt = _Attempt()
        try:
            async with asyncio.timeout(self.server.timeout.total_seconds()), self._slots:
                return await self._deliver(attempt, recipient, content)
        except SMTPResponseException as error:
            return self._refused(attempt.step, error)
        except (SMTPException, OSError, ValueError) as error:
            return self._failed(attempt.step, error)
        finally:
            attempt.drop()

    async def close(self) -> None:
        """Say goodbye on every idle connection. Deliveries under way are not waited for: cancel or await them first."""
        for session in list(self._idle):
            self._retire(session)
        await asyncio.gather(*self._leaving)

    async def _deliver(self, attempt: "_Attempt", recipient: str, content: bytes) -> Answer:
        session = self._take()
        if session is not None:
            attempt.session = session
            try:
                return await self._hand_over(attempt, session, recipient, content)
            except SMTPServerDisconnected:
                if session.step is Step.CONTENT:
                    raise
            except SMTPResponseException as error:
                if error.code != _UNAVAILABLE or session.step is Step.CONTENT:
                    raise
            # It hung up while idle, before it had anything of this mail: the same delivery on a fresh line.
            attempt.drop()
        if self._tls is None:
            self._tls = await asyncio.to_thread(ssl.create_default_context)
        session = attempt.session = SmtpSession(self.server, self._tls)
        await session.open()
        return await self._hand_over(attempt, session, recipient, content)

    async def _hand_over(self, attempt: "_Attempt", session: SmtpSession, recipient: str, content: bytes) -> Answer:
        said = await session.send(self.server.sender.address, recipient, content)
        attempt.session = None
        self._keep(session)
        return Answer(Verdict.DELIVERED, self._shown(said), status=int(said[:3]))

    def _take(self) -> SmtpSession | None:
        """The idle connection used last, so that those not needed grow old. It may be dead: using it will tell."""
        if not self._idle:
            return None
        session, timer = self._idle.popitem()
        timer.cancel()
        return session

    def _keep(self, session: SmtpSession) -> None:
        loop = asyncio.get_running_loop()
        if session.used >= MAX_MAILS:
            self._leave(session)
        else:
            self._idle[session] = loop.call_later(IDLE_S, self._retire, session)

    def _retire(self, session: SmtpSession) -> None:
        self._idle.pop(session).cancel()
        self._leave(session)

    def _leave(self, session: SmtpSession) -> None:
        task = asyncio.get_running_loop().create_task(_goodbye(session))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def _refused(self, step: Step, error: SMTPResponseException) -> Answer:
        # aiosmtplib gives -1 to what it could not read as a reply.
        code = error.code if error.code > 0 else None
        said = f"refused while {step}: {f'{code} ' if code else ''}{error.message}"
        if step is Step.LOGIN:
            said = f"the login was refused, check [smtp] username and password: {code} {error.message}"
        return Answer(
            verdict(step, error.code, error.message), self._shown(said), status=code, answered=code is not None
        )

    def _failed(self, step: Step, error: Exception) -> Answer:
        """No reply to what we said last: worth another try, whatever it was."""
        where = self.server.address
        cause = _root(error)
        if isinstance(cause, ssl.SSLCertVerificationError):
            said = f"the certificate of {where} can't be trusted: {cause.verify_message}"
        elif isinstance(cause, ssl.SSLError):
            said = f"no encrypted line to {where}: {cause.reason or cause}"
        elif isinstance(error, TimeoutError):
            said = f"{where} took longer than {self.server.timeout.total_seconds():g} s, the last of them {step}"
        elif isinstance(error, SMTPServerDisconnected):
            said = f"{where} hung up while {step}"
            if step is Step.CONTENT:
                said += "; it may have taken the mail"
        else:
            reason = cause.strerror if isinstance(cause, OSError) and cause.strerror else cause
            said = f"{where} failed while {step}: {reason}"
        return Answer(Verdict.TEMPORARY, self._shown(said), answered=False)

    def _shown(self, said: str) -> str:
        """One printable line without the login: servers quote it in refusals, as it is or in base64 (RFC 4616)."""
        name, password = self.server.username or "", self.server.password or ""
        secrets = [name, password, f"\0{name}\0{password}"]
        return one_line(said, [*secrets, *(b64encode(secret.encode()).decode("ascii") for secret in secrets)])


class _Attempt:
    """One delivery and the connection that it holds at the moment, so that whatever ends it drops that."""

    def __init__(self) -> None:
        self.session: SmtpSession | None = None

    @property
    def step(self) -> Step:
        return self.session.step if self.session else Step.CONNECT

    def drop(self) -> None:
        if self.session:
            self.session.abort()
            self.session = None


async def _goodbye(session: SmtpSession) -> None:
    try:
        async with asyncio.timeout(_GOODBYE_S):
            await session.quit()
    except (SMTPException, OSError):
        pass
    finally:
        session.abort()


def _root(error: BaseException) -> BaseException:
    """What lies under aiosmtplib's wrapping."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error
