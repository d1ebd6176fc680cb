"""The news of a soak run: articles from a seed, the alerts that watch them, and who must be told of what.

What is expected is reckoned here from the words that were put into each article, never from the store.

Every article has a token in its headline and its address, by which it is known again wherever it comes out.
"""

import json
import re
from dataclasses import dataclass, field

KEYWORDS = (
    *("ferry", "harbour", "strike", "tunnel", "asylum", "budget", "railway", "hospital", "drought", "wildfire"),
    *(
        "museum",
        "election",
        "lighthouse",
        "orchard",
        "reservoir",
        "customs",
        "vaccine",
        "glacier",
        "orchestra",
        "quarry",
    ),
)
TOKEN = re.compile(r"zz[a-y]{6}zz")
EMENDED = "Emended"  # a word in every corrected headline, and in no other
SYLLABLES = tuple(consonant + vowel for consonant in "bdfgjklmnprtvx" for vowel in "aiou")


@dataclass(frozen=True)
class Alert:
    """A saved query, and the same said of a set of words."""

    name: str
    query: str
    matches: object
    destinations: tuple
    keys: str = ""


@dataclass(eq=False)
class Article:
    """One article. `later` is the text of its source's edit, whose words are `later_words`. `original`: it is a copy."""

    token: str
    words: frozenset
    title: str
    text: str
    source: str
    later: str | None = None
    later_words: frozenset = frozenset()
    original: "Article | None" = None
    copies: list = field(default_factory=list)
    fate: str | None = None  # "correct" or "kill"
    backlog: bool = False

    @property
    def url(self):
        return f"https://{self.source}.example/{self.token}"

    def item(self, *, edited=False):
        """As a feed would have it (JSON Feed)."""
        text = self.later if edited else self.text
        return {"id": self.token, "url": self.url, "title": self.title, "content_text": text}


@dataclass
class News:
    """All articles by token, and the files and feed items that bring them, in order.

    `files` are (folder, articles that must be in the store before, bytes); `wire` the items of the feed's updates.
    """

    articles: dict
    files: list
    backlog: list
    wire: list
    alerts: list

    def told_of(self, article):
        """The alerts by which an article is told once and no more: those of its words, before or after its edit."""
        if article.backlog or (article.original is not None and article.original.fate != "kill"):
            return []
        return [
            alert
            for alert in self.alerts
            if alert.matches(article.words) or (article.later and alert.matches(article.later_words))
        ]

    def expected(self):
        """Every (alert, token, destination) that must be told once."""
        return {
            (alert.name, article.token, destination)
            for article in self.articles.values()
            for alert in self.told_of(article)
            for destination in alert.destinations
        }


def has(*words):
    return lambda found: any(word in found for word in words)


def make_alerts(rng, hooks, mails, *, share, cooldown_s, hourly):
    """Alerts that overlap: to webhooks, to mail, to both, to a file, with a cooldown, by the hour."""
    hooks, mails = _turns(hooks), _turns(mails)
    made = []
    for number, word in enumerate(KEYWORDS):
        to = ((next(hooks), next(mails)), (next(hooks), next(hooks)), (next(mails),))[number % 3]
        made.append(Alert(f"watch {word}", word, has(word), to))
    for number in range(8):
        one, other = rng.sample(KEYWORDS, 2)
        made.append(Alert(f"either {number}", f"{one} OR {other}", has(one, other), (next(hooks), next(hooks))))
    for number in range(4):
        one, other = rng.sample(KEYWORDS, 2)
        made.append(Alert(f"without {number}", f"{one} -{other}", _without(one, other), (next(hooks), next(mails))))
    one, other = rng.sample(KEYWORDS, 2)
    both = Alert("both", f"{one} AND {other}", lambda found: {one, other} <= found, (next(hooks), next(mails)))
    made = [*rng.sample(made, max(3, round(share * len(made)))), both]
    few = KEYWORDS[:4]
    cooled = f'cooldown = "{cooldown_s}s"\n'
    made += [
        Alert("on file", " OR ".join(few), has(*few), ("log",)),
        Alert("cooling", " OR ".join(few[1:]), has(*few[1:]), (next(hooks), next(mails)), cooled),
        Alert("cooling too", few[0], has(few[0]), (next(hooks),), cooled),
    ]
    if hourly:
        to = (next(hooks), next(mails))
        made.append(Alert("hourly", f"{few[0]} OR {few[2]}", has(few[0], few[2]), to, 'schedule = "{schedule}"\n'))
    return made


def make_news(rng, count, alerts, *, fates):
    """About `count` articles: 80 in 100 dropped into a folder, 8 agency copies, the rest in a feed and its backlog."""
    tokens = _tokens(rng)
    desk = [_article(rng, next(tokens), "desk") for _ in range(round(count * 0.8))]
    wire = [_article(rng, next(tokens), "wire") for _ in range(round(count * 0.1))]
    backlog = [_article(rng, next(tokens), "wire", backlog=True) for _ in range(max(2, round(count * 0.02)))]
    # Each article plays one part, so that what is expected of it can be told.
    parts = rng.sample(desk, len(desk))
    edited = [parts.pop() for _ in range(round(count * 0.05))]
    watched = [article for article in parts if any(alert.matches(article.words) for alert in alerts)]
    fated = watched[: 2 * fates]
    parts = [article for article in parts if article not in fated]
    for article in edited:
        added = rng.choice([word for word in KEYWORDS if word not in article.words])
        article.later = f"{article.text} Word of the {added} came later."
        article.later_words = article.words | {added}
    for number, article in enumerate(fated):
        article.fate = ("correct", "kill")[number % 2]
    copied = [parts.pop() for _ in range(round(count * 0.08))] + fated[1::4]
    copies = [_copy(rng, next(tokens), article) for article in copied]
    files = _files(rng, desk, copies, edited)
    everything = [*desk, *copies, *wire, *backlog]
    return News(
        {article.token: article for article in everything}, files, backlog, list(_batches(rng, wire, 2, 8)), alerts
    )


def rss(articles):
    """The feed of these articles."""
    items = "".join(
        f'<item><guid isPermaLink="false">{a.token}</guid><title>{a.title}</title><link>{a.url}</link>'
        f"<description>{a.text}</description></item>"
        for a in reversed(articles)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>The Wire</title>'
        f"<link>https://wire.example/</link><description>d</description>{items}</channel></rss>"
    ).encode()


def _files(rng, desk, copies, edited):
    """Files of 25 to 100 entries. What follows from an article comes some files after it."""
    first = [("inbox", (), tuple(batch), False) for batch in _batches(rng, desk, 25, 100)]
    place = {article.token: number for number, (_, _, batch, _) in enumerate(first) for article in batch}
    after = {}
    for article in edited:
        after.setdefault(place[article.token] + rng.randint(1, 3), ([], []))[0].append(article)
    for copy in copies:
        after.setdefault(place[copy.original.token] + rng.randint(1, 3), ([], []))[1].append(copy)
    made = []
    for number in range(max([len(first), *(at + 1 for at in after)])):
        made += first[number : number + 1]
        edits, copied = after.get(number, ((), ()))
        if edits:
            made.append(("inbox", tuple(edits), tuple(edits), True))
        if copied:
            made.append(("agency", tuple(copy.original for copy in copied), tuple(copied), False))
    return [
        (
            folder,
            {each.token for each in needed},
            {each.token for each in batch},
            _document(batch, number, edited=edits),
        )
        for number, (folder, needed, batch, edits) in enumerate(made)
    ]


def _document(batch, number, *, edited):
    """A saved feed, in JSON or RSS by turns."""
    if number % 3 == 2 and not edited:
        return "xml", rss(batch)
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Saved",
        "items": [article.item(edited=edited) for article in batch],
    }
    return "json", json.dumps(feed).encode()


def _batches(rng, articles, low, high):
    at = 0
    while at < len(articles):
        size = rng.randint(low, high)
        yield articles[at : at + size]
        at += size


def _article(rng, token, source, **more):
    words = frozenset(rng.sample(KEYWORDS, rng.choice((2, 3, 3, 4))))
    sentences = [_sentence(rng, 12)]
    sentences += [f"{_sentence(rng, 5)[:-1]} the {word} {_sentence(rng, 5).lower()}" for word in sorted(words)]
    rng.shuffle(sentences)
    return Article(token, words, f"{_word(rng).title()} {_word(rng)} {token}", " ".join(sentences), source, **more)


def _copy(rng, token, article):
    """Agency copy: the same text under another headline, at times with a paragraph of its own."""
    text = f"{article.text} {_sentence(rng, 10)}" if rng.random() < 0.5 else article.text
    copy = Article(token, article.words, f"{_word(rng).title()} {_word(rng)} {token}", text, "agency", original=article)
    article.copies.append(copy)
    return copy


def _sentence(rng, count):
    return " ".join(_word(rng) for _ in range(count)).capitalize() + "."


def _word(rng):
    return "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(3, 4)))


def _tokens(rng):
    seen = set()
    while True:
        token = "zz" + "".join(rng.choice("abcdefghijklmnopqrstuvwxy") for _ in range(6)) + "zz"
        if token not in seen:
            seen.add(token)
            yield token


def _without(one, other):
    return lambda found: one in found and other not in found


def _turns(names):
    while True:
        yield from names
