"""The newsroom's whole story in a real browser without scripts: Debian's Chromium, against the real service."""

import re
import signal
from urllib.parse import urlsplit

import pytest
from test_browser import CHROMIUM, DESKTOP, PHONE, PLAYWRIGHT, fits_and_reads_well
from test_nginx import free_port
from test_run import running, wait_for

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


@pytest.fixture(scope="module")
def signed_in(service, chromium):
    """The cookies of the first admin, who has chosen a password by the link that the service printed."""
    tab = tab_of(chromium, service, java_script_enabled=False)
    choose_password(tab, service.link)
    assert urlsplit(tab.url).path == "/desk/"
    return tab.context.storage_state()


@pytest.mark.thorough
def test_an_editor_who_never_saw_a_query_has_an_alert_and_sees_what_became_of_it(service, chromium, signed_in):
    admin = tab_of(chromium, service, java_script_enabled=False, storage_state=signed_in)
    admin.goto("/desk/")
    admin.get_by_role("link", name="People").click()
    admin.get_by_label("Name").fill("Anna")
    admin.get_by_role("button", name="Add, and make a link").click()
    link = admin.get_by_label("Link", exact=True).input_value()

    anna = tab_of(chromium, service, java_script_enabled=False)
    choose_password(anna, link)
    assert not anna.get_by_role("link", name="People").count()

    anna.get_by_role("navigation").get_by_role("link", name="Alerts").click()
    anna.get_by_role("link", name="Make the first one").click()
    anna.get_by_label("Name of the alert").fill("Boats off Dover")
    anna.get_by_label("All of these words").fill("boat Dover")
    anna.get_by_label("None of these words").fill("football")
    anna.get_by_role("button", name="Look back").last.click()
    caught = anna.locator("#preview").inner_text()
    assert "any form of boat" in caught
    assert "football" in caught
    anna.get_by_label("log", exact=False).first.check()
    anna.get_by_role("button", name="Save the alert").click()
    assert "Boats off Dover" in anna.get_by_role("heading", level=1).inner_text()

    service.drop("dover", "A boat came in at Dover\n\nForty people were in the boat, the coastguard said.")
    wait_for(lambda: "A boat came in at Dover" in service.told(), 60)

    anna.get_by_role("navigation").get_by_role("link", name="History").click()
    assert {"boat", "Dover"} <= set(anna.locator("main mark").all_inner_texts())
    assert "log: told" in anna.locator("main").inner_text()
    anna.get_by_role("link", name="A boat came in at Dover").first.click()
    assert "/desk/articles/" in anna.url
    assert not anna.get_by_label("Note to readers: why must it not be used?").count()

    act(
        admin,
        anna.url,
        "Note to readers: what was wrong?",
        "They were four.",
        "corrected",
        Headline="Four came in at Dover",
    )
    wait_for(lambda: "They were four." in service.told(), 60)
    act(admin, anna.url, "Note to readers: why must it not be used?", "It was an exercise.", "withdrawn")
    wait_for(lambda: "It was an exercise." in service.told(), 60)
    anna.reload()
    assert "Withdrawn" in anna.locator("main").inner_text()
    assert "Four came in" not in anna.locator("main").inner_text()

    admin.get_by_role("link", name="Audit log").click()
    audit = admin.locator("main").inner_text()
    for what in ("It was an exercise.", "They were four.", "Anna", "signed in"):
        assert what in audit


def act(tab, url, label, note, what, **fields):
    """Do something to an article: first see what goes to whom, then do it."""
    tab.goto(url)
    tab.locator("summary", has_text={"corrected": "Correct it", "withdrawn": "Withdraw it"}[what]).click()
    for name, value in fields.items():
        tab.get_by_label(name, exact=True).fill(value)
    tab.get_by_label(label).fill(note)
    tab.get_by_role("button", name=f"Show what goes to whom if it is {what}").click()
    told = tab.locator("main").inner_text()
    assert "feeds" in told
    assert "1 file" in told
    tab.locator("button[name=sure]").click()


PAGES = ["/", "/alerts", "/alerts/new", "/history", "/articles", "/sources", "/topics", "/destinations", "/people"]
PAGES += ["/tokens", "/audit", "/account"]


@pytest.mark.thorough
@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_the_desk_fits_every_screen_and_axe_finds_nothing_wrong(service, chromium, signed_in, path):
    tab = chromium.new_context(base_url=service.url, storage_state=signed_in).new_page()
    assert tab.goto(f"/desk{path}").status == 200
    fits_and_reads_well(tab)
    tab.context.close()


@pytest.fixture
def editor(service, chromium, signed_in):
    """The form of a new alert on a phone at night, with scripts."""
    context = chromium.new_context(base_url=service.url, viewport=PHONE, color_scheme="dark", storage_state=signed_in)
    tab = context.new_page()
    tab.goto("/desk/alerts/new")
    yield tab
    context.close()


def looked_back(tab, typed, shown):
    tab.get_by_label("All of these words").fill(typed)
    tab.locator("#preview", has_text=shown).wait_for()


def test_enter_refreshes_the_preview_and_the_writer_goes_on_writing(editor):
    looked_back(editor, "boat", "any form of boat")
    with editor.expect_response("**/alerts/preview"):
        editor.keyboard.press("Enter")
    assert editor.evaluate("document.activeElement.id") == "all"
    assert urlsplit(editor.url).path == "/desk/alerts/new"
    assert editor.get_by_label("All of these words").input_value() == "boat"


def test_a_preview_that_no_longer_follows_says_so_and_nothing_is_lost(editor):
    looked_back(editor, "boat", "any form of boat")
    kept = editor.context.cookies()
    editor.context.clear_cookies()
    looked_back(editor, "ferry", "you were signed out")
    assert "any form of boat" not in editor.locator("#preview").inner_text()
    editor.get_by_role("button", name="Look back").last.click()
    assert "nothing was saved" in editor.get_by_role("alert").inner_text()
    editor.context.add_cookies(kept)
    editor.get_by_role("button", name="Show what I wrote").click()
    assert editor.get_by_label("All of these words").input_value() == "ferry"
    editor.context.set_offline(True)
    looked_back(editor, "boat", "the desk does not answer")
    editor.context.set_offline(False)
    looked_back(editor, "boats", "any form of boats")


def test_the_boxes_of_the_form_have_room_and_their_ring_covers_no_words(editor):
    box = editor.get_by_label("log", exact=False).first
    assert box.bounding_box()["width"] >= 12
    assert editor.locator("fieldset.ticks").last.evaluate("it => getComputedStyle(it).maxHeight") == "none"
    for name in ("All of these words", "Zone"):
        editor.get_by_label(name, exact=False).first.focus()
        assert editor.evaluate("getComputedStyle(document.activeElement).outlineOffset") == "-2px"


@pytest.mark.thorough
def test_the_form_with_a_preview_reads_well_by_day_and_by_night(editor, service):
    # Words of its own: what another test has withdrawn would be refused, word for word.
    service.drop("marks", "A lighthouse went dark at Deal\n\nThe lighthouse will be lit tonight, its keeper said.")
    editor.get_by_label("All of these words").fill("lighthouse")
    wait_for(lambda: looked_again(editor), 60)
    fits_and_reads_well(editor)


def looked_again(tab):
    with tab.expect_response("**/alerts/preview"):
        tab.get_by_label("All of these words").press("Enter")
    # Nobody may ask more often than five times a second.
    tab.wait_for_timeout(400)
    return tab.locator("#preview .found mark").count()


def test_the_preview_comes_as_somebody_types(service, chromium, signed_in):
    tab = chromium.new_context(base_url=service.url, viewport=DESKTOP, storage_state=signed_in).new_page()
    tab.goto("/desk/alerts/new")
    tab.get_by_label("All of these words").press_sequentially("boat")
    tab.locator("#preview", has_text="any form of boat").wait_for()
    assert tab.locator("#preview .reading").count() == 1
