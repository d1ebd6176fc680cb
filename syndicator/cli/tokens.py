"""The tokens of programs that use the API: give them out, list and revoke them."""

from datetime import datetime
from typing import Annotated, Any

import typer

from syndicator.access import Scope
from syndicator.cli.options import DEFAULT_CONFIG, Config, Json, Now, refuse_options_before
from syndicator.cli.output import ago, say, show_json, show_table
from syndicator.cli.room import in_newsroom
from syndicator.cli.session import Newsroom
from syndicator.config.values import duration
from syndicator.errors import UsageError
from syndicator.store import TokenRow
from syndicator.tokendesk import TokenDesk

app = typer.Typer(help="What programs may do with the API.", invoke_without_command=True)

Name = Annotated[str, typer.Argument(help="Its name.")]


@app.callback()
def tokens(context: typer.Context, *, config: Config = DEFAULT_CONFIG, now: Now, as_json: Json = False) -> None:
    """Every token: what it may do, whose it is, and when it was used last."""
    if context.invoked_subcommand:
        refuse_options_before(context, context.invoked_subcommand)
        return
    in_newsroom(config, lambda room: _list(room, now, as_json=as_json))


@app.command("list")
def list_tokens(*, config: Config = DEFAULT_CONFIG, now: Now, as_json: Json = False) -> None:
    """Every token: what it may do, whose it is, and when it was used last."""
    in_newsroom(config, lambda room: _list(room, now, as_json=as_json))


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What it is called: the program that will use it.")],
    *,
    scope: Annotated[list[Scope], typer.Option("--scope", help="What it may do; once for each.")],
    owner: Annotated[str, typer.Option("--owner", help="Whose it is, and whose what it creates will be.")] = "",
    expires: Annotated[
        str | None, typer.Option("--expires", help="For how long it is good: 90d.", metavar="SPAN")
    ] = None,
    config: Config = DEFAULT_CONFIG,
    now: Now,
    as_json: Json = False,
) -> None:
    """Give out a token, and print it this once."""
    try:
        lifetime = None if expires is None else duration(expires)
    except ValueError as error:
        raise UsageError(f"--expires {error}.") from None

    def act(room: Newsroom) -> None:
        given = TokenDesk(room.store).add(name, scope, now, owner=owner, lifetime=lifetime)
        if as_json:
            show_json(_record(given.row, now) | {"token": given.secret})
            return
        say(f"{given.row.name} may {_scopes(given.row)}. Its token, which is not shown again:")
        say(f"   {given.secret}")

    in_newsroom(config, act)


@app.command("rm")
def remove(name: Name, *, config: Config = DEFAULT_CONFIG, now: Now) -> None:
    """Revoke a token: it opens nothing from now on."""
    in_newsroom(config, lambda room: say(f"Revoked {TokenDesk(room.store).revoke(name, now).name}."))


def _list(room: Newsroom, now: datetime, *, as_json: bool) -> None:
    rows = TokenDesk(room.store).all()
    if as_json:
        show_json([_record(row, now) for row in rows])
        return
    if not rows:
        say("No token yet: syndicator tokens add NAME --scope news:read")
        return
    show_table(
        ("token", "may", "owner", "made", "last used", "expires"),
        [
            (
                row.name,
                _scopes(row),
                row.owner or "–",
                ago(row.created, now),
                # Kept by the day: hours would be made up.
                f"{row.last_used:%Y-%m-%d}" if row.last_used else "never",
                _end(row, now),
            )
            for row in rows
        ],
    )


def _end(row: TokenRow, now: datetime) -> str:
    if row.expires is None:
        return "–"
    return f"{'expired ' if _is_over(row, now) else ''}{ago(row.expires, now)}"


def _is_over(row: TokenRow, now: datetime) -> bool:
    return row.expires is not None and row.expires <= now


def _scopes(row: TokenRow) -> str:
    return ", ".join(sorted(row.scopes))


def _record(row: TokenRow, now: datetime) -> dict[str, Any]:
    """A token for `--json`, without its secret."""
    return {
        "name": row.name,
        "scopes": sorted(row.scopes),
        "owner": row.owner,
        "created": row.created,
        "expires": row.expires,
        "expired": _is_over(row, now),
        "last_used": row.last_used.date().isoformat() if row.last_used else None,
    }
