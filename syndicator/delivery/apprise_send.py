"""One message through Apprise, in a fork of `apprise_child`: what was sent, and what the service said to it."""

import logging
import re
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any
from urllib.parse import unquote

import apprise
import requests
from apprise.manager_plugins import NotificationManager

from syndicator.alerts.message import Verdict
from syndicator.config import ON_THIS_MACHINE
from syndicator.delivery.answers import LONGEST_WAIT, one_line, status_line, verdict
from syndicator.delivery.apprise_guard import Guard
from syndicator.httptimes import retry_after

Fields = dict[str, Any]
"""An Answer as JSON carries it: `verdict`, `said`, `status`, `answered`, `retry_after_s`."""

# Apprise's own 4 seconds are less than some services take, and what was cut off is sent again.
_CONNECT_S = "10"
_READ_S = "20"


class Sender:
    """Apprise with all its plugins loaded. Made once, before forking; `answer` is called once in each fork."""

    def __init__(self) -> None:
        self._kept: object = None
        logging.getLogger("apprise").addHandler(logging.NullHandler())
        plugins: Any = NotificationManager()  # type: ignore[no-untyped-call]
        plugins.disable(*ON_THIS_MACHINE.intersection(plugins.schemas()))

    def answer(self, job: Fields) -> Fields:
        """Do a job under guard; whatever happens is an answer."""
        guard = Guard(tuple(ip_network(network) for network in job["allow"]))
        guard.install()
        answers = _Answers()
        answers.install()
        lines = _Lines()
        logging.getLogger("apprise").addHandler(lines)
        secrets = _secret_parts(job["url"])
        try:
            service = self._kept = _service(job["url"])
            if "body" not in job:
                return _fields(Verdict.DELIVERED, f"Apprise can use it ({service.service_name})")
            target = apprise.Apprise()
            target.add(service)
            taken = bool(target.notify(body=job["body"], title=job["title"], body_format=apprise.NotifyFormat.TEXT))
        except _UnusableError as error:
            scheme = job["url"].partition("://")[0].lower()
            why = guard.acts[-1] if guard.acts else one_line(str(error), secrets)
            return _fields(Verdict.PERMANENT, f"Apprise can't use this {scheme}:// URL: {why}")
        except Exception as error:  # noqa: BLE001 - a plugin's bug costs its own destination
            return crashed(type(error).__name__)
        if taken:
            said = answers.line or f"taken by {service.service_name}"
            return _fields(Verdict.DELIVERED, said, status=answers.status, answered=True)
        return _failure(guard, answers, lines, secrets)

    def release(self) -> None:
        """Let the plugin say goodbye (some log out), once its answer can no longer be lost by it."""
        self._kept = None


class _UnusableError(Exception):
    """Apprise can't make anything of the URL; the text may hold parts of it."""


class _Lines(logging.Handler):
    """What Apprise logs while it works; the last warning tells what the service said."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


class _Answers:
    """The last answer that `requests` brought, by which nearly all plugins talk.

    They do not pass on its Retry-After, and the status in what they log may be one that they made up.
    """

    def __init__(self) -> None:
        self.status: int | None = None
        self.retry_after_s: float | None = None

    @property
    def line(self) -> str:
        return status_line(self.status) if self.status else ""

    def install(self) -> None:
        original = requests.adapters.HTTPAdapter.send

        def send(adapter: Any, *arguments: Any, **options: Any) -> requests.Response:
            response = original(adapter, *arguments, **options)
            self.status = response.status_code
            said, date = (response.headers.get(name, "") for name in ("Retry-After", "Date"))
            wait = retry_after(said, date, datetime.now(UTC), longest=LONGEST_WAIT)
            self.retry_after_s = wait.total_seconds() if wait else None
            return response

        requests.adapters.HTTPAdapter.send = send  # type: ignore[method-assign,assignment]


def _service(url: str) -> Any:
    """The plugin that `url` describes. Raises _UnusableError."""
    plugins: Any = NotificationManager()  # type: ignore[no-untyped-call]
    described = apprise.plugins.url_to_dict(url)  # type: ignore[no-untyped-call]
    if not described:
        known = url.partition("://")[0].lower() in plugins
        raise _UnusableError("a part of it is missing or wrong" if known else "it knows no such service")
    if not plugins[described["schema"]].enabled:
        raise _UnusableError("this service needs a library that is not installed, or is switched off here")
    described.setdefault("overflow", "split")
    described.setdefault("cto", _CONNECT_S)
    described.setdefault("rto", _READ_S)
    asset = apprise.AppriseAsset(
        app_id="Syndicator",
        async_mode=False,  # no threads: this process is for this message alone
        http_redirects=False,  # a POST that is redirected becomes a GET, and the message is lost without a sign
        interpret_escapes=False,
        interpret_emojis=False,
        pgp_autogen=False,
        pem_autogen=False,
        service_timeout=0,  # the alarm is the deadline
        allow_templates=False,  # they would fill ${NAME} from the environment
    )
    try:
        return apprise.Apprise.instantiate(described, asset=asset, suppress_exceptions=False)
    except Exception as error:  # noqa: BLE001 - plugins refuse a URL with whatever they like
        raise _UnusableError(str(error)) from None


def _failure(guard: Guard, answers: _Answers, lines: _Lines, secrets: list[str]) -> Fields:
    if guard.addresses:
        return _fields(Verdict.PERMANENT, guard.addresses[-1])
    status = answers.status
    told = guard.acts[-1:] if status is None else []
    told = told or [one_line(line, secrets) for line in lines.lines[-1:]]
    words = f": {told[0]}" if told else ""
    if status is None:
        # A library may look for a file that it can do without: only where nothing was asked is that the reason.
        return _fields(Verdict.PERMANENT if guard.acts else Verdict.TEMPORARY, f"not sent{words}")
    judged = verdict(status)
    # Some services answer 200 to what they refuse, and say so in the body only.
    judged = Verdict.TEMPORARY if judged is Verdict.DELIVERED else judged
    wait = answers.retry_after_s if judged is Verdict.TEMPORARY else None
    return _fields(judged, status_line(status) + words, status=status, answered=True, retry_after_s=wait)


def _secret_parts(url: str) -> list[str]:
    """Every piece of an Apprise URL behind its scheme: hosts, users and paths may all be tokens."""
    rest = url.partition("://")[2]
    pieces = [url, rest, *re.split(r"[/:@?&#,]", rest)]
    pieces += [piece.partition("=")[2] for piece in pieces if "=" in piece]
    return [each for piece in pieces for each in (piece, unquote(piece))]


def too_slow(deadline_s: float) -> Fields:
    """What to answer for a fork that its alarm ended."""
    return _fields(Verdict.TEMPORARY, f"not sent within {deadline_s:g} seconds")


def crashed(how: str) -> Fields:
    """What to answer for a fork or a plugin that broke."""
    return _fields(Verdict.TEMPORARY, f"the Apprise plugin for this service crashed ({how})")


def _fields(
    judged: Verdict,
    said: str,
    *,
    status: int | None = None,
    answered: bool = False,
    retry_after_s: float | None = None,
) -> Fields:
    return {
        "verdict": judged.value,
        "said": one_line(said),
        "status": status,
        "answered": answered,
        "retry_after_s": retry_after_s,
    }
