"""A real reader, Debian's newsboat, subscribed to the running service: what its users see, and what it asks of us."""

import http.client
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import feedparser
import pytest
from test_nginx import free_port
from test_run import running, wait_for

NEWSBOAT = shutil.which("newsboat")
pytestmark = pytest.mark.skipif(NEWSBOAT is None, reason="newsboat is not installed (Debian: newsboat)")

CONFIG = """
[site]
title = "The Tidewater Desk"
url = "{url}"
contact = "desk@tidewater.example"
[server]
port = {port}
max_age = "1s"
[schedule]
tick = "1s"
[[sources]]
name = "Inbox"
kind = "folder"
path = "inbox"
[topics.boats]
title = "Boats"
query = "boat"
"""
FEEDS = ("/feeds/boats.atom", "/search.rss?q=boat")


class Passage:
    """A proxy in front of the service that remembers what was asked of it, and how it was answered."""

    def __init__(self, behind):
        self.seen = []
        passage = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                connection = http.client.HTTPConnection("127.0.0.1", behind, timeout=20)
                with closing(connection):
                    headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
                    connection.request("GET", self.path, headers=headers)
                    reply = connection.getresponse()
                    body = reply.read()
                passage.seen.append((self.path, reply.status))
                self.send_response_only(reply.status)
                for name, value in reply.getheaders():
                    if name.lower() not in {"connection", "transfer-encoding", "content-length"}:
                        self.send_header(name, value)
                if reply.status != 304:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answers(self):
        """What has been asked since this was asked last."""
        seen, self.seen = self.seen, []
        return sorted(seen)


class Newsboat:
    """Debian's newsboat with a folder of its own."""

    def __init__(self, root, urls):
        self._root = root
        root.mkdir()
        (root / "urls").write_text("".join(f'"{url}"\n' for url in urls), "utf-8")
        (root / "config").write_text("", "utf-8")

    def reload(self):
        files = ["-u", "urls", "-c", "cache.db", "-C", "config"]
        subprocess.run(
            [NEWSBOAT, *files, "-x", "reload"],
            cwd=self._root,
            env={"HOME": str(self._root), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            check=True,
            capture_output=True,
            timeout=60,
        )

    def items(self):
        """What its user sees: the items by guid, with title and content."""
        with closing(sqlite3.connect(self._root / "cache.db")) as db:
            rows = db.execute("SELECT guid, title, content FROM rss_item WHERE deleted = 0 ORDER BY id").fetchall()
        assert len({guid for guid, _, _ in rows}) == len(rows)
        return {guid: (title, content) for guid, title, content in rows}


def command(root, *words):
    done = subprocess.run(
        [sys.executable, "-m", "syndicator", *words], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def newsroom_running(tmp_path):
    port = free_port()
    with Passage(port) as passage:
        (tmp_path / "config.toml").write_text(CONFIG.format(url=passage.url, port=port), "utf-8")
        (tmp_path / "inbox").mkdir()
        for name, text in {
            "one": "Forty boats came in\n\nForty boats were counted in the harbour.",
            "two": "The boat of Mr Smith\n\nA boat that Mr Smith is said to own was seen.",
        }.items():
            (tmp_path / f"inbox/{name}.txt").write_text(text, "utf-8")
        with running(tmp_path) as service:
            feed = tmp_path / "feeds/boats.atom"
            wait_for(lambda: feed.exists() and feed.read_bytes().count(b"<entry") == 2, 60)
            yield tmp_path, passage
            service.send_signal(signal.SIGTERM)
            service.communicate(timeout=20)


def test_newsboat_gets_news_once_and_sees_what_was_put_right(newsroom_running):
    root, passage = newsroom_running
    reader = Newsboat(root / "reader", [passage.url + path for path in FEEDS])

    reader.reload()
    first = reader.items()
    assert sorted(title for title, _ in first.values()) == ["Forty boats came in", "The boat of Mr Smith"]
    assert passage.answers() == [(path, 200) for path in sorted(FEEDS)]

    # It keeps validators from its second look on (newsboat/newsboat#2734).
    for status in (200, 304):
        reader.reload()
        assert reader.items() == first
        assert passage.answers() == [(path, status) for path in sorted(FEEDS)]

    ids = {title: guid for guid, (title, _) in first.items()}
    corrected = ids["Forty boats came in"]
    command(root, "article", "correct", corrected, "--note", "It was four.", "--title", "Four boats came in")
    reader.reload()
    second = reader.items()
    assert second.keys() == first.keys()
    assert second[corrected][0] == "Four boats came in"
    assert "It was four." in second[corrected][1]
    assert passage.answers() == [(path, 200) for path in sorted(FEEDS)]

    killed = ids["The boat of Mr Smith"]
    command(root, "article", "kill", killed, "--note", "It was never his.")
    reader.reload()
    third = reader.items()
    assert third[killed][0].startswith("Withdrawn: ")
    assert "It was never his." in third[killed][1]
    (advisory,) = third.keys() - second.keys()
    assert third[advisory][0].startswith("Advisory: ")
    assert not [each for each in third.values() if re.search("Mr Smith", " ".join(each))]

    assert passage.answers() == [(path, 200) for path in sorted(FEEDS)]
    reader.reload()
    assert reader.items() == third
    assert passage.answers() == [(path, 304) for path in sorted(FEEDS)]

    for path in FEEDS:
        # A date that is ahead of the clock, as after two changes in a second, is not told until it has come.
        wait_for(lambda url=passage.url + path: "modified" in feedparser.parse(url), 10)
        feed = feedparser.parse(passage.url + path)
        polled = feedparser.parse(passage.url + path, etag=feed.etag, modified=feed.modified)
        assert (polled.status, polled.entries) == (304, [])
