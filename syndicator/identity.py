"""Who an article is: canonical URLs, permanent ids, and the fingerprint of what it says.

An id is a version-5 UUID (RFC 9562 §5.5) over the canonical URL, or over a source's name and its guid. It is
never built from our own host name or from a title, so it outlives both and is the same if the database is
rebuilt from the same sources.
"""

import re
from functools import lru_cache
from hashlib import sha256
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit
from uuid import UUID, uuid5
from zlib import crc32

from syndicator.model import Content

# Fixed for ever: another value would give every article a new id.
NAMESPACE = UUID("8a2f4c1e-6d0b-5e37-9b58-2f7c0d9e4a61")

# Parameters that say where a click came from, never which page is meant.
_TRACKING = re.compile(
    r"(?:utm_.*|at_(?:medium|campaign|link_.*|bbc_team|format|ptr_name|custom\d)|mc_[ce]id|pk_.*|mtm_.*|hsa_.*"
    r"|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|igshid|igsh|vero_id|_hsenc|_hsmi|oly_(?:anon|enc)_id"
    r"|cmp|cmpid|icid|ocid|ito|ns_(?:mchannel|source|campaign|linkname|fee)|smid|smtyp|s_cid|wt\.mc_id|xtor"
    r"|traffic_source|guccounter|guce_.*|partner|emc|ref|ref_?src|ref_url)",
    re.IGNORECASE,
)
_SKETCH = 32
_PORTS = {"http": 80, "https": 443}
_UNRESERVED = re.compile(r"%([0-9a-fA-F]{2})")


@lru_cache(maxsize=8192)
def canonical_url(url: str | None) -> str | None:
    """The address that means the same page as `url`: what two sources must share to be one article.

    https for http (sites move, their articles stay), lower-case host, no credentials, default port, fragment,
    tracking parameters or AMP wrapper, and percent-encoding in one form (RFC 3986 §6.2.2). None for anything that
    can't name one article: not http(s), no host, or a site's front page.
    """
    if not url:
        return None
    try:
        parts = urlsplit(_unwrap_amp(url.strip()))
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not host:
        return None
    if port in (None, _PORTS[scheme]):
        scheme, port = "https", None
    netloc = f"[{host}]" if ":" in host else host.rstrip(".")
    if port is not None:
        netloc += f":{port}"
    path = _one_encoding(re.sub(r"(?<=.)/amp/?$", "", parts.path))
    query = _without_tracking(parts.query)
    if path in ("", "/") and not query:
        return None
    return urlunsplit((scheme, netloc, path or "/", query, ""))


def article_id(canonical: str) -> str:
    """The permanent id of the article at this canonical URL, as `urn:uuid:…` (RFC 9562 §4)."""
    return uuid5(NAMESPACE, f"url {canonical}").urn


def article_id_for_guid(source: str, guid: str) -> str:
    """The permanent id of an item known only by its source's own guid."""
    return uuid5(NAMESPACE, f"guid {source}\n{guid}").urn


def advisory_id(withdrawn: str, seq: int) -> str:
    """The permanent id of the advisory that article `withdrawn` was taken back by version `seq`."""
    return uuid5(NAMESPACE, f"advisory {withdrawn} {seq}").urn


def fingerprint(content: Content) -> str:
    """SHA-256 (hex) of what an article says to a reader: title and text, white space folded.

    The summary counts only where there is no text. Mark-up, images and dates do not: a source that touches
    those has not changed its story.
    """
    said = f"{' '.join(content.title.split())}\n{' '.join((content.text or content.summary).split())}"
    return sha256(said.encode("utf-8", "replace")).hexdigest()


def sketch(content: Content) -> tuple[int, ...]:
    """A sample of what an article says, to tell a rewritten article from another one: see `alike`.

    The smallest hashes of its runs of three words: a bottom-k sketch (Broder, On the resemblance and containment of
    documents, 1997).
    """
    words = (content.text or content.summary).casefold().split()
    runs = {crc32(" ".join(words[at : at + 3]).encode("utf-8", "replace")) for at in range(max(len(words) - 2, 1))}
    return tuple(sorted(runs)[:_SKETCH]) if words else ()


def alike(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two sketches are of one text and its rewriting: an estimated quarter of their runs is shared."""
    both = sorted({*one, *other})[:_SKETCH]
    shared = set(one) & set(other)
    return bool(both) and 4 * sum(run in shared for run in both) >= len(both)


def _unwrap_amp(url: str) -> str:
    """The page behind an AMP cache or viewer address."""
    cache = re.match(r"https?://[^/]*\.cdn\.ampproject\.org/[vcwi]/(s/)?(.+)", url, re.IGNORECASE)
    viewer = re.match(r"https?://(?:www\.)?google\.[a-z.]+/amp/(s/)?(.+)", url, re.IGNORECASE)
    found = cache or viewer
    return f"http{'s' if found.group(1) else ''}://{found.group(2)}" if found else url


def _without_tracking(query: str) -> str:
    if not query:
        return ""
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=None)
    kept = [pair for pair in pairs if not _TRACKING.fullmatch(pair[0]) and pair != ("amp", "1")]
    if len(kept) == len(pairs):
        return query
    return urlencode(kept)


def _one_encoding(path: str) -> str:
    """Percent-encoding in one form: unreserved characters plain, the rest with upper-case digits."""

    def plain_or_upper(found: re.Match[str]) -> str:
        character = unquote(found.group(0), errors="replace")
        return character if re.fullmatch(r"[A-Za-z0-9._~-]", character) else found.group(0).upper()

    return _UNRESERVED.sub(plain_or_upper, path)
