"""The nginx set-up in docs/deploy.md, tried on a published folder: types, validators, and 410 for what is gone."""

import http.client
import re
import shutil
import socket
import subprocess
import time

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


def documented(root, port):
    """nginx.conf with the page's snippet, for a newsroom in `root` and a port of ours."""
    (block,) = read("docs/deploy.md").blocks("nginx")
    assert block.body.count("/srv/news/feeds/") == 2
    assert block.body.count("listen 80;") == 1
    snippet = block.body.replace("/srv/news/", f"{root}/").replace("listen 80;", f"listen 127.0.0.1:{port};")
    temporary = "".join(
        f"{kind}_temp_path {root}/nginx/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # The types that a distribution's nginx.conf would bring must not shine through: there are none here.
    return (
        f"daemon off; master_process off; pid {root}/nginx/pid; error_log stderr;\n"
        f"events {{}}\nhttp {{ access_log off; default_type application/octet-stream;\n{temporary}{snippet}}}\n"
    )


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
    (root / "nginx").mkdir()
    port = free_port()
    (root / "nginx/nginx.conf").write_text(documented(root, port), "utf-8")
    server = subprocess.Popen([NGINX, "-p", root, "-c", root / "nginx/nginx.conf"], stderr=subprocess.PIPE, text=True)
    try:
        wait_for(port, server)
        yield port
    finally:
        server.terminate()
        server.communicate(timeout=10)


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


def get(port, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    return answer


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("boats.rss", "application/rss+xml"),
        ("boats.atom", "application/atom+xml"),
        ("boats.json", "application/feed+json"),
        ("boats.html", "text/html; charset=utf-8"),
        ("archive/boats/2026-10.rss", "application/rss+xml"),
        ("", "text/html; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("subscriptions.opml", "text/x-opml; charset=utf-8"),
    ],
)
def test_every_file_has_its_content_type(site, path, kind):
    answer = get(site, f"/feeds/{path}")
    assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_reader_that_asks_again_is_told_not_modified(site, encoding):
    first = get(site, "/feeds/boats.atom", Accept_Encoding=encoding)
    assert first.headers["Content-Encoding"] == (None if encoding == "identity" else "gzip")
    by_tag = get(site, "/feeds/boats.atom", Accept_Encoding=encoding, If_None_Match=first.headers["ETag"])
    assert by_tag.status == 304
    by_date = get(site, "/feeds/boats.atom", If_Modified_Since=first.headers["Last-Modified"])
    assert by_date.status == 304
    assert get(site, "/feeds/boats.atom", If_None_Match='"another"').status == 200


@pytest.mark.parametrize(
    "path", ["courts.rss", "courts.atom", "courts.json", "courts.html", "archive/courts/2026-10.rss"]
)
def test_a_feed_that_was_taken_out_is_gone(site, path):
    assert get(site, f"/feeds/{path}").status == 410


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/nosuch.rss",
        "/feeds/.boats.rss.1234.unfinished",
        "/config.toml",
        "/syndicator.db",
        "/inbox/",
        "/boats.txt",
        "/feeds/%2e%2e/config.toml",
        "/feeds../config.toml",
    ],
)
def test_nothing_else_is_served(site, path):
    assert get(site, path).status == 404


def test_the_front_door_leads_to_the_feeds(site):
    answer = get(site, "/")
    assert answer.status == 302
    assert re.search(r"/feeds/$", answer.headers["Location"])
