"""How `syndicator run` and `once` log: events of its own and the log lines of everything else, for people or as JSON.

On a console an event is one plain line, as it would be told; what the logging module brings stands in the form "time,
level, logger: message". As JSON every line is one object with `ts`, `level`, `event` and `message`, and the event's own
fields. Either way a record can neither break out of its lines nor move a terminal's cursor, whatever feeds put into it,
and tokens that stand in addresses are left out.
"""

import json
import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from textwrap import indent
from typing import Any, TextIO

import structlog
from structlog.stdlib import BoundLogger, ProcessorFormatter
from structlog.typing import EventDict, WrappedLogger

from syndicator.cli.output import printable
from syndicator.config import Log, LogFormat

EVENTS = "syndicator.events"
# The event of what the logging module brings.
LOGGED = "log"
_NOISY = ("apscheduler", "asyncio", "aiohttp", "uvicorn")
# The parts of our addresses that are secrets, and API tokens wherever they stand.
_SECRETS = re.compile(
    r"(?P<place>/(?:alerts|unsubscribe|websub/[a-z]+)/)[\w.~%-]{8,}|(?P<scheme>Bearer )\S+|\bsyn_\w{8,}", re.IGNORECASE
)


def start_logging(
    settings: Log, *, verbose: bool = False, stream: TextIO | None = None, yielding: bool = False
) -> None:
    """Log to `stream` (standard error) from now on as [log] says; `verbose`: every step.

    `yielding`: unless whoever called us has set up logging for the whole process already.
    """
    if yielding and logging.getLogger().handlers:
        return
    level = logging.DEBUG if verbose else logging.getLevelName(settings.level.upper())
    handler = _Handler(stream or sys.stderr)
    write = _json_line if settings.format is LogFormat.JSON else _console_line
    handler.setFormatter(ProcessorFormatter(foreign_pre_chain=[_as_event], processors=[_complete, _clean, write]))
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
    logging.getLogger("syndicator").setLevel(level)
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=BoundLogger,
    )


def events() -> BoundLogger:
    """What events are told to: `events().info("source", message="Inbox: 1 new", source="Inbox", new=1)`."""
    logger: BoundLogger = structlog.stdlib.get_logger(EVENTS)
    return logger


class _Handler(logging.StreamHandler[TextIO]):
    """Writes lines for as long as somebody takes them: a reader who is gone, or a full disk, ends no service."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


def _as_event(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """What came by the logging module, in the form of an event."""
    return {**event, "event": LOGGED, "logger": event["_record"].name, "message": event["event"]}


def _complete(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Time, level, traceback; in the order in which they are written."""
    record: logging.LogRecord = event["_record"]
    moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    fields = {name: value for name, value in event.items() if name not in {"_record", "_from_structlog", "exc_info"}}
    if event.get("exc_info"):
        fields["exception"] = structlog.processors.format_exc_info(_logger, _name, {"exc_info": event["exc_info"]})[
            "exception"
        ]
    first = {"ts": moment, "level": record.levelname.lower(), "event": fields.pop("event"), "message": ""}
    return {**first, **fields}


def _clean(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    return {name: _cleaned(value, keep="\n" if name == "exception" else "") for name, value in event.items()}


def _cleaned(value: object, keep: str = "") -> Any:
    """Printable, and without secrets; other values than text, numbers and lists of them as their text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_cleaned(each) for each in value]
    if isinstance(value, Mapping):
        return {str(name): _cleaned(each) for name, each in value.items()}
    text = printable(str(value), keep=keep)
    return _SECRETS.sub(lambda found: (found["place"] or found["scheme"] or "") + "…", text)


def _json_line(_logger: WrappedLogger, _name: str, event: MutableMapping[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=False)


def _console_line(_logger: WrappedLogger, _name: str, event: MutableMapping[str, Any]) -> str:
    """An event's message; of everything else also when, how grave and from where. Tracebacks are indented."""
    line = str(event["message"])
    if event["event"] == LOGGED:
        line = f"{event['ts']} {event['level'].upper()} {event['logger']}: {line}"
    if "exception" in event:
        line += "\n" + indent(event["exception"], "  ")
    return line
