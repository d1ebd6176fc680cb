"""What a message says, in words: one wording for e-mail, the console and every chat service.

Titles, names and notes come from outside and end in headers, terminals and HTML. Here they lose what can hide or
forge something: control characters, line breaks, surrogates, bidirectional overrides. Every field has its bound.
"""

import re
import textwrap
from dataclasses import dataclass
from datetime import datetime
from unicodedata import category
from urllib.parse import urlsplit

from syndicator.alerts.message import Event, Excerpt, Item, Message
from syndicator.model import Reason, State

SUBJECT_CHARACTERS = 120
COLUMNS = 72

_TITLE_CHARACTERS = 300
_EXCERPT_CHARACTERS = 1_000
_NOTE_CHARACTERS = 2_000
_NAME_CHARACTERS = 80
_URL_CHARACTERS = 2_000
_SOURCES_NAMED = 3
_WORDS_NAMED = 8
_RULE = "-" * 24

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MARKS = {Event.CORRECTION: "Correction", Event.KILL: "Withdrawn", Event.TEST: "Test"}
# They join letters and emoji into one sign and reorder nothing: Persian and family emoji need them.
_JOINERS = "\u200c\u200d"
_DO_NOT_USE = "Do not use this article. If you have published or passed it on, take it back."
_CHECK = "Check what you have taken from the earlier version."


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of text, matched or not."""

    text: str
    matched: bool = False


@dataclass(frozen=True, slots=True)
class ItemWording:
    """One article in words; "" and () where there is nothing to say.

    `mark` is "Correction" or "Withdrawn". `instruction` says what to do and `note` what an editor said of it: both go
    before everything else. `link` is an http(s) URL that holds nothing but printable characters. Of a withdrawn article
    it is where it stood.
    """

    mark: str
    instruction: str
    note: str
    title: tuple[Passage, ...]
    source: str
    times: str
    also: str
    excerpt: tuple[Passage, ...]
    why: str
    link: str | None

    @property
    def dateline(self) -> str:
        """Source and times on one line."""
        return f"{self.source}, {self.times}"


def subject(message: Message) -> str:
    """One printable line of at most SUBJECT_CHARACTERS: what it is, the alert in brackets, the newest headline."""
    mark = _MARKS.get(message.event, "")
    name = one_line(message.alert or message.site, 40)
    start = (f"{mark}: " if mark else "") + (f"[{name}] " if name else "")
    if message.event is Event.DIGEST:
        start += _count(message)
        start += ": " if message.items else ""
    return _cut(_printable(start + message_headline(message)), SUBJECT_CHARACTERS)


def opening(message: Message) -> str:
    """What kind of message it is, in one line above the articles."""
    name = one_line(message.alert or "", _NAME_CHARACTERS)
    match message.event:
        case Event.MATCH:
            said = "New match"
        case Event.DIGEST:
            said = _count(message)
        case Event.CORRECTION:
            said = "Correction of an article sent to you before"
        case Event.KILL:
            said = "Withdrawn: an article sent to you before"
        case Event.MAINTENANCE:
            said = "From the newsroom's own machinery"
        case Event.TEST:
            said = "Test"
    return f"{name} · {said}" if name else said


def body_lines(message: Message) -> tuple[str, ...]:
    """The lines of a maintenance message below its subject; of any other the lines it has, a test always some."""
    lines = tuple(one_line(line, _NOTE_CHARACTERS) for line in message.lines)
    if message.event is Event.MAINTENANCE:
        return lines[1:]
    if message.event is Event.TEST and not lines:
        return ("This is a test. If you can read it, alerts reach you here.",)
    return lines


def closing(message: Message) -> tuple[str, ...]:
    """Who sends this and why: the last lines, without the link that ends it."""
    site = one_line(message.site, _NAME_CHARACTERS) or "the newsroom"
    if message.event is Event.MAINTENANCE:
        return (f"Sent by {site} to those who look after it.",)
    name = one_line(message.alert or "", _NAME_CHARACTERS)
    lines = [f"Sent by {site} because of your alert “{name}”." if name else f"Sent by {site}."]
    # Words that an alert looks for may be the very ones that had to be taken back.
    if message.query and message.event is not Event.KILL:
        lines.append(f"It looks for: {one_line(message.query, _TITLE_CHARACTERS)}")
    return tuple(lines)


def item_wording(item: Item, *, brief: bool = False) -> ItemWording:
    """`item` in words. `brief`, for digests: other sources are counted, not named.

    Of a withdrawn article nothing is told but its notice, its source, its date and where it stood.
    """
    killed = item.state is State.KILLED
    corrected = item.state is State.CORRECTED
    times = when(item.published)
    if corrected:
        same_day = item.published.date() == item.updated.date()
        times += f"; corrected {_clock(item.updated) if same_day else when(item.updated)}"
    also = ""
    if brief and item.others:
        times += f" · +{_plural(len(item.others), 'source')}"
    elif item.others:
        also = _also(item.others)
    return ItemWording(
        mark="Withdrawn" if killed else "Correction" if corrected else "",
        instruction=_DO_NOT_USE if killed else _CHECK if corrected else "",
        note=one_line(item.note or "", _NOTE_CHARACTERS) if killed or corrected else "",
        title=(Passage(headline(item)),)
        if killed
        else passages(item.title, _TITLE_CHARACTERS) or (Passage("Untitled"),),
        source=one_line(item.source, _NAME_CHARACTERS) or "Unknown source",
        times=times,
        also=also,
        excerpt=() if killed else passages(item.excerpt, _EXCERPT_CHARACTERS),
        why="" if killed else why(item.reasons),
        link=link(item.url),
    )


def plain(message: Message) -> str:
    """The whole message as plain text for a terminal and a phone: lines of at most COLUMNS, but for URLs.

    Matched words of an excerpt stand between asterisks. Ends with a line break.
    """
    blocks = [_wrapped(opening(message))]
    if message.event is Event.MAINTENANCE:
        blocks.append(_wrapped(message_headline(message)))
    blocks += [_wrapped(line) for line in body_lines(message) if line]
    brief = message.event is Event.DIGEST
    items = [_plain_item(item_wording(item, brief=brief)) for item in message.items]
    blocks += [f"\n\n{_RULE}\n\n".join(items)] if items else []
    end = [_wrapped(line) for line in closing(message)]
    stop = link(message.unsubscribe)
    if stop:
        end.append(f"Stop these messages: {stop}" if len(stop) < COLUMNS // 2 else f"Stop these messages:\n{stop}")
    return "\n\n".join(blocks) + "\n\n-- \n" + "\n".join(end) + "\n"


def headline(item: Item) -> str:
    """An article's title on one line, unmarked."""
    return one_line(item.title.text, _TITLE_CHARACTERS) or "Untitled"


def message_headline(message: Message) -> str:
    """What the subject ends with: the newest article's title, else the first of the message's own lines, else ""."""
    if message.items:
        title = headline(message.items[0])
        mark = _MARKS.get(message.event)
        # A notice's own title begins with the same word.
        return title.removeprefix(f"{mark}: ") if mark else title
    if message.lines:
        return one_line(message.lines[0], _TITLE_CHARACTERS)
    return f"message from {one_line(message.site, _NAME_CHARACTERS)}" if message.event is Event.TEST else ""


def why(reasons: tuple[Reason, ...]) -> str:
    """The matched words, each once, with where they stand if that is not the text: `dinghy, boats (title)`."""
    places: dict[str, list[str]] = {}
    spelling: dict[str, str] = {}
    for reason in reasons:
        words = one_line(reason.words, _NAME_CHARACTERS)
        if words:
            spelling.setdefault(words.casefold(), words)
            places.setdefault(words.casefold(), []).append(reason.field)
    named = [
        words if "text" in places[key] else f"{words} ({one_line(places[key][0], 20)})"
        for key, words in spelling.items()
    ]
    more = len(named) - _WORDS_NAMED
    return ", ".join(named[:_WORDS_NAMED]) + (f" and {more} more" if more > 0 else "")


def when(moment: datetime) -> str:
    """A time for people, on its own clock: "3 November 2026, 14:05 GMT". Not by strftime, which obeys the locale."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}, {_clock(moment)}"


def passages(excerpt: Excerpt, limit: int) -> tuple[Passage, ...]:
    """`excerpt` as runs of clean text, at most `limit` characters in all. Spans that make no sense are passed over."""
    runs: list[Passage] = []
    at, end = 0, len(excerpt.text)
    room = limit
    for start, stop in (*excerpt.spans, (end, end)):
        if not at <= start <= stop <= end:
            continue
        for text, matched in ((excerpt.text[at:start], False), (excerpt.text[start:stop], True)):
            shown = _clean(text)
            if len(shown) > room:
                shown = shown[: max(room - 1, 0)] + "…"
            if shown and room > 0:
                runs.append(Passage(shown, matched))
            room -= len(shown)
        at = stop
    return tuple(runs) if any(run.text.strip() for run in runs) else ()


def link(url: str | None) -> str | None:
    """`url` where it is http(s) and safe to print and to click, else None."""
    if not url or len(url) > _URL_CHARACTERS or not url.isprintable() or re.search(r"[\s<>\"\\]", url):
        return None
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname)
    except ValueError:
        return None
    return url if named and parts.scheme in ("http", "https") else None


def one_line(text: str, limit: int) -> str:
    """`text` on one line without hidden characters, in at most `limit` of them."""
    return _cut(" ".join(_clean(text[: limit * 4]).split()), limit)


def _clock(moment: datetime) -> str:
    return f"{moment.hour:02}:{moment.minute:02} {moment.tzname()}"


def _count(message: Message) -> str:
    part, parts = message.part
    stories = f"{len(message.items)} {'story' if len(message.items) == 1 else 'stories'}"
    return stories if parts == 1 else f"{stories}, part {part} of {parts}"


def _also(others: tuple[str, ...]) -> str:
    names = ", ".join(one_line(name, _NAME_CHARACTERS) for name in others[:_SOURCES_NAMED])
    more = len(others) - _SOURCES_NAMED
    return f"Also in: {names}" + (f" and {_plural(more, 'more source')}" if more > 0 else "")


def _plain_item(said: ItemWording) -> str:
    urgent = f"{said.mark.upper()}. {said.instruction}" if said.mark else ""
    excerpt = "".join(f"*{run.text}*" if run.matched else run.text for run in said.excerpt)
    notice = [_wrapped(line) for line in (urgent, said.note) if line]
    head = [_wrapped("".join(run.text for run in said.title))]
    head += [_wrapped(line) for line in (said.dateline, said.also) if line]
    tail = [_wrapped(f"Matched: {said.why}")] if said.why else []
    if said.link:
        tail.append(f"It stood at:\n{said.link}" if said.mark == "Withdrawn" else said.link)
    blocks = ("\n".join(notice), "\n".join(head), _wrapped(excerpt), "\n".join(tail))
    return "\n\n".join(block for block in blocks if block)


def _wrapped(text: str) -> str:
    line = " ".join(text.split())
    return "\n".join(textwrap.wrap(line, COLUMNS, break_long_words=False, break_on_hyphens=False))


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _clean(text: str) -> str:
    """White space as spaces; controls, surrogates, bidirectional marks and unassigned code points gone."""
    return "".join(
        character if character.isprintable() or character in _JOINERS else " "
        for character in text
        if character.isprintable() or character in _JOINERS or category(character) in ("Zs", "Zl", "Zp", "Cc")
    )


def _printable(line: str) -> str:
    return "".join(character for character in line if character.isprintable()).strip()


def _cut(line: str, limit: int) -> str:
    """The beginning of `line`, up to the last whole word in the second half of that room."""
    if len(line) <= limit:
        return line
    space = line.rfind(" ", limit // 2, limit)
    return line[: space if space > 0 else limit - 1].rstrip(" ,;:–—-") + "…"
