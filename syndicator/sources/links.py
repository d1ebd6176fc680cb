"""The hub that a document names, and the name it has itself: `Link` header fields and the `<link>`s of a page's head.

WebSub §4: what the header says goes before what the document says. Feeds are read for theirs where they are parsed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from syndicator.sources import markup as html
from syndicator.sources.clean import absolute
from syndicator.sources.entries import web_urls

_HEAD_LENGTH = 512 * 1024
# Servers send a dozen links; more than these are looked at by nobody.
_FIELD_LENGTH = 16_384
_MOST = 64
_LONGEST = 2_048  # characters of an address that is kept, and sent to a hub

# RFC 8288 §3: `<target>` and its parameters, in which a quoted value may hold any separator.
_LINK = re.compile(r"""[\s,]*<([^>]*)>((?:\s*;\s*(?:[^\s=;,"<>]+\s*(?:=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"<>]*))?)?)*)""")
_PARAMETER = re.compile(r""";\s*([^\s=;,"<>]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"<>]*)))?""")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Links:
    """The hubs (absolute, in their order, each once, at most ten) and the canonical address; None where not named."""

    hubs: tuple[str, ...] = ()
    self_url: str | None = None


def hub_links(field: str, url: str) -> Links:
    """What `Link` fields say, joined to one by commas as they came with the answer from `url` (RFC 8288 §3).

    A link that can't be read ends the reading; one about another resource (`anchor`) is passed over.
    """
    found: list[tuple[str, str]] = []
    field = field[:_FIELD_LENGTH]
    place = 0
    for _ in range(_MOST):
        match = _LINK.match(field, place)
        if match is None:
            break
        place = match.end()
        given = _parameters(match[2])
        if absolute(given.get("anchor", url), url) == url:
            found += [(relation, match[1].strip()) for relation in given.get("rel", "").lower().split()]
    return _links(found, url)


def hub_links_of_page(page: str, url: str) -> Links:
    """What the head of an HTML page says that came from `url`; its body may be its commenters', and is not asked."""
    base = url
    found: list[tuple[str, str]] = []
    for token in html.tokens(page[:_HEAD_LENGTH]):
        if not isinstance(token, html.Tag):
            continue
        if token.name == "body" or (token.name == "head" and token.end):
            break
        given = html.attributes(token.attributes) if token.name in {"base", "link"} else {}
        if token.name == "base" and base == url:
            base = absolute(given.get("href", ""), url) or url
        found += [(relation, given.get("href", "").strip()) for relation in given.get("rel", "").lower().split()]
    return _links(found, base)


def _parameters(text: str) -> dict[str, str]:
    """The parameters of one link by lower-case name; the first of a name counts (RFC 8288 §3.3)."""
    given: dict[str, str] = {}
    for name, quoted, bare in _PARAMETER.findall(text):
        given.setdefault(name.lower(), _ESCAPED.sub(r"\1", quoted) or bare)
    return given


def _links(found: Iterable[tuple[str, str]], base: str) -> Links:
    """The two relations that matter among (relation, address) pairs."""
    kept = [(relation, address) for relation, address in found if address and len(address) <= _LONGEST]
    selves = web_urls((address for relation, address in kept if relation == "self"), base)
    hubs = web_urls((address for relation, address in kept if relation == "hub"), base)
    return Links(hubs, selves[0] if selves else None)
