"""One alert or destination that does not come from config.toml: from a command, an import, or the desk.

The same models read it and the same sentences refuse it. `"env:NAME"` means nothing here: who adds an alert must not
learn what is in the service's environment.
"""

from collections.abc import Collection, Mapping

from syndicator.config import checks
from syndicator.config.alerts import AlertSettings
from syndicator.config.context import Context
from syndicator.config.destinations import DestinationSettings
from syndicator.config.report import Report
from syndicator.config.settings import Settings
from syndicator.config.tables import validated
from syndicator.errors import DefinitionError


def read_alert(raw: Mapping[str, object], settings: Settings, destinations: Collection[str] | None) -> AlertSettings:
    """Read one alert, with the keys of [[alerts]].

    `destinations` are the names that it may use; None: any. Raises DefinitionError with every mistake found, a line
    (for a query, a block) each. That its name is its own is for those to see who keep the others.
    """
    report = Report({}, {})
    context = Context(
        root=settings.root,
        zone=settings.site.zone,
        topics=tuple(topic.name for topic in settings.topics),
        sources=tuple(source.name for source in settings.sources),
        destinations=None if destinations is None else tuple(destinations),
    )
    alert = validated(AlertSettings, (), dict(raw), context, report)
    if alert is None:
        raise DefinitionError(report.problems, report.mistakes)
    return alert


def read_destination(name: str, raw: Mapping[str, object], settings: Settings) -> DestinationSettings:
    """Read one destination, with the keys of [destinations.NAME].

    Raises DefinitionError with every mistake found, a line each; no secret is in it. That its name is its own is for
    those to see who keep the others.
    """
    report = Report({}, {})
    if "name" in raw:
        report.say(("name",), "is not a known key: a destination's name is given apart")
    destination = validated(DestinationSettings, (), {**raw, "name": name}, Context(root=settings.root), report)
    if destination is not None:
        for key, sentence in (
            *checks.mail_has_a_server([((), destination)], smtp=settings.smtp is not None),
            *checks.files_stay_apart(
                [((), destination)], settings.path, settings.feeds, settings.store, settings.sources
            ),
        ):
            report.say(key, sentence)
    if destination is None or report.problems:
        raise DefinitionError(report.problems, report.mistakes)
    return destination
