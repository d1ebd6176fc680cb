"""What a source offers: the hubs that push it, and the topic to subscribe to there (W3C WebSub §4)."""

from dataclasses import dataclass

from syndicator.model import Fetched, Outcome, Parsed

_LONGEST = 2_048  # characters of an address
_MOST_HUBS = 4


@dataclass(frozen=True, slots=True)
class Offer:
    """Hubs in the publisher's order, the topic's canonical address, and where the document came from.

    `url` is what relative links in a pushed copy are read against, as those of a fetched one are.
    """

    hubs: tuple[str, ...]
    topic: str
    url: str


def discover(fetched: Fetched, parsed: Parsed | None) -> Offer | None:
    """What an answer offers; None for nothing. The header's word goes before the document's, each relation by itself.

    A publisher that names no `self` means the address that answered. `parsed` is None where the document was not read.
    """
    hubs = fetched.hubs or (parsed.hubs if parsed is not None else ())
    topic = fetched.self_url or (parsed.self_url if parsed is not None else None) or fetched.url
    hubs = tuple(hub for hub in hubs if len(hub) <= _LONGEST)[:_MOST_HUBS]
    return Offer(hubs, topic, fetched.url) if hubs and len(topic) <= _LONGEST else None


def is_told_by(fetched: Fetched, parsed: Parsed | None) -> bool:
    """Whether this answer says anew what the source offers.

    A document that was not read, since it is the old one, does not take its hub back: only its header can speak.
    """
    if fetched.outcome not in {Outcome.FRESH, Outcome.UNCHANGED}:
        return False
    return parsed is not None or bool(fetched.hubs and fetched.self_url)
