"""A message as JSON: the body of a webhook and the line of a file. A public contract, told in docs/webhooks.md.

Every key is always there, null or empty where there is nothing to say, and keys are only ever added while VERSION
stands. The same Message gives the same bytes, so a repeat is signed over the same content.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from syndicator.alerts.message import Excerpt, Item, Message
from syndicator.model import Reason, State

VERSION = 1

_Json = dict[str, object]


def payload(message: Message) -> bytes:
    """`message` as one JSON object in UTF-8, on one line, without a line break at its end.

    The link that ends the alert is left out: it acts for whoever holds it, and a body is kept in logs and files.
    """
    alert = None
    if message.alert_id is not None:
        alert = {"id": message.alert_id, "name": message.alert, "query": message.query}
    number, of = message.part
    body = {
        "version": VERSION,
        "type": message.event.value,
        "id": message.id,
        "timestamp": _time(message.created),
        "site": {"title": message.site, "url": message.home},
        "alert": alert,
        "follows": list(message.follows),
        "part": {"number": number, "of": of},
        "lines": list(message.lines),
        "items": [_item(item) for item in message.items],
    }
    # A lone surrogate should never get here, but if one does it costs one character, not the message.
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _item(item: Item) -> _Json:
    # What an article said before it was withdrawn is not said again: not even in the words that matched.
    killed = item.state is State.KILLED
    excerpt = Excerpt("") if killed else item.excerpt
    return {
        "story_id": item.story,
        "article": {
            "id": item.article,
            "seq": item.seq,
            "version": item.version,
            "state": item.state.value,
            "title": item.title.text,
            "url": item.url,
            "source": item.source,
            "published": _time(item.published),
            "updated": _time(item.updated),
            "topics": list(item.topics),
            "note": item.note,
        },
        "other_sources": list(item.others),
        "excerpt": excerpt.text,
        "highlights": {"title": [] if killed else _spans(item.title), "excerpt": _spans(excerpt)},
        "matches": [] if killed else _matches(item.reasons),
    }


def _matches(reasons: Iterable[Reason]) -> list[_Json]:
    return [
        {
            "clause": reason.clause,
            "words": reason.words,
            "field": reason.field,
            "start": reason.start,
            "end": reason.end,
        }
        for reason in reasons
    ]


def _spans(excerpt: Excerpt) -> list[_Json]:
    return [{"start": start, "end": end} for start, end in excerpt.spans]


def _time(moment: datetime) -> str:
    """RFC 3339, in UTC and whole seconds."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
