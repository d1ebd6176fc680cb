"""Reading config.toml: the order of the steps. Every mistake ends up in one report."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from syndicator.config import checks
from syndicator.config.environment import Key, fill_in
from syndicator.config.lines import key_lines
from syndicator.config.report import Report, unknown
from syndicator.config.section import Section
from syndicator.config.settings import Feeds, Network, Schedule, Server, Settings, Site, Source, Store, Topic
from syndicator.errors import ConfigError

_SECTIONS: dict[str, type[Section]] = {
    "site": Site,
    "store": Store,
    "feeds": Feeds,
    "server": Server,
    "schedule": Schedule,
    "network": Network,
}
_KNOWN = (*_SECTIONS, "sources", "topics")
_Model = TypeVar("_Model", bound=Section)


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
    context = {"root": path.parent}
    for name in raw.keys() - set(_KNOWN):
        report.say((name,), unknown(name, _KNOWN))

    def section(model: type[_Model], key: Key, value: object) -> _Model | None:
        try:
            return model.model_validate(value, context=context)
        except ValidationError as error:
            report.say_all(error, key, model.model_fields)
            return None

    site = section(Site, ("site",), raw.get("site", {}))
    store = section(Store, ("store",), raw.get("store", {}))
    feeds = section(Feeds, ("feeds",), raw.get("feeds", {}))
    server = section(Server, ("server",), raw.get("server", {}))
    schedule = section(Schedule, ("schedule",), raw.get("schedule", {}))
    network = section(Network, ("network",), raw.get("network", {}))
    tables = _source_tables(raw, report)
    read = [(index, section(Source, ("sources", index), table)) for index, table in enumerate(tables)]
    sources = [(index, source) for index, source in read if source is not None]
    topics = [
        section(Topic, ("topics", name), {**table, "name": name} if isinstance(table, dict) else table)
        for name, table in _topic_tables(raw, report).items()
    ]

    found = [*checks.names_are_unique(tables), *checks.places_are_unique(sources)]
    if feeds:
        found += checks.folders_stay_apart(path, feeds, store, sources)
    if schedule:
        found += checks.paces_are_ordered(schedule, sources)
    if feeds and schedule:
        found += checks.articles_outlast_feeds(feeds, schedule)
    for key, sentence in found:
        report.say(key, sentence)

    if not (site and store and feeds and server and schedule and network):
        return None
    good = [source for _, source in sources]
    return Settings(
        path=path,
        root=path.parent,
        site=site,
        store=store,
        feeds=feeds,
        server=server,
        schedule=schedule,
        network=network,
        sources=tuple(good),
        topics=tuple(topic for topic in topics if topic),
        warnings=tuple(checks.doubts(site, network, good, len(topics))),
    )


def _source_tables(raw: dict[str, object], report: Report) -> list[object]:
    tables = raw.get("sources", [])
    if isinstance(tables, list):
        return tables
    report.say(("sources",), "is one table: begin each source with [[sources]], in double brackets")
    return []


def _topic_tables(raw: dict[str, object], report: Report) -> dict[str, object]:
    tables = raw.get("topics", {})
    if isinstance(tables, dict):
        for name, table in tables.items():
            if isinstance(table, dict) and "name" in table:
                report.say(("topics", name, "name"), "is not a known key: a topic's name stands in its header")
        return tables
    report.say(("topics",), "is not a table: begin each topic with [topics.NAME]")
    return {}
