"""The newsroom's whole story in a real browser without scripts: Debian's Chromium, against the real service."""

import re
import signal
from urllib.parse import urlsplit

import pytest
from test_browser import CHROMIUM, DESKTOP, PLAYWRIGHT
from test_nginx import free_port
from test_run import running

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: chromium)")

CONFIG = """
[site]
title = "The Tidewater Desk"
url = "http://127.0.0.1:{port}"
contact = "desk@tidewater.example"
[server]
port = {port}
[schedule]
tick = "1s"
[[sources]]
name = "Inbox"
kind = "folder"
path = "inbox"
title = "Our own desk"
republish = "full"
[topics.boats]
title = "Boats"
query = "boat OR dinghy"
[destinations.log]
kind = "file"
path = "alerts.jsonl"
"""
WORDS = "boats in the morning fog"


class Service:
    """The running service, and what it printed for whoever started it."""

    def __init__(self, root, port, process):
        self.root, self.url = root, f"http://127.0.0.1:{port}"
        for line in process.stdout:
            if found := re.search(r"http\S+/desk/welcome/\S+", line):
                self.link = found[0]
            if "Listening" in line:
                break

    def drop(self, name, text):
        (self.root / f"inbox/{name}.txt").write_text(text, "utf-8")

    def told(self):
        file = self.root / "alerts.jsonl"
        return file.read_text("utf-8") if file.exists() else ""


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    root, port = tmp_path_factory.mktemp("desk"), free_port()
    (root / "config.toml").write_text(CONFIG.format(port=port), "utf-8")
    (root / "inbox").mkdir()
    with running(root) as process:
        yield Service(root, port, process)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


@pytest.fixture(scope="module")
def chromium():
    with PLAYWRIGHT.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def tab_of(chromium, service, **options):
    return chromium.new_context(base_url=service.url, viewport=DESKTOP, **options).new_page()


def choose_password(tab, link):
    tab.goto(urlsplit(link).path)
    tab.get_by_label("Password", exact=True).fill(WORDS)
    tab.get_by_label("The same again").fill(WORDS)
    tab.get_by_role("button", name="Set password").click()


def test_an_editor_who_never_saw_a_query_has_an_alert_and_sees_what_became_of_it(service, chromium):
    admin = tab_of(chromium, service, java_script_enabled=False)
    choose_password(admin, service.link)
    assert urlsplit(admin.url).path == "/desk/"
    admin.get_by_role("link", name="People").click()
    admin.get_by_label("Name").fill("Anna")
    admin.get_by_role("button", name="Add, and make a link").click()
    link = admin.get_by_label("Link", exact=True).input_value()

    anna = tab_of(chromium, service, java_script_enabled=False)
    choose_password(anna, link)
    assert anna.get_by_role("link", name="Anna").is_visible()
    assert not anna.get_by_role("link", name="People").count()
