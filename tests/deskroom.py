"""The desk as a browser without scripts sees it: cookies, redirects, forms with all that stands in them."""

from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlencode, urljoin, urlsplit

from asgi import ask
from house import house
from lxml import html
from newsroom import BOATS, NOW, WIRE, newsroom

from syndicator.people import Role
from syndicator.userdesk import UserDesk
from syndicator.web import web_app

PASSWORD = "boats in the morning fog"


class Page:
    """An answer, as a page."""

    def __init__(self, reply, url):
        self.reply, self.url, self.status = reply, url, reply.status
        self.tree = html.fromstring(reply.body) if reply.body.strip() else html.fromstring("<html></html>")

    @property
    def words(self):
        return " ".join(self.tree.text_content().split())

    @property
    def told(self):
        """What the page says that came of the last act, or went wrong."""
        return [
            " ".join(each.text_content().split()) for each in self.tree.xpath("//*[@role='status' or @role='alert']")
        ]

    @property
    def proof(self):
        """What stands in every form of this page."""
        return self.tree.xpath("//input[@name='proof']/@value")[0]

    def form(self, button):
        """The form that has this button."""
        for form in self.tree.forms:
            for each in form.xpath(".//button"):
                if " ".join(each.text_content().split()).startswith(button):
                    return form, each
        raise AssertionError(f"there is no button {button!r} on {self.url}")


class Browser:
    """One browser. `headers` go with every request."""

    def __init__(self, app, site, **headers):
        self.app, self.site, self.cookies, self.headers = app, site, {}, headers
        # Answers for all other sites: takes an address, gives the one that it leads on to.
        self.elsewhere = None
        # Called once, while the next request's body is on its way.
        self.meanwhile = None
        self.page = None

    def get(self, path):
        return self._go("GET", path)

    def press(self, button, **fields):
        """Fill in and send the form of this page that has this button."""
        form, pressed = self.page.form(button)
        values = [(name, value) for name, value in form.form_values() if name not in fields]
        for name, value in fields.items():
            values += [(name, each) for each in ([value] if isinstance(value, str) else value)]
        if pressed.get("name"):
            values.append((pressed.get("name"), pressed.get("value", "")))
        target = pressed.get("formaction") or form.get("action") or self.page.url
        if form.method == "GET":
            return self._go("GET", f"{urlsplit(target).path}?{urlencode(values)}")
        return self.post(target, values)

    def post(self, path, fields):
        return self._go("POST", path, urlencode(fields).encode())

    def proof(self):
        """What this session's forms have to bring."""
        return self.get("/desk/account").proof

    def _go(self, method, path, body=b""):
        for _ in range(5):
            headers = {"cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), **self.headers}
            if method == "POST":
                headers |= {"content-type": "application/x-www-form-urlencoded", "origin": self.site}
            headers = {name.replace("_", "-"): value for name, value in headers.items()}
            meanwhile, self.meanwhile = self.meanwhile, None
            reply = ask(self.app, path, method, headers=headers, body=body, meanwhile=meanwhile)
            for name, value in reply.headers:
                if name == "set-cookie":
                    key, _, rest = value.partition("=")
                    self.cookies[key] = rest.partition(";")[0]
            self.page = Page(reply, path)
            if reply.status not in {301, 302, 303, 307, 308}:
                return self.page
            where = urljoin(path, reply["location"])
            if urlsplit(where).netloc and self.elsewhere:
                where = self.elsewhere(where)
            parts = urlsplit(where)
            assert not parts.netloc or where.startswith(f"{self.site}/"), f"it leads away, to {where}"
            path, method, body = parts.path + (f"?{parts.query}" if parts.query else ""), "GET", b""
        raise AssertionError("it leads on and on")


class DeskRoom:
    """A newsroom with a desk. `now` may be moved on."""

    def __init__(self, room):
        self.room, self.now, self.app = room, NOW, None
        self.users = UserDesk(room.settings, room.store)

    def after(self, span=timedelta(minutes=1)):
        self.now += span

    def browser(self, **headers):
        return Browser(self.app, "https://desk.example", **headers)

    def invite(self, name, role):
        """Somebody new; the path of their link."""
        return urlsplit(self.users.add(name, role, self.now).link).path

    def signed_in(self, name="Anna", role=Role.EDITOR):
        """A browser in which somebody has signed in: new here, or known."""
        browser = self.browser()
        if self.room.store.users.named(name) is None:
            browser.get(self.invite(name, role))
            browser.press("Set password", password=PASSWORD, again=PASSWORD)
        else:
            browser.get("/desk/sign-in")
            browser.press("Sign in", name=name, password=PASSWORD)
        assert browser.page.status == 200, browser.page.words
        return browser


@contextmanager
def desk_room(root, *parts):
    with newsroom(root, *(parts or (BOATS, WIRE))) as room:
        room.start()
        it = DeskRoom(room)
        with house(room, lambda: it.now) as home:
            it.house = home
            it.app = web_app(home)
            yield it
