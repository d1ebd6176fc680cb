"""The nginx set-up in docs/deploy.md, tried on a published folder: a publisher like our own server."""

import http.client
import shutil
import socket
import subprocess
import time
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from documents import read
from newsroom import BOATS, COURTS, INBOX, newsroom

from syndicator.publish.files import replace

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def documented(root, port, behind=8080):
    """nginx.conf with the page's snippet, for a newsroom in `root`, a port of ours, and that of the built-in server."""
    (block,) = read("docs/deploy.md").blocks("nginx")
    here = {
        "/srv/news/": (2, f"{root}/"),
        "listen 80;": (1, f"listen 127.0.0.1:{port};"),
        "https://news.example.org": (3, f"http://127.0.0.1:{port}"),
        "http://127.0.0.1:8080": (3, f"http://127.0.0.1:{behind}"),
    }
    snippet = block.body
    for text, (times, ours) in here.items():
        assert snippet.count(text) == times, text
        snippet = snippet.replace(text, ours)
    temporary = "".join(
        f"{kind}_temp_path {root}/nginx/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # The types that a distribution's nginx.conf would bring must not shine through: there are none here.
    return (
        f"daemon off; master_process off; pid {root}/nginx/pid; error_log stderr;\n"
        f"events {{}}\nhttp {{ access_log off; default_type application/octet-stream;\n{temporary}{snippet}}}\n"
    )


@contextmanager
def nginx(root, port, behind=8080):
    """The documented nginx in front of the newsroom in `root`."""
    (root / "nginx").mkdir()
    (root / "nginx/nginx.conf").write_text(documented(root, port, behind), "utf-8")
    server = subprocess.Popen([NGINX, "-p", root, "-c", root / "nginx/nginx.conf"], stderr=subprocess.PIPE, text=True)
    try:
        wait_for(port, server)
        yield
    finally:
        server.terminate()
        server.communicate(timeout=10)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A published newsroom behind the documented nginx, from which the topic `courts` was taken out; its port."""
    root = tmp_path_factory.mktemp("srv")
    with newsroom(root, BOATS, COURTS, INBOX) as room:
        (root / "boats.txt").write_text("A boat lands\n\nA boat was found on the beach at dawn.", "utf-8")
        room.start()
        room.publish()
    with newsroom(root, BOATS, INBOX) as room:
        room.start()
        room.publish()
    replace(root / "feeds/archive/boats/2026-10.rss", b"<rss/>")
    (root / "feeds/.boats.rss.1234.unfinished").write_text("half")
    with closing(Listener()) as built_in:
        port = free_port()
        with nginx(root, port, built_in.port):
            yield port


class Listener:
    """In place of the built-in server: answers every request with what it was asked."""

    def __init__(self):
        class Echo(BaseHTTPRequestHandler):
            def do_GET(self):
                body = f"{self.path} {self.headers.get('X-Forwarded-For')} {self.headers['Host']}".encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Type", "text/plain")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        self.port = self.server.server_address[1]
        self.thread = Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def wait_for(port, server):
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if server.poll() is not None:
            pytest.fail(f"nginx did not start: {server.stderr.read()}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    pytest.fail("nginx does not answer")


def get(port, path, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        answer.text = answer.read().decode("latin-1")
    finally:
        connection.close()
    return answer


SHORT = "public, max-age=60, stale-while-revalidate=60, stale-if-error=86400"
DAY = SHORT.replace("max-age=60", "max-age=86400")
WEEK = SHORT.replace("max-age=60", "max-age=604800")


@pytest.mark.parametrize(
    ("path", "kind", "life"),
    [
        ("boats.rss", "application/rss+xml", SHORT),
        ("boats.atom", "application/atom+xml", SHORT),
        ("boats.json", "application/feed+json", SHORT),
        ("boats.html", "text/html; charset=utf-8", SHORT),
        ("archive/boats/2026-10.rss", "application/rss+xml", DAY),
        ("", "text/html; charset=utf-8", SHORT),
        ("style.css", "text/css; charset=utf-8", WEEK),
        ("subscriptions.opml", "text/x-opml; charset=utf-8", SHORT),
    ],
)
def test_every_file_is_told_of_as_our_own_server_tells(site, path, kind, life):
    answer = get(site, f"/feeds/{path}")
    assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
    assert answer.headers["Cache-Control"] == life
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers.get_all("Vary") == ["Accept-Encoding"]
    assert (answer.headers["Content-Security-Policy"] is not None) == kind.startswith("text/html")
    assert "Set-Cookie" not in answer.headers
    head = get(site, f"/feeds/{path}", "HEAD")
    assert head.text == ""
    kept = ("ETag", "Last-Modified", "Content-Type", "Cache-Control", "Link")
    assert [head.headers[name] for name in kept] == [answer.headers[name] for name in kept]


@pytest.mark.parametrize(
    ("path", "links"),
    [
        ("boats.rss", ["self", "hub"]),
        ("boats.json", ["self", "hub"]),
        ("archive/boats/2026-10.rss", ["self"]),
        ("boats.html", []),
        ("style.css", []),
    ],
)
def test_a_feed_is_told_of_with_itself_and_its_hub(site, path, links):
    link = get(site, f"/feeds/{path}").headers.get("Link", "")
    base = f"http://127.0.0.1:{site}"
    where = {"self": f"{base}/feeds/{path}", "hub": f"{base}/websub/hub"}
    assert link == ", ".join(f'<{where[rel]}>; rel="{rel}"' for rel in links)


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_reader_that_asks_again_is_told_not_modified(site, encoding):
    first = get(site, "/feeds/boats.atom", Accept_Encoding=encoding)
    assert first.headers["Content-Encoding"] == (None if encoding == "identity" else "gzip")
    by_tag = get(site, "/feeds/boats.atom", Accept_Encoding=encoding, If_None_Match=first.headers["ETag"])
    assert by_tag.status == 304
    for name in ("Cache-Control", "Vary", "Link", "Access-Control-Allow-Origin"):
        assert by_tag.headers.get_all(name) == first.headers.get_all(name)
    by_date = get(site, "/feeds/boats.atom", If_Modified_Since=first.headers["Last-Modified"])
    assert by_date.status == 304
    assert get(site, "/feeds/boats.atom", If_Modified_Since="Fri, 01 Jan 2100 00:00:00 GMT").status == 304
    assert get(site, "/feeds/boats.atom", If_None_Match='"another"').status == 200


@pytest.mark.parametrize("method", ["DELETE", "POST", "PUT"])
def test_what_can_only_be_read_says_so(site, method):
    answer = get(site, "/feeds/boats.atom", method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert answer.headers["Cache-Control"] is None


def test_a_page_of_another_site_may_ask_conditionally(site):
    answer = get(site, "/feeds/boats.atom", "OPTIONS", Origin="https://reader.example")
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert "If-None-Match" in answer.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize(
    "path", ["courts.rss", "courts.atom", "courts.json", "courts.html", "archive/courts/2026-10.rss"]
)
def test_a_feed_that_was_taken_out_is_gone(site, path):
    answer = get(site, f"/feeds/{path}")
    assert answer.status == 410
    assert answer.headers["Cache-Control"] is None


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/nosuch.rss",
        "/feeds/.boats.rss.1234.unfinished",
        "/feeds/gone.json",
        "/feeds/gone.map",
        *("/metrics", "//metrics", "/%6detrics", "/feeds/../metrics"),
    ],
)
def test_nothing_else_is_for_the_public(site, path):
    assert get(site, path).status == 404


@pytest.mark.parametrize(
    "path",
    [
        *("/search.atom?q=a", "/api/v1/stream", "/api/v1/changes?after=3", "/websub/hub", "/alerts/token.atom"),
        *("/unsubscribe/.begins-with-a-dot", "/articles/1", "/config.toml", "/syndicator.db", "/feeds../config.toml"),
        *("/feeds/%2e%2e/config.toml", "/feeds/..%2fconfig.toml"),
    ],
)
def test_all_else_is_asked_of_the_built_in_server_in_the_readers_name(site, path):
    answer = get(site, path, X_Forwarded_For="203.0.113.9")
    assert answer.status == 200
    assert answer.text == f"{path} 127.0.0.1 127.0.0.1"


@pytest.mark.parametrize(("path", "status"), [("/", 302), ("/feeds", 308)])
def test_the_front_door_leads_to_the_feeds(site, path, status):
    answer = get(site, path)
    assert answer.status == status
    assert answer.headers["Location"] == "/feeds/"
