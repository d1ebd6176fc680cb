"""JSON Feed 1.1 (jsonfeed.org/version/1.1): items and the document around them."""

import json
from collections.abc import Sequence
from typing import Any

from syndicator.model import Enclosure, FeedDocument
from syndicator.publish.carried import Carried
from syndicator.publish.site import Address
from syndicator.publish.text import clean, language_tag, one_line, rfc3339

VERSION = "https://jsonfeed.org/version/1.1"


def json_item(item: Carried) -> dict[str, Any]:
    """One item. What the format has no word for stands in the extension object `_syndicator`.

    Its keys are the article's own: `source` (name, title, url), `state`, `version`, and where there is one
    `note` (what a correction or a kill says) and `about` (the id of the article that an advisory withdraws).
    """
    article = item.article
    source = {"name": article.source, "title": item.source_title, "url": item.source_url}
    about = {
        "source": _present(source),
        "state": article.state.value,
        "version": article.version,
        "note": one_line(article.note or ""),
        "about": article.about,
    }
    return _present(
        {
            "id": item.id,
            "url": item.url,
            "title": item.title,
            "content_html": item.html,
            "summary": item.summary,
            "image": item.image,
            "date_published": rfc3339(item.published),
            "date_modified": rfc3339(item.updated),
            # Without authors of its own an item inherits the feed's, and the newsroom did not write it.
            "authors": [{"name": name} for name in item.authors or (item.source_title,)],
            "tags": list(item.categories),
            "language": item.language,
            "attachments": [_attachment(file) for file in item.enclosures],
            "_syndicator": _present(about),
        }
    )


def json_document(document: FeedDocument, address: Address, items: Sequence[bytes]) -> bytes:
    """`document` around items already rendered, one to a line.

    JSON Feed has no word for a removal: `_syndicator.deleted` lists what RFC 6721 would, under the same names.
    """
    title = one_line(document.title) or document.name
    deleted = [{"ref": t.ref, "when": rfc3339(t.when), "comment": t.comment} for t in document.tombstones]
    head = _present(
        {
            "version": VERSION,
            "title": title,
            "home_page_url": address.url("html"),
            "feed_url": address.url("json"),
            "description": clean(document.description).strip() or title,
            "language": language_tag(document.language) or "en",
            "authors": [{"name": one_line(address.site.title) or title, "url": address.site.url}],
            "hubs": [{"type": "WebSub", "url": hub} for hub in document.hubs],
            "_syndicator": _present({"deleted": [_present(tombstone) for tombstone in deleted]}),
        }
    )
    opening = json.dumps(head, ensure_ascii=False)[:-1] + ', "items": ['
    body = b"\n" + b",\n".join(items) + b"\n" if items else b""
    return opening.encode() + body + b"]}\n"


def _attachment(file: Enclosure) -> dict[str, Any]:
    return _present({"url": file.url, "mime_type": file.mime_type, "size_in_bytes": file.length})


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    """`fields` without those that say nothing; the format wants absent keys, never null."""
    return {key: value for key, value in fields.items() if value not in (None, "", [], {})}
