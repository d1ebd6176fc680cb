"""The sources and how they do."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import typer

from syndicator.cli.options import DEFAULT_CONFIG, Config, Json, Now
from syndicator.cli.output import ago, say, show_json, show_table
from syndicator.cli.session import open_store, read_settings
from syndicator.health import LOOKBACK, Health, health
from syndicator.model import SourceState
from syndicator.sourcedesk import judge, pushes_of
from syndicator.websub import Subscribed

app = typer.Typer(help="The sources with their health.", invoke_without_command=True)


@app.callback()
def list_sources(*, config: Config = DEFAULT_CONFIG, now: Now, as_json: Json = False) -> None:
    """Every source: when it last answered, how much it publishes, and what is wrong with it."""
    settings = read_settings(config)
    with open_store(settings) as store:
        states = {state.name: state for state in store.sources.all()}
        known = [
            (
                states[source.name],
                health(states[source.name], store.sources.arrivals(source.name, now - LOOKBACK), now),
            )
            for source in settings.sources
            if source.name in states
        ]
        pushes = pushes_of(store.subscriptions.all())
        unknown = [source.name for source in settings.sources if source.enabled and source.name not in states]
    if as_json:
        unseen = [{"name": name, "last_success": None} for name in unknown]
        show_json([_as_record(state, judged, pushes.get(state.name)) for state, judged in known] + unseen)
        return
    show_table(
        ("source", "last success", ">a week", "next look", "push", "state"),
        [
            (
                state.name,
                ago(judged.last_success, now),
                _pace(state, judged, now),
                "never" if state.gone else ago(state.due, now) if state.due > now else "now",
                _push(pushes.get(state.name), now),
                judge(state, judged)[1] or "well",
            )
            for state, judged in known
        ],
    )
    for name in unknown:
        say(f"{name}: not looked at yet")


def _pace(state: SourceState, judged: Health, now: datetime) -> str:
    """Items a week; a dash in a source's first day, which says nothing about a week."""
    if state.first_success is None or now - state.first_success < timedelta(days=1):
        return "–"
    return f"{judged.items_per_week:.0f}"


def _push(it: Subscribed | None, now: datetime) -> str:
    """How the subscription at a source's hub stands, and since when; a dash where there is none."""
    return "–" if it is None else f"{it.standing}, {ago(it.since, now)}"


def _as_record(state: SourceState, judged: Health, push: Subscribed | None) -> dict[str, Any]:
    known = {"name": state.name, "due": state.due, "interval": state.interval, "moved_to": state.moved_to}
    return known | asdict(judged) | {"push": None if push is None else _push_record(push)}


def _push_record(it: Subscribed) -> dict[str, Any]:
    """All that is not secret: the callback is known to its hub alone."""
    return {
        "state": it.standing,
        "since": it.since,
        "hub": it.hub,
        "lease_until": it.lease_until,
        "last_push": it.last_push,
        "missed": it.misses,
        "error": it.error,
    }
