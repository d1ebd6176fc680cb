"""Kills the service with SIGKILL again and again while it delivers, and counts what came out. A program, not a test.

    python tests/soak.py --articles 2000 --kills 110 --report soak.md

The service is the real command in a newsroom of its own. Its mail server and its receivers of webhooks run here, and
misbehave until the end phase. docs/reliability.md tells what is counted; tests/test_soak.py is the short version.
"""

import argparse
import contextlib
import json
import os
import platform
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailserver import DROP, MailServer
from receiver import Receiver, Reply
from soak_count import TAKEN, Act, Receipt, count, read_hook, read_mail
from soak_news import EMENDED, TOKEN, make_alerts, make_news, rss

ROOT = Path(__file__).parents[1]
SECRET = "whsec_c29ha2luZyBzb2FraW5nIHNvYWtpbmcgc29ha2luZyE="
HEAD = """
[site]
title = "Soak Desk"
url = "https://soak.example"
contact = "https://soak.example/contact"
[server]
port = 0
[schedule]
tick = "1s"
poll_min = "2s"
poll_max = "2s"
[network]
allow_private = ["127.0.0.0/8"]
[smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
sender = "alerts@soak.example"
[[sources]]
name = "desk"
kind = "folder"
path = "inbox"
[[sources]]
name = "agency"
kind = "folder"
path = "agency"
[[sources]]
name = "wire"
kind = "feed"
url = "{wire}"
[topics.ports]
title = "Ports"
query = "ferry OR harbour"
[destinations.log]
kind = "file"
path = "alerts.jsonl"
"""


@dataclass(frozen=True)
class Plan:
    """How long and how hard. `fates` are corrections, and as many kills of articles.

    The service works for at most `up_s` between two kills. Webhooks are answered within `delay_s`; `failures` of 100
    answers go wrong, at most `in_a_row` at one destination, since its waits grow from 5 s to hours. One message in
    `stubborn` is refused three times; 0: none. `digest_in`: after the load, the hourly alert is to speak at a minute so
    far ahead; None: there is no such alert. Nothing is waited for longer than `rest_s`.
    """

    seed: int
    articles: int = 2000
    kills: int = 110
    hooks: int = 16
    mails: int = 8
    alerts: float = 1.0
    fates: int = 20
    up_s: float = 5.0
    delay_s: float = 0.15
    failures: float = 5.0
    in_a_row: int = 2
    stubborn: int = 400
    digest_in: timedelta | None = timedelta(seconds=90)
    cooldown_s: int = 5
    end_kills: int = 5
    rest_s: float = 400.0


SHORT = Plan(
    seed=0,
    articles=300,
    kills=5,
    hooks=4,
    mails=2,
    alerts=0.2,
    fates=1,
    up_s=0.5,
    delay_s=0.01,
    failures=4.0,
    in_a_row=1,
    stubborn=0,
    digest_in=None,
    cooldown_s=2,
    end_kills=0,
    rest_s=120.0,
)


class World:
    """Everything outside the service: its receivers, which keep each message and misbehave, and a feed that it asks."""

    def __init__(self, plan, rng):
        self.plan = plan
        self.receipts = []
        self.heard = set()
        self.quiet = False
        self._rng = rng
        self._lock = threading.Lock()
        self._row = Counter()
        self._refusals = Counter()
        self._feed = []
        self.hooks = Receiver(SECRET)
        self.mail = MailServer()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.hooks)
            stack.enter_context(self.mail)
            self._stack = stack.pop_all()
        self.mail.on("data", self._on_mail)
        self.hooks.answer("/wire", self._on_poll)
        for name in hooks_of(self.plan):
            self.hooks.answer(f"/{name}", self._on_hook)
        return self

    def __exit__(self, *exc):
        self._stack.close()

    def publish(self, articles):
        """What the feed holds from now on."""
        self._feed = list(articles)

    def _on_poll(self, request):
        etag = f'"{len(self._feed)}"'
        if request.headers.get("if-none-match") == etag:
            return Reply(304, headers={"ETag": etag})
        return Reply(200, rss(self._feed), {"Content-Type": "application/rss+xml", "ETag": etag})

    def _on_hook(self, request):
        name = request.path.removeprefix("/")
        answer = self._answer(name, request.id)
        self._keep(Receipt(time.monotonic(), name, answer, request.body, verified=request.verified))
        delay_s = self._rng.uniform(0, self.plan.delay_s)
        match answer:
            case "no answer":
                return Reply(drop=True, delay_s=delay_s)
            case "429":
                return Reply(429, b"slower", {"Retry-After": "1"}, delay_s)
            case "500" | "503":
                return Reply(int(answer), b"trouble", delay_s=delay_s)
        return Reply(delay_s=delay_s)

    def _on_mail(self, received):
        name = received.recipients[0].partition("@")[0]
        answer = self._answer(name, None)
        self._keep(Receipt(time.monotonic(), name, answer, received.content))
        if answer == TAKEN:
            return None
        return DROP if answer in ("no answer", "503") else "451 4.3.0 try again later"

    def _keep(self, receipt):
        if receipt.destination.startswith("m") and receipt.answer not in (TAKEN, "no answer"):
            receipt.answer = "no answer" if receipt.answer == "503" else "451"
        with self._lock:
            self.receipts.append(receipt)
            self.heard.update(TOKEN.findall(receipt.raw.decode("utf-8", "replace")))

    def _answer(self, name, id_):
        """Now and then something goes wrong; not often in a row, since waits grow to hours. A few ids fail three times,
        which sets them aside."""
        with self._lock:
            if self.quiet:
                return TAKEN
            stubborn = self.plan.stubborn and id_ and int(id_[-6:], 16) % self.plan.stubborn == 0
            if stubborn:
                self._refusals[id_] += 1
                return "500" if self._refusals[id_] <= 3 else TAKEN
            if self._row[name] < self.plan.in_a_row and self._rng.random() * 100 < self.plan.failures:
                self._row[name] += 1
                return self._rng.choice(("500", "503", "429", "no answer"))
            self._row[name] = 0
            return TAKEN


class Service:
    """The service as a process. Everything that it says is in `log`."""

    def __init__(self, room):
        self.room = room
        self.log = room / "service.log"
        self.process = None
        self.began = 0.0
        self.starts = 0
        self.family = set()

    def start(self):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "syndicator", "run", "--config", str(self.room / "config.toml")],
                cwd=self.room,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(),
            )
        self.began = time.monotonic()
        self.starts += 1

    @property
    def ended(self):
        return self.process.poll()

    def kill(self):
        """SIGKILL to the main process alone. Its children are remembered: they must end by themselves."""
        self.family |= set(family(self.process.pid))
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        return time.monotonic()

    def stop(self):
        """Ask it to end, and return its exit code; None where it did not."""
        self.family |= set(family(self.process.pid))
        self.process.terminate()
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    def left_behind(self):
        """Children of any process of ours that are still there."""
        return [pid for pid, born in self.family if birth(pid) == born]


@dataclass
class Run:
    """One run, as it goes."""

    plan: Plan
    room: Path
    news: object
    world: World
    service: Service
    kills: list = field(default_factory=list)
    backlogs: list = field(default_factory=list)
    acts: list = field(default_factory=list)
    troubles: list = field(default_factory=list)
    dropped: dict = field(default_factory=dict)
    editor: threading.Thread | None = None

    def __post_init__(self):
        self.files = list(self.news.files)
        self.wire = list(self.news.wire)
        self.total = len(self.files)
        self.updates = len(self.wire)
        self.fated = [article for article in self.news.articles.values() if article.fate]
        self.fates = len(self.fated)
        self.number = 0
        self.shown = list(self.news.backlog)
        self.backlog_is_in = False
        self.world.publish(self.shown)

    # What happens in the world while the service runs, or lies dead.

    def bring(self, share):
        """Bring what should have come by now: files, updates of the feed, acts of the desk. `share` is from 0 to 1."""
        while self.files and self.number < share * self.total:
            folder, needed, tokens, (ending, body) = self.files[0]
            if not all(self.is_in(token) for token in needed):
                break
            self._drop(folder, tokens, ending, body)
            del self.files[0]
        while self.wire and self._backlog_is_in() and self.updates - len(self.wire) < share * self.updates:
            self.shown += self.wire.pop(0)
            self.world.publish(self.shown)
        if self.fated and len(self.acts) < 1.5 * share * self.fates and not (self.editor and self.editor.is_alive()):
            # Half of them when somebody has heard of them; the others as soon as they are in, while they are told.
            ready = self.is_in if len(self.acts) // 2 % 2 else self.world.heard.__contains__
            article = next((each for each in self.fated if ready(each.token)), None)
            if article is not None:
                self.fated.remove(article)
                self.editor = threading.Thread(target=self._act, args=(article,))
                self.editor.start()

    def is_in(self, token):
        """Whether the file with this article was taken in."""
        path = self.dropped.get(token)
        return path is not None and (path.parent / "done" / path.name).exists()

    def _drop(self, folder, tokens, ending, body):
        """Written under another name and renamed in. It looks some seconds old, so that nobody waits for its writer."""
        path = self.room / folder / f"{self.number:05}.{ending}"
        hidden = path.with_name(f".{path.name}")
        hidden.write_bytes(body)
        at = time.time() - 60 + self.number / 1000
        os.utime(hidden, (at, at))
        hidden.rename(path)
        self.number += 1
        self.dropped.update(dict.fromkeys(tokens - self.dropped.keys(), path))

    def _backlog_is_in(self):
        if not self.backlog_is_in:
            with contextlib.suppress(OSError):
                published = (self.room / "feeds/all.json").read_text("utf-8")
                self.backlog_is_in = all(article.token in published for article in self.news.backlog)
        return self.backlog_is_in

    def _act(self, article):
        note = f"See to {article.token}."
        words = ["article", article.fate, article.url, "--note", note]
        if article.fate == "correct":
            words += ["--title", f"{EMENDED} {article.token}"]
        act = Act(article.fate, article.token, time.monotonic())
        self.acts.append(act)
        done = subprocess.run(
            [sys.executable, "-m", "syndicator", *words, "--config", str(self.room / "config.toml")],
            cwd=self.room,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=environment(),
        )
        act.ended, act.code, act.said = time.monotonic(), done.returncode, done.stdout + done.stderr

    # Phases

    def load(self, rng):
        """Kill at random moments while news comes in."""
        self.service.start()
        while len(self.kills) < self.plan.kills:
            share = (len(self.kills) + 1) / self.plan.kills
            kind = rng.random()
            if kind < 0.15:  # hardly started
                self._live(rng.uniform(0.02, 0.5), share)
            elif kind < 0.35:  # while it starts, and looks after what the last kill left
                self._live(rng.uniform(0.5, 2.5), share)
            else:  # at work
                self._wait_for_work(share)
                self._live(rng.uniform(0, self.plan.up_s), share)
            self._kill()
            self.service.start()
            if len(self.kills) >= 0.6 * self.plan.kills and self.plan.digest_in is None:
                self.world.quiet = True

    def _wait_for_work(self, share):
        """Live until a message has come from this start of the service; there may be none to come."""
        before, end = len(self.world.receipts), time.monotonic() + 2 * self.plan.up_s + 6
        while len(self.world.receipts) == before and time.monotonic() < end:
            self._live(0.02, share)

    def _live(self, seconds, share):
        end = time.monotonic() + seconds
        while True:
            self.bring(share)
            if self.service.ended is not None:
                self.troubles.append(f"the service ended by itself with {self.service.ended}")
                self.service.start()
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.02))

    def _kill(self):
        at = self.service.kill()
        self.kills.append(
            (at, frozenset(row[0] for row in self.ask("SELECT id FROM deliveries WHERE lease_until > 0")))
        )
        self.backlogs += [row[0] for row in self.ask("SELECT count(*) FROM deliveries WHERE state = 'pending'")]

    def end(self, rng):
        """No more trouble: everything must come out. The hourly alert is told to speak, with kills around its minute."""
        self._wait_for(self._all_is_brought, "news to be brought")
        self.world.quiet = True
        self._wait_for(self._all_is_in, "all news to be taken in")
        if self.plan.digest_in is not None:
            self._let_the_hourly_alert_speak(rng)
        if self._wait_for(self._is_at_rest, "the outbox to be empty"):
            self._live(1, 1)  # should anything still come, it comes now

    def _let_the_hourly_alert_speak(self, rng):
        """It gets a time of day, and kills around that minute."""
        minute = (datetime.now(UTC) + self.plan.digest_in).replace(second=0)
        self._kill()
        configure(self.room, self.world, self.plan, self.news.alerts, f"daily at {minute:%H:%M}")
        self.service.start()
        self._live((minute - datetime.now(UTC)).total_seconds() - 5, 1)
        for _ in range(self.plan.end_kills):
            self._live(rng.uniform(0.5, 4), 1)
            self._kill()
            self.service.start()

    def _wait_for(self, condition, what):
        end = time.monotonic() + self.plan.rest_s
        while not condition():
            if time.monotonic() > end:
                self.troubles.append(f"waited {self.plan.rest_s:g} s for {what} in vain")
                return False
            self._live(0.2, 1)
        return True

    def _all_is_brought(self):
        return not (self.files or self.wire or self.fated or (self.editor and self.editor.is_alive()))

    def _all_is_in(self):
        want = len(self.news.articles) + sum(act.verb == "kill" for act in self.acts)
        waiting = [path for name in ("inbox", "agency") for path in (self.room / name).glob("[0-9]*")]
        return not waiting and self.ask("SELECT count(*) FROM articles") == [(want,)]

    def _is_at_rest(self):
        return self._all_is_in() and self.ask(
            "SELECT (SELECT count(*) FROM deliveries WHERE state = 'pending'),"
            " (SELECT count(*) FROM hits WHERE message IS NULL AND silent IS NULL), (SELECT count(*) FROM stale_feeds)"
        ) == [(0, 0, 0)]

    def ask(self, sql):
        """Rows of the store, read only; none where it is not there yet. It must not be mended or checkpointed by us."""
        try:
            with closing(sqlite3.connect(f"file:{self.room}/syndicator.db?mode=ro", uri=True, timeout=20)) as db:
                return db.execute(sql).fetchall()
        except sqlite3.OperationalError as error:
            if "unable to open" not in str(error) and "no such table" not in str(error):
                self.troubles.append(f"the store can't be read: {error}")
            return []

    # What is left

    def look_round(self):
        """After the end: the store, the feeds, the processes, the output."""
        # A process that hardly started has nobody yet to take the signal that asks it to stop.
        self._live(self.service.began + 6 - time.monotonic(), 1)
        code = self.service.stop()
        if code != 0:
            self.troubles.append(f"the service did not stop cleanly: {code}")
        end = time.monotonic() + 20
        while self.service.left_behind() and time.monotonic() < end:
            time.sleep(0.1)
        if left := self.service.left_behind():
            self.troubles.append(f"{len(left)} processes were left behind")
        said = self.service.log.read_text("utf-8", "replace")
        if "Traceback" in said:
            self.troubles.append(
                f"{said.count('Traceback')} tracebacks, the first: {said[said.index('Traceback') :][:3000]}"
            )
        if self.ask("PRAGMA integrity_check") != [("ok",)] or self.ask("PRAGMA foreign_key_check"):
            self.troubles.append("the database is damaged")
        if dead := self.ask("SELECT id, said FROM deliveries WHERE state = 'dead'"):
            self.troubles.append(f"{len(dead)} deliveries were given up: {dead[:3]}")
        interrupted = {
            row[0]
            for row in self.ask(
                "SELECT d.id FROM attempts t JOIN deliveries d ON d.n = t.delivery WHERE t.verdict = 'interrupted'"
            )
        }
        leased = {id_ for _, ids in self.kills for id_ in ids}
        if interrupted != leased:
            self.troubles.append(
                f"{len(leased ^ interrupted)} deliveries in flight at a kill are told otherwise in the ledger"
            )
        self.troubles += [f"{act.verb} {act.token} failed: {act.said[-2000:]}" for act in self.acts if act.code != 0]
        missing = self._missing_in_feeds()
        if missing:
            self.troubles.append(f"{len(missing)} articles are missing in the feeds: {missing[:3]}")

    def _missing_in_feeds(self):
        """Articles that neither the feed of all nor its archive holds. Of a withdrawn one stands a notice."""
        feeds = self.room / "feeds"
        files = [feeds / "all.atom", *sorted((feeds / "archive/all").glob("*.atom"))]
        published = "".join(path.read_text("utf-8") for path in files if path.exists())
        killed = {act.token for act in self.acts if act.verb == "kill"}
        return [token for token in self.news.articles if token not in published and token not in killed]

    def all_receipts(self):
        """What the receivers saw, and the lines of the file; read."""
        receipts = list(self.world.receipts)
        torn = 0
        file = self.room / "alerts.jsonl"
        for line in file.read_bytes().splitlines() if file.exists() else ():
            try:
                json.loads(line)
            except ValueError:
                torn += 1  # a line that a kill cut off: the next attempt begins a new one
            else:
                receipts.append(Receipt(0.0, "log", TAKEN, line))
        for receipt in receipts:
            (read_mail if receipt.destination.startswith("m") else read_hook)(receipt)
        return receipts, torn

    def queue(self):
        """The place of each delivery in the queue, and what it tells."""
        found = {}
        rows = self.ask(
            "SELECT d.id, d.n, l.name, a.url, d.destination FROM deliveries d JOIN messages m ON m.id = d.message"
            " JOIN alerts l ON l.id = m.alert JOIN message_items i ON i.message = m.id JOIN articles a ON a.n = i.article"
        )
        for id_, n, alert, url, destination in rows:
            found.setdefault(id_, (n, []))[1].append((alert, url.rpartition("/")[2], destination))
        return found


def soak(plan, room):
    """Run it, and return the Counts with everything that is wrong in `defects`."""
    began = time.monotonic()
    rng = random.Random(plan.seed)
    alerts = make_alerts(
        rng,
        hooks_of(plan),
        mails_of(plan),
        share=plan.alerts,
        cooldown_s=plan.cooldown_s,
        hourly=plan.digest_in is not None,
    )
    news = make_news(rng, plan.articles, alerts, fates=plan.fates)
    for name in ("inbox", "agency", "feeds"):
        (room / name).mkdir(exist_ok=True)
    with World(plan, random.Random(plan.seed + 1)) as world:
        run = Run(plan, room, news, world, Service(room))
        configure(room, world, plan, news.alerts, "hourly")
        try:
            run.load(rng)
            run.end(rng)
            took = time.monotonic() - began
            run.look_round()
        finally:
            if run.service.process and run.service.ended is None:
                run.service.process.kill()
                run.service.process.wait()
            if run.editor:
                run.editor.join()
    receipts, torn = run.all_receipts()
    counts = count(news, receipts, run.acts, run.kills, run.queue())
    for trouble in run.troubles:
        counts.wrong(trouble.partition(":")[0], trouble)
    counts.figures = _figures(run, took, torn) | counts.figures
    return counts


def _figures(run, took, torn):
    in_flight = [len(leased) for _, leased in run.kills]
    backlogs = sorted(run.backlogs) or [0]
    return {
        "seed": run.plan.seed,
        "articles": len(run.news.articles),
        "alerts": len(run.news.alerts),
        "destinations": f"{run.plan.hooks} webhooks, {run.plan.mails} mail addresses, 1 file",
        "kills (SIGKILL)": len(run.kills),
        "starts": run.service.starts,
        "kills with deliveries in flight": sum(map(bool, in_flight)),
        "deliveries in flight at kills": sum(in_flight),
        "waiting in the outbox at a kill, median": backlogs[len(backlogs) // 2],
        "answers that we made fail": dict(
            sorted(Counter(r.answer for r in run.world.receipts if r.answer != TAKEN).items())
        ),
        "lines of the file cut off by a kill": torn,
        "duration": f"{took:.0f} s",
        "messages a second": round(len(run.world.receipts) / took, 1),
    }


def hooks_of(plan):
    return [f"w{number:02}" for number in range(plan.hooks)]


def mails_of(plan):
    return [f"m{number:02}" for number in range(plan.mails)]


def configure(room, world, plan, alerts, schedule):
    """Write config.toml; `schedule` is for the hourly alert."""
    parts = [HEAD.format(smtp=world.mail.port, wire=world.hooks.url("/wire"))]
    parts += [
        f'[destinations.{name}]\nkind = "webhook"\nurl = "{world.hooks.url("/" + name)}"\nsecret = "{SECRET}"\n'
        for name in hooks_of(plan)
    ]
    parts += [f'[destinations.{name}]\nkind = "email"\nto = "{name}@soak.example"\n' for name in mails_of(plan)]
    parts += [
        f"[[alerts]]\nname = \"{alert.name}\"\nquery = '{alert.query}'\n"
        f"destinations = {json.dumps(list(dict.fromkeys(alert.destinations)))}\n{alert.keys.format(schedule=schedule)}"
        for alert in alerts
    ]
    fresh = room / "config.toml.new"
    fresh.write_text("".join(parts), "utf-8")
    fresh.replace(room / "config.toml")


def environment():
    """Ours, with the package of this checkout before any other."""
    return os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def family(pid):
    """All descendants of a process as (pid, time of birth)."""
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, path.read_text().split()):
                yield child, birth(child)
                yield from family(child)


def birth(pid):
    """When a process was born, in ticks; None where it is no more."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state in "ZX" else int(fields[18])


def lines_of(counts):
    """The result as rows of two: what, how much."""
    for name, value in counts.figures.items():
        shown = "; ".join(f"{k}: {v}" for k, v in value.items()) if isinstance(value, dict) else value
        yield name, "none" if shown == "" else f"{shown:,}" if isinstance(shown, int) and name != "seed" else str(shown)
    for name in ("lost", "extra", "told twice under two ids", "repeats without a cause"):
        yield f"**{name}**", str(counts.defects[name])
    yield (
        "**everything that is wrong**",
        "; ".join(f"{name}: {n}" for name, n in (+counts.defects).items()) or "nothing",
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--articles", type=int, default=Plan.articles)
    parser.add_argument("--kills", type=int, default=Plan.kills)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--short", action="store_true", help="the short version")
    parser.add_argument("--report", type=Path, help="write the figures there, as Markdown")
    parser.add_argument("--room", type=Path, help="a folder to work in, which is kept")
    options = parser.parse_args()
    # So that a stop takes the service along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    plan = Plan(options.seed, options.articles, options.kills)
    if options.short:
        plan = Plan(**(SHORT.__dict__ | {"seed": options.seed}))
    print(f"seed {plan.seed}: {plan.articles} articles, {plan.kills} kills", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        counts = soak(plan, options.room or Path(folder))
    rows = list(lines_of(counts))
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:{width}}  {value}")
    for name, examples in counts.examples.items():
        print(f"\n{name}:", *examples, sep="\n  ")
    if options.report:
        machine = (
            f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
        )
        table = "".join(f"| {name} | {value} |\n" for name, value in rows)
        options.report.write_text(f"{datetime.now(UTC):%d %B %Y}, {machine}\n\n| | |\n|---|---|\n{table}", "utf-8")
    sys.exit(bool(+counts.defects))


if __name__ == "__main__":
    main()
