"""Messages for the tests of wording and mail: one of each kind, made of invented news."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from syndicator.alerts.message import Event, Excerpt, Item, Message
from syndicator.model import Reason, State

NOW = datetime(2026, 11, 3, 14, 5, 9, tzinfo=UTC)
TEXT = (
    "… told the committee that 214 people had crossed in small boats since Friday, and that the asylum backlog "
    "had fallen for a third month. A second dinghy was brought into port on Sunday evening …"
)


def spans(text, *words):
    """Where `words` stand in `text`, in order."""
    found = ((text.find(word), text.find(word) + len(word)) for word in words)
    return tuple(sorted(span for span in found if span[0] >= 0))


def excerpt(text, *words):
    return Excerpt(text, spans(text, *words))


ITEM = Item(
    article="urn:uuid:2b0c6c5e-0d1f-5a8e-9e57-0c7b8a3f1e11",
    seq=41,
    version=1,
    state=State.LIVE,
    title=excerpt("Minister defends asylum figures as crossings fall", "asylum"),
    excerpt=excerpt(TEXT, "small boats", "asylum", "dinghy"),
    url="https://wire.example/2026/11/03/minister-defends-figures?edition=uk&part=2",
    source="The Wire",
    published=NOW - timedelta(minutes=4),
    updated=NOW - timedelta(minutes=4),
    story="urn:uuid:9d1f2c2e-6a55-5b0a-8f7e-4d6c8f0b7a22",
    others=("Coast Daily", "Harbour Post"),
    topics=("asylum",),
    reasons=(
        Reason("asylum", "asylum", "title", 17, 23),
        Reason("asylum", "asylum", "text", 98, 104),
        Reason('"small boats"', "small boats", "text", 55, 66),
    ),
)
MATCH = Message(
    id="msg_2Xk9",
    event=Event.MATCH,
    created=NOW,
    site="Test Desk",
    home="https://desk.example/news",
    items=(ITEM,),
    alert="Asylum watch",
    alert_id="asylum-watch",
    query='asylum AND ("small boats" OR dinghy)',
    unsubscribe="https://desk.example/stop/eyJhbGVydCI6ImFzeWx1bSJ9.aBc-123_x",
)
CORRECTION = replace(
    MATCH,
    id="msg_2Xka",
    event=Event.CORRECTION,
    items=(
        replace(
            ITEM,
            state=State.CORRECTED,
            version=2,
            updated=NOW + timedelta(hours=1),
            note="The figure is 214, not 2,140 as an earlier version said.",
        ),
    ),
    follows=("msg_2Xk9",),
)
NOTICE = Excerpt("Withdrawn: article of 3 November 2026 (The Wire)")
KILL = replace(
    MATCH,
    id="msg_2Xkb",
    event=Event.KILL,
    items=(
        replace(
            ITEM,
            state=State.KILLED,
            version=3,
            title=NOTICE,
            excerpt=Excerpt(""),
            others=(),
            reasons=(),
            note="Legal: the person named was not charged.",
        ),
    ),
    follows=("msg_2Xk9", "msg_2Xka"),
)
HEADLINES = (
    "Minister defends asylum figures as crossings fall",
    "Court hears challenge to asylum hotel order",
    "«Азил» тражи све више људи, кажу у Београду",
    "وزير الداخلية يدافع عن أرقام asylum الجديدة",
    "A very long headline that goes on about asylum and procedure and a committee that met on a Tuesday to consider it",
    "Dinghy found empty off the coast",
)
DIGEST = replace(
    MATCH,
    id="msg_2Xkc",
    event=Event.DIGEST,
    items=tuple(
        replace(
            ITEM,
            title=excerpt(HEADLINES[number % len(HEADLINES)], "asylum", "Dinghy", "Азил"),
            source=("The Wire", "Coast Daily", "Радио Београд")[number % 3],
            others=tuple(f"Paper {each}" for each in range(number % 4)),
            published=NOW - timedelta(minutes=37 * number),
            excerpt=ITEM.excerpt if number % 3 else Excerpt(""),
        )
        for number in range(12)
    ),
)
MAINTENANCE = replace(
    MATCH,
    id="msg_2Xkd",
    event=Event.MAINTENANCE,
    items=(),
    lines=(
        "The Wire has failed for 26 hours",
        "Last success: 2 November 2026, 11:58 UTC. Last error: wire.example does not answer (timed out after 30 s).",
        "To see more: syndicator sources show wire",
    ),
    alert=None,
    alert_id=None,
    query=None,
    unsubscribe=None,
)
TEST = replace(MATCH, id="msg_2Xke", event=Event.TEST, items=(), unsubscribe=None)
ALL = {each.event.value: each for each in (MATCH, CORRECTION, KILL, DIGEST, MAINTENANCE, TEST)}

# What must neither raise, nor begin a header, nor hide or turn around text.
HOSTILE = {
    "newline": "Calm\r\nBcc: all@site.example",
    "bare newline": "Calm\nBcc: all@site.example",
    "bare return": "Calm\rBcc: all@site.example",
    "folded": "Calm\r\n Bcc: all@site.example",
    "vertical tab": "Calm\x0bBcc: all@site.example",
    "form feed": "Calm\x0cBcc: all@site.example",
    "separator": "Calm\x1cBcc: all@site.example",
    "next line": "Calm\x85Bcc: all@site.example",
    "line separator": "Calm\u2028Bcc: all@site.example",
    "paragraph separator": "Calm\u2029Bcc: all@site.example",
    "nul": "Calm\x00Bcc: all@site.example",
    "escape": "Calm\x1b[2JBcc: all@site.example",
    "lone surrogate": "Calm \ud800\udfff Bcc: all@site.example",
    "override": "Calm \u202egnp.exe\u2066\u2069\u200f Bcc: all@site.example",
    "noncharacter": "Calm\ufffe\uffff\U0010ffff Bcc: all@site.example",
    "encoded word": "Calm =?utf-8?q?=0ABcc:_all@site.example?= Bcc: all@site.example",
    "markup": "Calm <script>alert(1)</script><img src=x onerror=y> & \"quoted\" 'too' Bcc: all@site.example",
    "quotes": 'Calm "Desk", the <other@site.example>, Bcc: all@site.example \\',
    "very long": "Calm " + "long " * 4_000 + "Bcc: all@site.example",
    "one long word": "Calm" + "x" * 40_000,
    "combining": "Calm" + "\u0301" * 5_000,
    "only hidden": "\u200b\u202e\x00\ud800",
    "empty": "",
}
