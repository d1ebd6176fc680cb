"""What came out of a soak run, counted: from what the receivers saw and what was expected, never from the store.

The store and its ledger are asked for two things only: what was in flight at a kill, and the order of the queue.
"""

import email
import email.policy
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise

from soak_news import EMENDED, TOKEN

TAKEN = "taken"
RULE = "\n------------------------\n"
TELLS = ("match", "digest")
TAKES_BACK = {"correction": "correct", "kill": "kill"}
# A message that left before a command ended may be read by its receiver this much later.
SLACK_S = 5.0


@dataclass
class Receipt:
    """One message as a receiver read it. `answer` is TAKEN or what was made to go wrong; `items` are (token, emended)."""

    at: float
    destination: str
    answer: str
    raw: bytes
    id: str = ""
    event: str = ""
    alert: str = ""
    items: tuple = ()
    verified: bool = True

    @property
    def digest(self):
        return sha256(self.raw).digest()


@dataclass
class Act:
    """One command of the desk: `verb` is "correct" or "kill"; times are of the monotonic clock."""

    verb: str
    token: str
    began: float
    ended: float = 0.0
    code: int | None = None
    said: str = ""


@dataclass
class Counts:
    """The result. All in `defects` must be empty for the promise to be kept; `examples` show some of each."""

    figures: dict = field(default_factory=dict)
    defects: Counter = field(default_factory=Counter)
    examples: dict = field(default_factory=lambda: defaultdict(list))

    def wrong(self, what, example):
        self.defects[what] += 1
        if len(self.examples[what]) < 5:
            self.examples[what].append(example)


def read_hook(receipt):
    """Read a webhook's body or a line of the file."""
    body = json.loads(receipt.raw)
    receipt.id, receipt.event = body["id"], body["type"]
    receipt.alert = (body["alert"] or {}).get("name", "")
    receipt.items = tuple(_hook_item(item["article"]) for item in body["items"])


def _hook_item(article):
    said = f"{article['title']} {article['note'] or ''}"
    return (_token(said), EMENDED in article["title"])


def read_mail(receipt):
    """Read a mail."""
    mail = email.message_from_bytes(receipt.raw, policy=email.policy.default)
    receipt.id = mail["Message-ID"].strip("<> ").partition("@")[0]
    receipt.event = mail["X-Syndicator-Event"]
    receipt.alert = mail["List-Id"].partition('"')[2].partition('"')[0] if mail["List-Id"] else ""
    plain = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    receipt.items = tuple((_token(block), EMENDED in block) for block in plain.split(RULE))


def _token(text):
    found = set(TOKEN.findall(text))
    return found.pop() if len(found) == 1 else f"unreadable: {text[:80]!r}"


def count(news, receipts, acts, kills, queue):
    """Hold what came against what was expected. `kills` are (time, ids leased); `queue` gives each id its place and
    the (alert, token, destination) that it tells."""
    counts = Counts()
    receipts = [receipt for receipt in receipts if _usable(receipt, counts)]
    _count_repeats(counts, receipts, acts, kills)
    _count_told(counts, news, receipts, acts)
    _count_taken_back(counts, news, receipts, acts, _in_flight(kills, queue))
    _count_order(counts, receipts, queue)
    return counts


def _usable(receipt, counts):
    if not receipt.verified:
        counts.wrong("signatures that do not fit", receipt.id)
    unreadable = [token for token, _ in receipt.items if token.startswith("unreadable")]
    if unreadable or not receipt.id:
        counts.wrong("messages that can't be read", (receipt.id, receipt.event, unreadable[:1]))
        return False
    return True


def _count_repeats(counts, receipts, acts, kills):
    """Each message that came more than once: why, and whether it said the same."""
    why = Counter()
    by_id = defaultdict(list)
    for receipt in receipts:
        by_id[receipt.id].append(receipt)
    changed = Counter()
    for id_, got in by_id.items():
        unused = [at for at, leased in kills if id_ in leased]
        if len({receipt.destination for receipt in got}) > 1:
            counts.wrong("ids used for two destinations", id_)
        for receipt, following in pairwise(got):
            cause = next((at for at in unused if receipt.at - SLACK_S <= at <= following.at), None)
            if receipt.answer != TAKEN:
                why[f"our answer was made to fail ({receipt.answer})"] += 1
            elif cause is not None or (receipt.destination == "log" and unused):
                unused.remove(cause if cause is not None else unused[0])
                why["in flight at a kill"] += 1
            else:
                counts.wrong("repeats without a cause", (id_, receipt.destination, receipt.event))
            if receipt.digest != following.digest:
                changed[_difference(receipt, following, acts)] += 1
    counts.figures["messages read"] = len(receipts)
    counts.figures["messages, each id once"] = len(by_id)
    counts.figures["repeats"] = sum(why.values())
    counts.figures["repeats, why"] = dict(sorted(why.items()))
    counts.figures["repeats that said something else"] = dict(sorted(changed.items()))
    for reason in changed:
        if reason == "for no reason":
            counts.defects["repeats that said something else for no reason"] += changed[reason]


def _difference(one, other, acts):
    """Why a message said something else the second time."""
    tokens = {token for token, _ in (*one.items, *other.items)}
    if any(act.token in tokens for act in acts):
        return "an article in it was taken back"
    if one.destination.startswith("m"):
        return "a mail with more sources or versions" if one.items == other.items else "for no reason"
    mine, theirs = json.loads(one.raw), json.loads(other.raw)
    keys = {
        key
        for a, b in zip(mine["items"], theirs["items"], strict=False)
        for key in (*a, *(f"article.{k}" for k in a["article"]))
        if key != "article" and _at(a, key) != _at(b, key)
    }
    rest = {key for key in mine if key != "items" and mine[key] != theirs[key]}
    if rest or len(mine["items"]) != len(theirs["items"]):
        return "for no reason"
    return ", ".join(sorted(keys))


def _at(item, key):
    return item["article"][key.removeprefix("article.")] if key.startswith("article.") else item[key]


def _count_told(counts, news, receipts, acts):
    """Matches and digests: each expected one taken once, nothing else."""
    expected = news.expected()
    told = defaultdict(set)
    began = {act.token: act for act in acts}
    for receipt in receipts:
        if receipt.event not in TELLS:
            if receipt.event not in TAKES_BACK:
                counts.wrong("messages of a kind that was not asked for", (receipt.event, receipt.id))
            continue
        for token, emended in receipt.items:
            key = (receipt.alert, token, receipt.destination)
            if key not in expected:
                counts.wrong("extra", (*key, receipt.event, _what(news, token)))
            act = began.get(token)
            late = act is not None and act.ended and receipt.at > act.ended + SLACK_S and receipt.destination != "log"
            if late and (act.verb == "kill" or not emended):
                counts.wrong("told as it was after it was taken back", (*key, act.verb))
            if receipt.answer == TAKEN:
                told[key].add(receipt.id)
    seen = {
        (receipt.alert, token, receipt.destination)
        for receipt in receipts
        if receipt.event in TELLS
        for token, _ in receipt.items
    }
    untold = refused = 0
    for key in sorted(expected):
        ids = told.get(key, ())
        if len(ids) > 1:
            counts.wrong("told twice under two ids", (*key, sorted(ids)))
        if not ids:
            article = news.articles[key[1]]
            if article.fate == "kill" and article.token in began:
                # Withdrawn before it was told, or before its retry: whoever read it gets the kill.
                untold += key not in seen
                refused += key in seen
            else:
                counts.wrong("lost", (*key, _what(news, key[1])))
    counts.figures["hits expected (articles × alerts)"] = len({key[:2] for key in expected})
    counts.figures["deliveries expected (articles × alerts × destinations)"] = len(expected)
    counts.figures["deliveries told once, without repeats"] = sum(len(told.get(key, ())) for key in expected)
    counts.figures["withdrawn before they were told"] = untold
    counts.figures["refused, then withdrawn before the retry"] = refused
    counts.figures["digests"] = len({receipt.id for receipt in receipts if receipt.event == "digest"})


def _count_taken_back(counts, news, receipts, acts, in_flight):
    """Corrections and kills: once to everybody who had the first version, to nobody else."""
    expected = news.expected()
    told = {event: defaultdict(set) for event in TAKES_BACK}
    had = defaultdict(list)
    for receipt in receipts:
        for token, emended in receipt.items:
            key = (receipt.alert, token, receipt.destination)
            if receipt.event in TELLS and not emended:
                had[key].append(receipt)
            elif receipt.event in TELLS:
                had[key] += []
            elif receipt.event in TAKES_BACK and receipt.answer == TAKEN:
                told[receipt.event][key].add(receipt.id)
    tells = {(r.alert, token, r.destination): r for r in receipts if r.event in TELLS for token, _ in r.items}
    by_token = {act.token: act for act in acts if act.code == 0}
    safe = 0
    for event, verb in TAKES_BACK.items():
        done = {token for token, act in by_token.items() if act.verb == verb}
        for key in sorted(expected):
            if key[1] in done and had[key] and not told[event].get(key):
                counts.wrong(f"{event}s lost", key)
        for key, ids in told[event].items():
            if len(ids) > 1:
                counts.wrong(f"{event}s told twice under two ids", (*key, sorted(ids)))
            if key[1] not in done or key not in expected:
                counts.wrong(f"extra {event}s", (*key, _what(news, key[1])))
            elif not had[key]:
                # It is told to whoever may have had it: an attempt was under way at a kill or at the command.
                tell, act = tells.get(key), by_token[key[1]]
                near = key in in_flight or (tell and act.began - SLACK_S <= tell.at <= act.ended + SLACK_S)
                safe += bool(near)
                if not near:
                    counts.wrong(f"extra {event}s", (*key, "it never had the first version"))
        counts.figures[f"{event}s by the desk"] = len(done)
        counts.figures[f"{event}s told"] = sum(map(len, told[event].values()))
    counts.figures["told to be safe: sent once, and never read"] = safe


def _in_flight(kills, queue):
    """Every (alert, token, destination) of which an attempt was under way at a kill."""
    return {key for _, ids in kills for id_ in ids for key in queue[id_][1]}


def _count_order(counts, receipts, queue):
    """First arrivals that were overtaken by what was queued later for the same destination."""
    refused = Counter(receipt.id for receipt in receipts if receipt.answer == "500")
    first = {}
    for receipt in receipts:
        if receipt.answer == TAKEN and receipt.event in TELLS:
            first.setdefault(receipt.id, receipt)
    lines = defaultdict(list)
    for receipt in first.values():
        lines[receipt.destination].append(receipt.id)
    overtaken = 0
    for destination, ids in lines.items():
        latest = 0
        for id_ in ids:
            if id_ not in queue:
                counts.wrong("ids that the queue does not know", (destination, id_))
                continue
            place = queue[id_][0]
            if place < latest:
                overtaken += 1
                if refused[id_] < 2:
                    counts.wrong("out of order though never set aside", (destination, id_))
            latest = max(latest, place)
    counts.figures["arrived behind later ones, having been set aside"] = overtaken


def _what(news, token):
    article = news.articles.get(token)
    if article is None:
        return "unknown"
    marks = [mark for mark in ("backlog", "later", "original", "copies", "fate") if getattr(article, mark)]
    return ", ".join(marks) or "plain"
