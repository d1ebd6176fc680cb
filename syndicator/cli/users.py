"""Who may sign in at the desk: add, list and remove them, give them roles and links."""

from datetime import datetime
from typing import Annotated, Any

import typer

from syndicator.cli.options import DEFAULT_CONFIG, Config, Json, Now, refuse_options_before
from syndicator.cli.output import ago, say, show_json, show_table
from syndicator.cli.room import in_newsroom
from syndicator.cli.session import Newsroom
from syndicator.people import Role
from syndicator.store import UserRow
from syndicator.userdesk import Invited, UserDesk

app = typer.Typer(help="Who may sign in at the newsroom desk.", invoke_without_command=True)

Name = Annotated[str, typer.Argument(help="Their name.")]


@app.callback()
def users(context: typer.Context, *, config: Config = DEFAULT_CONFIG, now: Now, as_json: Json = False) -> None:
    """Everybody who may sign in, and as what."""
    if context.invoked_subcommand:
        refuse_options_before(context, context.invoked_subcommand)
        return
    in_newsroom(config, lambda room: _list(room, now, as_json=as_json))


@app.command("list")
def list_users(*, config: Config = DEFAULT_CONFIG, now: Now, as_json: Json = False) -> None:
    """Everybody who may sign in, and as what."""
    in_newsroom(config, lambda room: _list(room, now, as_json=as_json))


@app.command()
def add(
    name: Name,
    *,
    role: Annotated[Role, typer.Option("--role", help="What they may do.")] = Role.EDITOR,
    config: Config = DEFAULT_CONFIG,
    now: Now,
    as_json: Json = False,
) -> None:
    """Add somebody, and print the link by which they choose a password."""
    in_newsroom(config, lambda room: _show(_desk(room).add(name, role, now), as_json=as_json))


@app.command()
def link(name: Name, *, config: Config = DEFAULT_CONFIG, now: Now, as_json: Json = False) -> None:
    """A new link to choose a password by: for whoever forgot theirs. The link before is over."""
    in_newsroom(config, lambda room: _show(_desk(room).invite(name, now), as_json=as_json))


@app.command("role")
def set_role(
    name: Name,
    role: Annotated[Role, typer.Argument(help="What they may do from now on.")],
    *,
    config: Config = DEFAULT_CONFIG,
    now: Now,
) -> None:
    """Give somebody another role."""

    def act(room: Newsroom) -> None:
        done = _desk(room).set_role(name, role, now)
        say(f"{done.user.name} is now {done.user.role.value}.{done.aftermath}")

    in_newsroom(config, act)


@app.command()
def disable(name: Name, *, config: Config = DEFAULT_CONFIG, now: Now) -> None:
    """Let somebody in no more; they are signed out at once, and their tokens are revoked."""

    def act(room: Newsroom) -> None:
        done = _desk(room).set_enabled(name, False, now)
        say(f"{done.user.name} may not sign in any more.{done.aftermath}")

    in_newsroom(config, act)


@app.command()
def enable(name: Name, *, config: Config = DEFAULT_CONFIG, now: Now) -> None:
    """Let somebody in again."""
    in_newsroom(config, lambda room: say(f"{_desk(room).set_enabled(name, True, now).user.name} may sign in again."))


@app.command("rm")
def remove(name: Name, *, config: Config = DEFAULT_CONFIG, now: Now) -> None:
    """Remove somebody, and revoke their tokens. Their alerts stay."""

    def act(room: Newsroom) -> None:
        done = _desk(room).remove(name, now)
        say(f"Removed {done.user.name}. Their alerts stay.{done.aftermath}")

    in_newsroom(config, act)


def _desk(room: Newsroom) -> UserDesk:
    return UserDesk(room.settings, room.store)


def _show(invited: Invited, *, as_json: bool) -> None:
    if as_json:
        show_json({**_record(invited.user), "link": invited.link, "ends": invited.ends})
        return
    say(f"{invited.user.name} ({invited.user.role.value}) chooses a password by this link, within three days:")
    say(f"   {invited.link}")


def _list(room: Newsroom, now: datetime, *, as_json: bool) -> None:
    rows = room.store.users.all()
    if as_json:
        show_json([_record(row) for row in rows])
        return
    if not rows:
        say("Nobody yet: syndicator users add NAME --role admin")
        return
    show_table(
        ("name", "role", "last seen", "state"),
        [
            (row.name, row.role.value, ago(row.last_seen, now) if row.last_seen else "never", _state(row))
            for row in rows
        ],
    )


def _state(row: UserRow) -> str:
    if row.disabled is not None:
        return "disabled"
    return "well" if row.password else "invited"


def _record(row: UserRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "role": row.role.value,
        "zone": row.zone,
        "created": row.created,
        "last_seen": row.last_seen,
        "state": _state(row),
    }
