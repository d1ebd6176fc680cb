"""The subscription list in OPML 2.0: one file that subscribes a reader to every feed."""

from collections.abc import Sequence

from lxml import etree

from syndicator.publish.site import Address, FeedSummary, PublicSite
from syndicator.publish.text import one_line


def subscriptions(feeds: Sequence[FeedSummary], site: PublicSite) -> bytes:
    """The list, in the order given. No dates: it changes when the feeds do, not when news comes.

    Every outline is `type="rss"`, which in OPML means any feed; `xmlUrl` is the Atom one.
    """
    opml = etree.Element("opml", version="2.0")
    head = etree.SubElement(opml, "head")
    etree.SubElement(head, "title").text = one_line(site.title)
    body = etree.SubElement(opml, "body")
    for feed in feeds:
        address = Address(site, feed.name)
        title = one_line(feed.title) or feed.name
        outline = etree.SubElement(body, "outline", type="rss", text=title, title=title)
        outline.set("xmlUrl", address.url("atom"))
        outline.set("htmlUrl", address.url("html"))
        if description := one_line(feed.description):
            outline.set("description", description)
    return etree.tostring(opml, encoding="UTF-8", xml_declaration=True, pretty_print=True)
