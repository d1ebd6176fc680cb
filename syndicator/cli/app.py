"""The `syndicator` command: its groups, and how errors leave it."""

import sys
from typing import Annotated

import typer

from syndicator import __version__
from syndicator.cli import (
    alerts,
    article,
    backup,
    deliveries,
    destinations,
    news,
    service,
    sources,
    tokens,
    topics,
    users,
)
from syndicator.cli.output import note, say
from syndicator.errors import SyndicatorError

app = typer.Typer(
    name="syndicator",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
service.add_to(app)
backup.add_to(app)
news.add_to(app)
app.add_typer(topics.app, name="topics")
app.add_typer(sources.app, name="sources")
app.add_typer(alerts.app, name="alerts")
app.add_typer(destinations.app, name="destinations")
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(article.app, name="article")
app.add_typer(tokens.app, name="tokens")
app.add_typer(users.app, name="users")


def _say_version(asked: bool) -> None:
    if asked:
        say(f"Syndicator {__version__}")
        raise typer.Exit


@app.callback()
def syndicator(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    """News in, topic feeds and alerts out: nothing missed, nothing repeated."""


def main() -> None:
    """Run the command. Exit codes: 0 done, 1 part of it failed, 2 wrong use or bad config."""
    try:
        app()
    except SyndicatorError as error:
        note(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output (`| head`) has gone; there is nobody left to tell.
        sys.stderr.close()
        sys.exit(1)
