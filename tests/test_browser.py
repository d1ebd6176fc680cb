"""The pages in a real browser: Debian's Chromium, against the real service. Nothing here needs a script of ours."""

import json
import shutil
import signal
from datetime import UTC, datetime, timedelta
from urllib.request import urlopen

import feedparser
import pytest
from newsroom import FakeWeb, InProcess
from test_nginx import free_port
from test_run import running, wait_for

from syndicator.config import load
from syndicator.desk import Desk
from syndicator.model import Content, Entry
from syndicator.pipeline import Pipeline, analyser
from syndicator.store import Store

CHROMIUM = shutil.which("chromium")
PLAYWRIGHT = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
AXE = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: chromium)")

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
CONFIG = """
[site]
title = "The Tidewater Desk"
url = "http://127.0.0.1:{port}"
contact = "desk@tidewater.example"
[server]
port = {port}
[[sources]]
name = "Inbox"
kind = "folder"
path = "inbox"
title = "Our own desk"
[topics.boats]
title = "Boats & crossings"
description = "Who comes by sea."
query = "boat OR dinghy"
[topics.courts]
title = "Courts"
query = "court"
"""
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


class Site:
    """The running service, with an article of every kind in it."""

    def __init__(self, root, port):
        self.root, self.port = root, port
        self.url = f"http://127.0.0.1:{port}"
        self.now = datetime.now(UTC) - timedelta(hours=1)
        self.ids = {}

    def fill(self):
        (self.root / "config.toml").write_text(CONFIG.format(port=self.port), "utf-8")
        (self.root / "inbox").mkdir()
        settings = load(self.root / "config.toml", {})
        store = Store.open(settings.store.path, analyser(settings))
        web = FakeWeb()
        pipeline = Pipeline(settings, store, web, InProcess(), owner="test")
        desk = Desk(settings, store, pipeline, web, InProcess())
        pipeline.start(self.now)
        self._say(store, pipeline, "plain", "A boat reached the court", "A small boat came in.\n\nThe court sat late.")
        self._say(store, pipeline, "arabic", "قارب وصل إلى boat", "قارب.")
        self._say(store, pipeline, "long", f"{LONG} buys a boat", f"{LONG * 3} boat {LONG}")
        self._say(store, pipeline, "corrected", "Forty boats", "Forty boats.")
        self._say(store, pipeline, "killed", "The boat of Mr Smith", "Smith.")
        desk.correct(self.ids["corrected"], "It was four.", self.now, by="anna", title="Four boats", text="Four boats.")
        desk.kill(self.ids["killed"], "It was not his.", self.now, by="anna")
        store.close()

    def _say(self, store, pipeline, name, title, text):
        self.now += timedelta(seconds=5)
        with store.transaction():
            url = f"https://wire.example/{name}"
            pipeline.intake.accept("Inbox", [Entry(Content(title, text), name, url, published=self.now)], self.now)
        (self.ids[name],) = [row["id"] for row in store._db.query("SELECT id FROM articles WHERE title = ?", [title])]

    def article(self, name):
        return f"/articles/{self.ids[name].rpartition(':')[2]}"

    def pages(self):
        return {
            "index": "/feeds/index.html",
            "topic": "/feeds/boats.html",
            **{name: self.article(name) for name in self.ids},
            "results": "/search?q=boat",
            "mistake": f"/search?q={LONG * 3}+AND+(title:",
        }


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("browser"), free_port())
    site.fill()
    with running(site.root) as service:
        wait_for(lambda: (site.root / "feeds/index.html").exists() and answers(site.url), 60)
        yield site
        service.send_signal(signal.SIGTERM)
        service.communicate(timeout=20)


def answers(url):
    try:
        with urlopen(f"{url}/feeds/all.json", timeout=5) as reply:
            return b"Four boats" in reply.read()
    except OSError:
        return False


@pytest.fixture(scope="module")
def browser():
    with PLAYWRIGHT.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def tab(browser, site):
    """A tab, and on its way out the proof that no page asked for a script, an image, or anything elsewhere."""
    context = browser.new_context(viewport=PHONE, base_url=site.url)
    tab = context.new_page()
    asked, said = [], []
    tab.on("request", lambda request: asked.append((request.resource_type, request.url)))
    tab.on("console", lambda message: said.append(message.text))
    yield tab
    context.close()
    # The browser asks for the icon by itself.
    foreign = [each for each in asked if each[0] not in {"document", "stylesheet"} and "favicon" not in each[1]]
    assert foreign == []
    assert [each for each in asked if not each[1].startswith((site.url, "about:"))] == []
    assert [each for each in said if "Content Security Policy" in each] == []


def test_a_person_finds_the_way_from_the_index_to_an_articles_history(tab, site):
    tab.goto("/")
    assert tab.title() == "The Tidewater Desk"
    tab.get_by_role("heading", name="Boats & crossings").get_by_role("link").click()
    assert tab.get_by_role("heading", level=1).inner_text() == "Boats & crossings"
    tab.get_by_role("link", name="Sources and history of Four boats").click()
    assert tab.url == site.url + site.article("corrected")
    assert tab.get_by_role("heading", level=1).inner_text() == "Four boats"
    assert "corrected by the newsroom" in tab.get_by_role("main").inner_text()
    tab.get_by_role("link", name="Boats & crossings").click()
    assert tab.url == f"{site.url}/feeds/boats.html"


def test_the_feeds_that_a_page_offers_are_there(tab):
    for path in ("/feeds/boats.html", "/search?q=boat"):
        tab.goto(path)
        found = tab.locator("link[rel=alternate]").evaluate_all("links => links.map(each => [each.type, each.href])")
        assert [kind for kind, _ in found] == ["application/rss+xml", "application/atom+xml", "application/feed+json"]
        titles = [read(kind, href) for kind, href in found]
        assert "Four boats" in titles[0]
        assert titles[0] == titles[1] == titles[2]


def read(kind, href):
    with urlopen(href, timeout=10) as reply:
        body = reply.read()
    if kind == "application/feed+json":
        return [item["title"] for item in json.loads(body)["items"]]
    feed = feedparser.parse(body)
    assert not feed.bozo
    return [entry.title for entry in feed.entries]


def test_an_article_leads_programs_to_its_topics_and_to_its_facts(tab, site):
    tab.goto(site.article("plain"))
    found = tab.locator("link[rel=alternate]").evaluate_all("links => links.map(each => [each.type, each.href])")
    for kind, href in found:
        with urlopen(href, timeout=10) as reply:
            assert reply.headers["Content-Type"].partition(";")[0] == kind
    assert len(found) == 3


def test_without_javascript_everything_can_be_read_and_searched(browser, site):
    context = browser.new_context(viewport=PHONE, base_url=site.url, java_script_enabled=False)
    tab = context.new_page()
    tab.goto("/feeds/index.html")
    tab.get_by_role("searchbox").fill("boat -court")
    tab.get_by_role("button", name="Search").click()
    assert tab.url == f"{site.url}/search?q=boat+-court"
    assert tab.locator("article h2").all_inner_texts()[0] == "Four boats"
    assert "reached the court" not in tab.get_by_role("main").inner_text()
    assert set(tab.locator("article mark").all_inner_texts()) == {"boat", "boats"}
    tab.get_by_role("searchbox").fill("boat AND")
    tab.get_by_role("button", name="Search").click()
    assert "^" in tab.locator("pre").inner_text()
    context.close()


def test_the_address_to_copy_is_selected_whole_and_stays_what_it_is(tab, site):
    tab.goto("/feeds/boats.html")
    field = tab.get_by_label("Address to copy")
    selected = "it => it.value.substring(it.selectionStart, it.selectionEnd)"
    tab.get_by_role("link", name="JSON Feed").focus()
    tab.keyboard.press("Tab")
    assert field.evaluate(selected) == f"{site.url}/feeds/boats.atom"
    field.click(click_count=3)
    assert field.evaluate(selected) == f"{site.url}/feeds/boats.atom"
    field.press("x")
    assert field.input_value() == f"{site.url}/feeds/boats.atom"


def test_the_first_tab_leads_past_the_head_of_the_page(tab):
    tab.goto("/feeds/boats.html")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Skip to the news"
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "main"


def fits_and_reads_well(tab):
    """The page that is open fits a phone and a desk, and axe finds nothing on it by day and by night."""
    tab.evaluate(AXE.Axe().axe_script)
    for size in (PHONE, DESKTOP):
        tab.set_viewport_size(size)
        assert tab.evaluate("document.documentElement.scrollWidth") <= size["width"]
        for scheme in ("light", "dark"):
            tab.emulate_media(color_scheme=scheme)
            found = tab.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
            told = [(each["id"], each["impact"], [node["html"] for node in each["nodes"]]) for each in found]
            assert told == [], f"{scheme}, {size['width']} pixels"


@pytest.mark.parametrize("name", ["index", "topic", "plain", "long", "corrected", "killed", "results", "mistake"])
def test_a_page_fits_every_screen_and_axe_finds_nothing_wrong(tab, site, name):
    tab.goto(site.pages()[name])
    fits_and_reads_well(tab)


def test_paper_gets_the_words_without_the_buttons(tab, site):
    tab.emulate_media(media="print")
    tab.goto("/feeds/boats.html")
    assert tab.get_by_role("heading", name="Four boats").is_visible()
    for hidden in (tab.get_by_role("searchbox"), tab.get_by_label("Address to copy"), tab.locator(".subscribe")):
        assert not hidden.first.is_visible()
    assert site
