"""A feed validator of our own: what RFC 4287, RSS 2.0, JSON Feed 1.1, OPML 2.0, RFC 5005 and RFC 6721 ask.

    problems(path_or_bytes, "atom" | "rss" | "json" | "opml", now=…, url=…) -> list[str]

An empty list means nothing was found. It is stricter than the standards where readers choke. `now` turns on the
check for dates in the future; `url` the check that the document calls itself by the address it was fetched from.
"""

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
AT = "{http://purl.org/atompub/tombstones/1.0}"
FH = "{http://purl.org/syndication/history/1.0}"
DC = "{http://purl.org/dc/elements/1.1/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
MEDIA = "{http://search.yahoo.com/mrss/}"
SY = "{http://purl.org/rss/1.0/modules/syndication/}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"

FEED_TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml"}
NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
RFC822 = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d? [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (GMT|[+-]\d{4})")
PERMANENT = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|tag:[^,]+,\d{4}[\d-]*:.+|https?://[^/]+/.*")
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
MIME = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+(;.*)?", re.IGNORECASE)
URI = re.compile(r"[A-Za-z0-9:/?#\[\]@!$&'()*+,;=\-._~%]+")

FORBIDDEN_ELEMENTS = {
    *("script", "style", "iframe", "frame", "frameset", "object", "embed", "applet", "form", "input", "button"),
    *(
        "select",
        "textarea",
        "link",
        "meta",
        "base",
        "svg",
        "math",
        "template",
        "noscript",
        "title",
        "html",
        "body",
    ),
}
URL_ATTRIBUTES = {
    "href",
    "src",
    "cite",
    "poster",
    "action",
    "formaction",
    "background",
    "data",
    "longdesc",
    "xlink:href",
}


def problems(document, kind, *, now=None, url=None):
    """What is wrong with `document` (bytes or a path), one line each; an empty list where nothing is."""
    data = document.read_bytes() if isinstance(document, Path) else document
    found = Findings(now)
    text = found.text(data)
    if text is None:
        return found.lines
    if kind == "json":
        _json_feed(text, found, url)
    else:
        root = found.tree(data)
        if root is not None:
            {"atom": _atom, "rss": _rss, "opml": _opml}[kind](root, found, url)
    return found.lines


class Findings:
    """The problems found so far, and the checks that every format shares."""

    def __init__(self, now):
        self.now = now
        self.lines = []

    def add(self, line):
        self.lines.append(line)

    def check(self, good, line):
        if not good:
            self.add(line)
        return bool(good)

    def text(self, data):
        if data.startswith(b"\xef\xbb\xbf"):
            self.add("begins with a byte order mark")
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            self.add(f"not UTF-8: {error}")
            return None
        if found := NOT_TEXT.search(text):
            self.add(f"control character U+{ord(found.group()):04X}")
        return text

    def tree(self, data):
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
        try:
            root = etree.fromstring(data, parser)
        except etree.XMLSyntaxError as error:
            self.add(f"not well-formed: {error}")
            return None
        self.check(not root.getroottree().docinfo.doctype, "has a document type declaration")
        for element in root.iter():
            self.check(isinstance(element.tag, str), f"comment or processing instruction: {element}")
            for value in [element.text or "", *element.attrib.values()]:
                if found := NOT_TEXT.search(value):
                    self.add(f"{element.tag}: control character U+{ord(found.group()):04X}")
        return root

    def url(self, value, where):
        value = value or ""
        try:
            parts = urlsplit(value)
            absolute = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            absolute = False
        return self.check(absolute and URI.fullmatch(value), f"{where}: not an absolute web address: {value!r}")

    def permanent_id(self, value, where):
        return self.check(value and PERMANENT.fullmatch(value), f"{where}: id is no permanent URI: {value!r}")

    def date(self, value, where, *, rfc822=False):
        """The moment that `value` names, or None, with the problem written down."""
        form, parse = (RFC822, parsedate_to_datetime) if rfc822 else (RFC3339, datetime.fromisoformat)
        try:
            moment = parse(value) if form.fullmatch(value or "") else None
        except ValueError:
            moment = None
        if moment is None:
            self.add(f"{where}: not {'an RFC 822' if rfc822 else 'an RFC 3339'} date with a zone: {value!r}")
            return None
        moment = moment.astimezone(UTC)
        if rfc822:
            self.check(
                value[:3] == moment.strftime("%a") or "GMT" not in value,
                f"{where}: wrong day of the week: {value}",
            )
        if self.now is not None:
            self.check(moment <= self.now + timedelta(minutes=5), f"{where}: in the future: {value}")
        return moment

    def unique(self, ids, where):
        for value, count in Counter(ids).items():
            self.check(count == 1, f"{where}: id {count} times: {value}")

    def newest_first(self, moments):
        known = [moment for moment in moments if moment]
        self.check(known == sorted(known, reverse=True), "not newest first")

    def language(self, value, where):
        self.check(value and LANGUAGE.fullmatch(value), f"{where}: no language tag: {value!r}")

    def html(self, markup, where):
        _Html(self, where).feed(markup or "")

    def counts(self, parent, where, *, one=(), at_most_one=()):
        present = Counter(child.tag for child in parent)
        for tag in one:
            self.check(present[tag] == 1, f"{where}: {present[tag]} of {_local(tag)}, must be 1")
        for tag in at_most_one:
            self.check(present[tag] <= 1, f"{where}: {present[tag]} of {_local(tag)}, at most 1")

    def namespaces(self, root, allowed, plain=()):
        """Every element in one of the namespaces `allowed`, or without one and among `plain`."""
        for element in root.iter("*"):
            name = etree.QName(element)
            good = f"{{{name.namespace}}}" in allowed if name.namespace else name.localname in plain
            self.check(good, f"unexpected element {element.tag}")


class _Html(HTMLParser):
    """Sanitised HTML: nothing that runs, embeds or submits, and no address that depends on where it is read."""

    def __init__(self, found, where):
        super().__init__(convert_charrefs=True)
        self.found, self.where = found, where

    def handle_starttag(self, tag, attrs):
        self.found.check(tag not in FORBIDDEN_ELEMENTS, f"{self.where}: HTML element <{tag}>")
        for name, value in attrs:
            self.found.check(not name.startswith("on"), f"{self.where}: HTML event handler {name}")
            self.found.check(name not in ("style", "srcdoc"), f"{self.where}: HTML attribute {name}")
            if name in URL_ATTRIBUTES:
                plain = re.sub(r"[\x00-\x20]", "", value or "")
                good = re.match(r"https?://[^/]|mailto:.|tel:.", plain, re.IGNORECASE)
                self.found.check(good, f"{self.where}: HTML {name} is not an absolute web address: {value!r}")

    def handle_decl(self, decl):
        self.found.add(f"{self.where}: HTML declaration {decl[:20]}")

    def handle_comment(self, data):
        self.found.add(f"{self.where}: HTML comment {data[:20]!r}")


def _local(tag):
    return tag.rpartition("}")[2]


def _links(parent):
    return [(link.get("rel", "alternate"), link) for link in parent.findall(ATOM + "link")]


def _feed_links(parent, kind, found, url):
    """Self, hubs and archives: the links that Atom has, and RSS borrows (RFC 5005, WebSub §4)."""
    links = _links(parent)
    rels = Counter(rel for rel, _ in links)
    for rel, link in links:
        found.url(link.get("href"), f"link rel={rel}")
        found.check(
            set(link.attrib) <= {"rel", "href", "type", "hreflang", "title", "length"},
            f"link rel={rel}: attributes {sorted(link.attrib)}",
        )
    found.check(rels["self"] == 1, f"{rels['self']} of link rel=self, must be 1")
    own = {rel: link.get("href") for rel, link in reversed(links)}
    for rel, link in links:
        if rel == "self":
            found.check(link.get("type") == FEED_TYPES[kind], f"link rel=self: type {link.get('type')!r}")
            found.check(
                url is None or link.get("href") == url, f"link rel=self is {link.get('href')}, fetched as {url}"
            )
    for rel in ("current", "prev-archive", "next-archive", "next", "previous", "first", "last"):
        found.check(rels[rel] <= 1, f"{rels[rel]} of link rel={rel}, at most 1")
        found.check(
            rel not in own or rel in ("current", "first", "last") or own[rel] != own.get("self"),
            f"link rel={rel} points at the document itself",
        )
    if parent.find(FH + "archive") is not None:
        found.check(rels["current"] == 1, "archive document without link rel=current (RFC 5005 §4)")
        found.check(own.get("current") != own.get("self"), "archive document calls itself current")
        found.check(rels["hub"] == 0, "archive document with link rel=hub")
        found.check(parent.find(FH + "complete") is None, "both fh:archive and fh:complete")
    else:
        found.check(rels["next-archive"] == 0, "link rel=next-archive in a document that is no archive (RFC 5005 §4)")
        found.check(
            "current" not in own or own["current"] == own.get("self"),
            "link rel=current in a document that is no archive",
        )


def _atom(root, found, url):
    if not found.check(root.tag == ATOM + "feed", f"root is {root.tag}, not atom:feed"):
        return
    found.namespaces(root, {ATOM, AT, FH, MEDIA})
    found.counts(
        root,
        "feed",
        one=[ATOM + t for t in ("id", "title", "updated")],
        at_most_one=[ATOM + t for t in ("subtitle", "generator", "rights", "icon", "logo")],
    )
    found.permanent_id(root.findtext(ATOM + "id"), "feed")
    found.check((root.findtext(ATOM + "title") or "").strip(), "feed: title is empty")
    found.language(root.get(LANG), "feed xml:lang")
    _feed_links(root, "atom", found, url)
    found.check(any(rel == "alternate" for rel, _ in _links(root)), "feed: no link rel=alternate")
    _atom_authors(root, "feed", found)
    tags = [child.tag for child in root]
    if ATOM + "entry" in tags:
        late = [
            _local(tag)
            for tag in tags[tags.index(ATOM + "entry") :]
            if tag != ATOM + "entry" and not tag.startswith(AT)
        ]
        found.check(not late, f"feed: metadata after entries: {late}")
    feed_updated = found.date(root.findtext(ATOM + "updated"), "feed updated")
    has_author = root.find(ATOM + "author") is not None
    entries = [_atom_entry(entry, has_author, found) for entry in root.findall(ATOM + "entry")]
    found.unique([entry_id for entry_id, _, _ in entries], "feed")
    found.newest_first([published or updated for _, published, updated in entries])
    for entry_id, _, updated in entries:
        found.check(not updated or not feed_updated or updated <= feed_updated, f"{entry_id}: updated after the feed")
    _tombstones(root, {entry_id: updated for entry_id, _, updated in entries}, feed_updated, found)


def _atom_authors(parent, where, found):
    for author in parent.findall(ATOM + "author"):
        found.counts(author, f"{where} author", one=[ATOM + "name"], at_most_one=[ATOM + "uri", ATOM + "email"])
        found.check((author.findtext(ATOM + "name") or "").strip(), f"{where}: author without a name")


def _atom_entry(entry, has_author, found):
    where = entry.findtext(ATOM + "id") or "entry without id"
    found.counts(
        entry,
        where,
        one=[ATOM + t for t in ("id", "title", "updated")],
        at_most_one=[ATOM + t for t in ("published", "content", "summary", "source", "rights")],
    )
    found.permanent_id(entry.findtext(ATOM + "id"), where)
    found.check((entry.findtext(ATOM + "title") or "").strip(), f"{where}: title is empty")
    _atom_authors(entry, where, found)
    source = entry.find(ATOM + "source")
    authored = has_author or any(e is not None and e.find(ATOM + "author") is not None for e in (entry, source))
    found.check(authored, f"{where}: no author here, in its source or in the feed")
    rels = Counter((rel, link.get("type"), link.get("hreflang")) for rel, link in _links(entry) if rel == "alternate")
    found.check(all(count == 1 for count in rels.values()), f"{where}: link rel=alternate twice with one type")
    found.check(rels or entry.find(ATOM + "content") is not None, f"{where}: neither content nor link rel=alternate")
    for rel, link in _links(entry):
        found.check(rel in ("alternate", "enclosure", "related", "via", "self"), f"{where}: link rel={rel} in an entry")
        found.url(link.get("href"), f"{where} link rel={rel}")
        if rel == "enclosure":
            found.check(MIME.fullmatch(link.get("type") or ""), f"{where}: enclosure type {link.get('type')!r}")
            found.check((link.get("length") or "0").isdigit(), f"{where}: enclosure length {link.get('length')!r}")
    for name in ("title", "summary", "content"):
        _text_construct(entry.find(ATOM + name), f"{where} {name}", found)
    for category in entry.findall(ATOM + "category"):
        found.check(category.get("term"), f"{where}: category without a term")
    for thumbnail in entry.findall(MEDIA + "thumbnail"):
        found.url(thumbnail.get("url"), f"{where} media:thumbnail")
    if entry.get(LANG) is not None:
        found.language(entry.get(LANG), f"{where} xml:lang")
    if source is not None:
        found.counts(source, f"{where} source", one=[ATOM + t for t in ("id", "title", "updated")])
        found.date(source.findtext(ATOM + "updated"), f"{where} source updated")
    updated = found.date(entry.findtext(ATOM + "updated"), f"{where} updated")
    published = entry.findtext(ATOM + "published")
    published = found.date(published, f"{where} published") if published is not None else None
    found.check(not (updated and published) or updated >= published, f"{where}: updated before it was published")
    return entry.findtext(ATOM + "id"), published, updated


def _text_construct(element, where, found):
    if element is None:
        return
    kind = element.get("type", "text")
    if found.check(kind in ("text", "html"), f"{where}: type {kind!r}"):
        found.check(len(element) == 0, f"{where}: elements inside text")
        if kind == "html":
            found.html(element.text, where)


def _tombstones(root, live, feed_updated, found):
    """RFC 6721 §3: where and when; none for an entry that is still there, unless that came after."""
    deleted = root.findall(AT + "deleted-entry")
    found.unique([element.get("ref") for element in deleted], "tombstones")
    for element in deleted:
        ref = element.get("ref")
        if not found.check(ref, "tombstone without ref"):
            continue
        when = found.date(element.get("when"), f"tombstone {ref}")
        found.check(
            not when or not live.get(ref) or live[ref] > when, f"tombstone {ref}: its entry is live and not newer"
        )
        found.check(not when or not feed_updated or feed_updated >= when, f"tombstone {ref}: newer than the feed")


RSS_CHANNEL = (
    "title",
    "link",
    "description",
    "language",
    "lastBuildDate",
    "pubDate",
    "generator",
    "docs",
    "ttl",
    "item",
    "category",
    "copyright",
    "image",
)
RSS_ITEM = (
    "title",
    "link",
    "description",
    "guid",
    "pubDate",
    "category",
    "enclosure",
    "source",
    "author",
    "comments",
)


def _rss(root, found, url):
    if not found.check(
        root.tag == "rss" and root.get("version") == "2.0",
        f"root is {root.tag} {root.get('version')}, not rss 2.0",
    ):
        return
    channels = root.findall("channel")
    if not found.check(len(root) == 1 and len(channels) == 1, "not exactly one channel"):
        return
    channel = channels[0]
    found.namespaces(root, {ATOM, CONTENT, DC, FH, MEDIA, SY}, {"rss", "channel", "url", *RSS_CHANNEL, *RSS_ITEM})
    found.counts(
        channel,
        "channel",
        one=["title", "link", "description"],
        at_most_one=[
            "language",
            "lastBuildDate",
            "pubDate",
            "generator",
            "docs",
            "ttl",
            f"{SY}updatePeriod",
            f"{SY}updateFrequency",
        ],
    )
    for name in ("title", "description"):
        found.check((channel.findtext(name) or "").strip(), f"channel: {name} is empty")
    found.url(channel.findtext("link"), "channel link")
    found.language(channel.findtext("language"), "channel language")
    _feed_links(channel, "rss", found, url)
    built = channel.findtext("lastBuildDate")
    built = found.date(built, "channel lastBuildDate", rfc822=True) if built is not None else None
    tags = [child.tag for child in channel]
    if "item" in tags:
        late = [tag for tag in tags[tags.index("item") :] if tag != "item"]
        found.check(not late, f"channel: metadata after items: {late}")
    items = [_rss_item(item, found) for item in channel.findall("item")]
    found.unique([guid for guid, _ in items], "channel")
    found.newest_first([published for _, published in items])
    for guid, published in items:
        found.check(not built or not published or built >= published, f"{guid}: published after lastBuildDate")


def _rss_item(item, found):
    guid = item.findtext("guid")
    where = guid or "item without guid"
    found.counts(
        item,
        where,
        one=["guid", "pubDate"],
        at_most_one=[
            "title",
            "link",
            "description",
            CONTENT + "encoded",
            "enclosure",
            "source",
            DC + "language",
            ATOM + "updated",
        ],
    )
    found.check(item.findtext("title") or item.findtext("description"), f"{where}: neither title nor description")
    found.permanent_id(guid, where)
    element = item.find("guid")
    if element is not None and element.get("isPermaLink") != "false":
        found.url(guid, f"{where} guid that is a permalink")
    if item.find("link") is not None:
        found.url(item.findtext("link"), f"{where} link")
    found.html(item.findtext("description"), f"{where} description")
    tags = [child.tag for child in item]
    if CONTENT + "encoded" in tags:
        found.html(item.findtext(CONTENT + "encoded"), f"{where} content:encoded")
        found.check(
            "description" in tags[: tags.index(CONTENT + "encoded")],
            f"{where}: content:encoded without a description before it",
        )
    enclosure = item.find("enclosure")
    if enclosure is not None:
        found.url(enclosure.get("url"), f"{where} enclosure")
        found.check((enclosure.get("length") or "").isdigit(), f"{where}: enclosure length {enclosure.get('length')!r}")
        found.check(MIME.fullmatch(enclosure.get("type") or ""), f"{where}: enclosure type {enclosure.get('type')!r}")
    if item.find("source") is not None:
        found.url(item.find("source").get("url"), f"{where} source")
        found.check(item.find(DC + "source") is None, f"{where}: both source and dc:source")
    author = item.findtext("author")
    found.check(author is None or "@" in author, f"{where}: author without a mail address: {author!r}")
    for thumbnail in item.findall(MEDIA + "thumbnail"):
        found.url(thumbnail.get("url"), f"{where} media:thumbnail")
    for name in (*item.findall("category"), *item.findall(DC + "creator")):
        found.check((name.text or "").strip(), f"{where}: empty {_local(name.tag)}")
    if item.find(ATOM + "updated") is not None:
        found.date(item.findtext(ATOM + "updated"), f"{where} atom:updated")
    return guid, found.date(item.findtext("pubDate"), f"{where} pubDate", rfc822=True)


TOP_TYPES = {
    **dict.fromkeys(
        (
            "version",
            "title",
            "home_page_url",
            "feed_url",
            "description",
            "user_comment",
            "next_url",
            "icon",
            "favicon",
            "language",
        ),
        str,
    ),
    "authors": list,
    "hubs": list,
    "items": list,
    "expired": bool,
}
ITEM_TYPES = {
    **dict.fromkeys(
        (
            "id",
            "url",
            "external_url",
            "title",
            "content_html",
            "content_text",
            "summary",
            "image",
            "banner_image",
            "date_published",
            "date_modified",
            "language",
        ),
        str,
    ),
    "authors": list,
    "tags": list,
    "attachments": list,
}


def _json_feed(text, found, url):
    def no_repeats(pairs):
        for key, count in Counter(key for key, _ in pairs).items():
            found.check(count == 1, f"key {key!r} {count} times in one object")
        return dict(pairs)

    try:
        feed = json.loads(text, object_pairs_hook=no_repeats)
    except ValueError as error:
        found.add(f"not JSON: {error}")
        return
    if not found.check(isinstance(feed, dict), "not a JSON object"):
        return
    _fields(feed, TOP_TYPES, "feed", found)
    found.check(feed.get("version") == "https://jsonfeed.org/version/1.1", f"version is {feed.get('version')!r}")
    found.check(feed.get("title"), "feed: no title")
    for key in ("home_page_url", "feed_url"):
        found.url(feed.get(key), key)
    found.check(url is None or feed.get("feed_url") == url, f"feed_url is {feed.get('feed_url')}, fetched as {url}")
    found.language(feed.get("language"), "feed language")
    _json_authors(feed, "feed", found)
    for hub in feed.get("hubs", []):
        found.check(isinstance(hub, dict) and set(hub) == {"type", "url"}, f"hub without type and url: {hub}")
    if not found.check(isinstance(feed.get("items"), list), "feed: no items"):
        return
    items = [item for item in feed["items"] if found.check(isinstance(item, dict), f"item is no object: {item!r}")]
    moments = [_json_item(item, found) for item in items]
    found.unique([item.get("id") for item in items], "feed")
    found.newest_first(moments)


def _fields(fields, types, where, found):
    for key, value in fields.items():
        if key in types:
            found.check(
                type(value) is types[key], f"{where}: {key} is {type(value).__name__}, not {types[key].__name__}"
            )
        else:
            found.check(key.startswith("_"), f"{where}: unknown key {key!r}")
            found.check(not key.startswith("_") or isinstance(value, dict), f"{where}: extension {key} is no object")


def _json_authors(fields, where, found):
    for author in fields.get("authors", []):
        good = (
            isinstance(author, dict)
            and set(author) & {"name", "url", "avatar"}
            and all(isinstance(v, str) and v for v in author.values())
        )
        found.check(good, f"{where}: author without a name: {author!r}")


def _json_item(item, found):
    where = item.get("id") if isinstance(item.get("id"), str) else "item without id"
    _fields(item, ITEM_TYPES, where, found)
    found.permanent_id(item.get("id") if isinstance(item.get("id"), str) else None, where)
    found.check("content_html" in item or "content_text" in item, f"{where}: neither content_html nor content_text")
    if isinstance(item.get("content_html"), str):
        found.html(item["content_html"], where)
    for key in ("url", "external_url", "image", "banner_image"):
        if key in item:
            found.url(item[key] if isinstance(item[key], str) else "", f"{where} {key}")
    _json_authors(item, where, found)
    found.check(
        all(isinstance(tag, str) and tag for tag in item.get("tags", [])), f"{where}: tags {item.get('tags')!r}"
    )
    for file in item.get("attachments", []):
        found.url(file.get("url"), f"{where} attachment")
        found.check(
            MIME.fullmatch(file.get("mime_type") or ""), f"{where}: attachment mime_type {file.get('mime_type')!r}"
        )
        found.check(
            isinstance(file.get("size_in_bytes", 0), int),
            f"{where}: attachment size {file.get('size_in_bytes')!r}",
        )
    if "language" in item:
        found.language(item["language"], f"{where} language")
    published = found.date(item.get("date_published"), f"{where} date_published")
    modified = found.date(item["date_modified"], f"{where} date_modified") if "date_modified" in item else None
    found.check(not (published and modified) or modified >= published, f"{where}: modified before it was published")
    return published


def _opml(root, found, url):
    if not found.check(
        root.tag == "opml" and root.get("version") == "2.0",
        f"root is {root.tag} {root.get('version')}, not opml 2.0",
    ):
        return
    found.namespaces(
        root, set(), {"opml", "head", "body", "outline", "title", "dateCreated", "dateModified", "ownerName"}
    )
    found.counts(root, "opml", one=["head", "body"])
    found.check((root.findtext("head/title") or "").strip(), "head: no title")
    for name in ("dateCreated", "dateModified"):
        if root.find(f"head/{name}") is not None:
            found.date(root.findtext(f"head/{name}"), name, rfc822=True)
    feeds = []
    for outline in root.iter("outline"):
        where = outline.get("text") or "outline"
        found.check((outline.get("text") or "").strip(), "outline without text")
        if outline.get("xmlUrl") is None and len(outline):
            continue
        feeds.append(outline.get("xmlUrl"))
        found.check(outline.get("type") == "rss", f"{where}: type {outline.get('type')!r}, must be rss")
        found.check(outline.get("title"), f"{where}: no title")
        for name in ("xmlUrl", "htmlUrl"):
            found.url(outline.get(name), f"{where} {name}")
    for value, count in Counter(feeds).items():
        found.check(count == 1, f"xmlUrl {count} times: {value}")
