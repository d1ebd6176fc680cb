"""Reading config.toml: the order of the steps. Every mistake ends up in one report."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from syndicator.config import checks
from syndicator.config.alerts import AlertSettings, Maintenance
from syndicator.config.context import Context
from syndicator.config.destinations import DestinationSettings, Smtp
from syndicator.config.doubts import doubts
from syndicator.config.environment import Key, fill_in
from syndicator.config.lines import key_lines
from syndicator.config.report import Report
from syndicator.config.serving import Api, Desk, Log, Server, WebSub
from syndicator.config.settings import Feeds, Network, Schedule, Settings, Site, Store
from syndicator.config.sources import Source, Topic
from syndicator.config.tables import Tables
from syndicator.errors import ConfigError


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read and check config.toml. Raises ConfigError with every mistake found.

    `environ` is where `"env:NAME"` values come from. Paths in the result are absolute; relative ones
    in the file are taken from the file's own folder.
    """
    path = path.absolute()
    text = _read(path)
    raw, unset = fill_in(_parse(text, path), environ)
    assert isinstance(raw, dict)  # fill_in keeps the shape
    report = Report(key_lines(text), unset)
    settings = _check(path, raw, report)
    if settings is None or report.problems:
        raise ConfigError(str(path), report.problems)
    return settings


def key_places(path: Path) -> dict[Key, int]:
    """The line on which each key stands in config.toml as it is now; none where it can't be read."""
    try:
        return dict(key_lines(_read(path)))
    except ConfigError:
        return {}


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        folder = path.parent
        raise ConfigError(
            str(path), [f"there is no such file: `syndicator init {folder}` makes one, --config names another"]
        ) from None
    except OSError as error:
        raise ConfigError(str(path), [f"can't be read: {error.strerror or error}"]) from None
    try:
        # Editors on Windows put a byte order mark in front, which TOML does not know.
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(str(path), [f"line {line}: is not UTF-8 text: save the file as UTF-8"]) from None
    return text.replace("\r\n", "\n")


def _parse(text: str, path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # The message ends in "(at line 3, column 5)".
        raise ConfigError(str(path), [f"is not TOML: {error}"]) from None


def _check(path: Path, raw: dict[str, object], report: Report) -> Settings | None:
    """Each section by itself, then the sections together. None where a section that is needed can't be used."""
    tables = Tables(raw, report)
    context = Context(root=path.parent)
    site = tables.single(Site, "site", context)
    store = tables.single(Store, "store", context)
    feeds = tables.single(Feeds, "feeds", context)
    server = tables.single(Server, "server", context)
    api = tables.single(Api, "api", context)
    desk = tables.single(Desk, "desk", context)
    websub = tables.single(WebSub, "websub", context)
    log = tables.single(Log, "log", context)
    schedule = tables.single(Schedule, "schedule", context)
    network = tables.single(Network, "network", context)
    smtp = tables.single(Smtp, "smtp", context) if "smtp" in raw else None
    sources = tables.several(Source, "sources", context)
    topics = tables.several(Topic, "topics", context)
    destinations = tables.several(DestinationSettings, "destinations", context)
    # Names count as known where their own table has a mistake, so that one mistake is told once.
    named = Context(
        root=path.parent,
        zone=site.zone if site else context.zone,
        topics=tables.names("topics"),
        sources=tables.names("sources"),
        destinations=tables.names("destinations"),
    )
    alerts = tables.several(AlertSettings, "alerts", named)
    maintenance = tables.single(Maintenance, "maintenance", named)

    found = [
        *checks.names_are_unique(tables.keyed("sources")),
        *checks.names_are_unique(tables.keyed("alerts")),
        *checks.places_are_unique(sources),
        *checks.mail_has_a_server(destinations, smtp="smtp" in raw),
        *checks.files_stay_apart(destinations, path, feeds, store, (source for _, source in sources)),
    ]
    if feeds:
        found += checks.folders_stay_apart(path, feeds, store, sources)
    if schedule:
        found += checks.paces_are_ordered(schedule, sources)
    if feeds and schedule:
        found += checks.articles_outlast_feeds(feeds, schedule)
    for key, sentence in found:
        report.say(key, sentence)

    if not (site and store and feeds and server and api and desk):
        return None
    if not (websub and log and schedule and network and maintenance):
        return None
    settings = Settings(
        path=path,
        root=path.parent,
        site=site,
        store=store,
        feeds=feeds,
        server=server,
        api=api,
        desk=desk,
        websub=websub,
        log=log,
        schedule=schedule,
        network=network,
        sources=tuple(source for _, source in sources),
        topics=tuple(topic for _, topic in topics),
        smtp=smtp,
        destinations=tuple(destination for _, destination in destinations),
        alerts=tuple(alert for _, alert in alerts),
        maintenance=maintenance,
    )
    return settings.model_copy(update={"warnings": tuple(doubts(settings))})
