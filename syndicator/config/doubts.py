"""What is allowed in config.toml and probably not meant: lines for people, said when the service starts."""

from collections.abc import Hashable, Iterator, Sequence
from itertools import combinations
from urllib.parse import urlsplit

from syndicator.config.checks import address
from syndicator.config.destinations import DestinationKind, DestinationSettings
from syndicator.config.oidc import MISSING, is_installed
from syndicator.config.settings import Settings

_EXAMPLES = ("example.org", "example.com")


def doubts(settings: Settings) -> Iterator[str]:
    """Every doubt about settings that are in order."""
    contact = settings.site.contact
    if contact.endswith(tuple(f"@{host}" for host in _EXAMPLES)) or (urlsplit(contact).hostname or "").endswith(
        _EXAMPLES
    ):
        yield "site.contact is still the example: publishers who want to reach you can't"
    for net in settings.network.allow_private:
        if net.prefixlen == 0:
            yield f"network.allow_private has {net}: all private addresses may be reached, whoever gave the URL"
    if not any(source.enabled for source in settings.sources):
        yield "there is no source that is enabled: nothing will come in"
    if not settings.topics:
        yield "there is no topic: only the feed of everything will be published"
    if settings.desk.oidc and not is_installed():
        yield f"{MISSING}; until then nobody can sign in by it"
    yield from _same_place(settings.destinations)
    for alert in settings.alerts:
        if alert.enabled and not alert.destinations:
            yield f"the alert {alert.name!r} has no destinations: only its private feed will have it"
    if settings.alerts and not settings.maintenance.destinations:
        yield "maintenance.destinations is empty: nobody will be told when a source or a delivery keeps failing"


def _same_place(destinations: Sequence[DestinationSettings]) -> Iterator[str]:
    for one, other in combinations(destinations, 2):
        if one.kind is other.kind and one.kind is not DestinationKind.CONSOLE and _place(one) == _place(other):
            yield (
                f"destinations.{one.name} and destinations.{other.name} are the same place: "
                "an alert that names both comes there twice"
            )


def _place(destination: DestinationSettings) -> Hashable:
    if destination.kind is DestinationKind.WEBHOOK and destination.url:
        return address(destination.url)
    return destination.url or destination.path or (destination.to or "").casefold()
