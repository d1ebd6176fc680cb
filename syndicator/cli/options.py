"""Options that several commands share."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from syndicator.errors import UsageError
from syndicator.worker import utc_now


def _moment(value: str | datetime) -> datetime:
    """An RFC 3339 time; one without a zone is UTC. The default comes as a datetime already."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except ValueError:
        raise typer.BadParameter(f"{value!r} is not a time: write it as 2026-01-31T05:00:00Z") from None
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)).replace(microsecond=0)


Config = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="SYNDICATOR_CONFIG", help="The newsroom's config.toml.", metavar="FILE"),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of lines for people.")]


def Moment(*names: str, help: str, **more: Any) -> Any:  # noqa: N802, A002 - an option of a type, named as typer's own
    """An option that takes a time."""
    return typer.Option(*names, parser=_moment, help=help, metavar="TIME", **more)


Now = Annotated[
    datetime,
    Moment("--now", help="Work as if it were this time.", default_factory=utc_now, show_default="the real time"),
]


def refuse_options_before(context: typer.Context, command: str) -> None:
    """Options of a group's list say nothing to a command that follows them: refused, not left out in silence."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise UsageError(f"Options go behind the command: syndicator {context.info_name} {command} --…")


Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log every step to standard error.")]
DEFAULT_CONFIG = Path("config.toml")
