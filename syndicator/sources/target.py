"""Where a request goes: a URL as people and servers write it, made fit for the wire and otherwise left alone."""

import base64
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit

from yarl import URL

_PORTS = {"http": 80, "https": 443}
_MAX_LENGTH = 8_000  # RFC 9110 §4.1 asks recipients to take 8,000 octets; few servers take more
# What the URL standard percent-encodes in a path or query is encoded; all else, "%" above all, stays as it
# is, because a signed URL that is requoted is another URL.
_AS_WRITTEN = "!#$%&'()*+,-./:;=?@[]_|~"
# All up to the last "@", since a password with a bare "/" or "#" in it is no longer where it should be.
_MAYBE_CREDENTIALS = re.compile(r"^([^/@]*//)?.*(?=@)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Target:
    """One http or https resource. `url` is ASCII, without credentials and fragment; `host` is without brackets.

    `userinfo` is the part before "@" as it was written ("" when there was none): it goes to this origin only
    and is never part of `url`, so it can't get into a log, an error or a link made from `url`.
    """

    url: str
    scheme: str
    host: str
    port: int
    userinfo: str = ""

    @classmethod
    def parse(cls, text: str) -> "Target":
        """Read a URL. Raises ValueError with a line for people, which does not repeat credentials."""
        if len(text) > _MAX_LENGTH:
            raise ValueError(f"the URL is longer than {_MAX_LENGTH} characters")
        try:
            parts = urlsplit(text.strip())
            port = parts.port
            host = URL.build(scheme="http", host=parts.hostname or "").raw_host
        except ValueError:
            raise ValueError(f"{redacted(text)} is not a valid URL") from None
        if parts.scheme not in _PORTS:
            raise ValueError(f"{redacted(text)}: only http and https are fetched")
        if not host:
            raise ValueError(f"{redacted(text)} names no host")
        path = quote(parts.path or "/", safe=_AS_WRITTEN, errors="surrogateescape")
        query = "?" + quote(parts.query, safe=_AS_WRITTEN, errors="surrogateescape") if parts.query else ""
        authority = (f"[{host}]" if ":" in host else host) + ("" if port is None else f":{port}")
        return cls(
            url=f"{parts.scheme}://{authority}{path}{query}",
            scheme=parts.scheme,
            host=host,
            port=_PORTS[parts.scheme] if port is None else port,
            userinfo=parts.netloc.rpartition("@")[0],
        )

    @property
    def authorization(self) -> str | None:
        """The `Authorization` field for the credentials (RFC 7617), None when there are none."""
        if not self.userinfo:
            return None
        user, _, password = self.userinfo.partition(":")
        return "Basic " + base64.b64encode(unquote_to_bytes(user) + b":" + unquote_to_bytes(password)).decode()

    @property
    def full_url(self) -> str:
        """`url` with the credentials back in: what may be asked again later, and never shown."""
        scheme, _, rest = self.url.partition("//")
        return f"{scheme}//{self.userinfo}@{rest}" if self.userinfo else self.url

    def redirected(self, location: bytes) -> "Target":
        """Resolve a `Location` (RFC 9110 §10.2.2) against this target. Raises ValueError.

        Credentials stay with their origin, and follow it when it moves from http to https on the usual
        ports. Those a server puts into `Location` are dropped: it has no business choosing ours.
        """
        written = location.decode("utf-8", "surrogateescape")
        try:
            joined = urljoin(self.url, written)
        except ValueError:
            raise ValueError(f"redirected to {redacted(written)}, which is not a valid URL") from None
        there = Target.parse(joined)
        same = (self.scheme, self.host, self.port) == (there.scheme, there.host, there.port)
        schemes = (self.scheme, self.port, there.scheme, there.port)
        upgraded = self.host == there.host and schemes == ("http", 80, "https", 443)
        userinfo = self.userinfo if same or upgraded else ""
        return Target(there.url, there.scheme, there.host, there.port, userinfo)


def redacted(text: str) -> str:
    """Make what should be a URL fit to be shown: all that may be credentials hidden, on one line, not too long."""
    return shortened(_MAYBE_CREDENTIALS.sub(r"\1…", text[:_MAX_LENGTH].strip()))


def shortened(text: str) -> str:
    """Make text fit to be shown: on one line, of at most 200 characters."""
    shown = "".join(each if each.isprintable() else " " for each in text)
    return shown if len(shown) <= 200 else shown[:199] + "…"  # noqa: PLR2004 - a line for people
