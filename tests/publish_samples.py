"""Articles and documents for the publishing tests: plain ones, and the worst that clean text can be."""

from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from syndicator.model import Article, Content, FeedDocument, FeedItem, Kind, Republish, State
from syndicator.publish import PublicSite

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
SITE = PublicSite(
    title="Tidewater News",
    url="https://news.example",
    feeds_url="https://news.example/feeds/",
    language="en",
    contact="desk@news.example",
    description="What moves people, sorted.",
)

HARD_TITLES = (
    "Fish & chips &amp; mushy peas",
    "Twice escaped: &amp;amp; and &lt;b&gt;",
    "The end ]]> is not the end <![CDATA[ or is it",
    "\"Double\" and 'single' and `back`",
    "🧭 Emoji 👩‍👩‍👧‍👦 and 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    "مرحبا بالعالم — שלום עולם",
    "<script>alert('x')</script>",
    "1 < 2 && 3 > 2",
    "Ђорђе чита „Политику“",
    "100 % of {{ braces }} and {% tags %}",
)


def article(number=1, **changes):
    content_fields = {
        "title",
        "text",
        "html",
        "summary",
        "authors",
        "language",
        "categories",
        "image",
        "enclosures",
    }
    content = Content(
        **{
            "title": f"Story {number}",
            "text": f"The first paragraph of story {number}. It has two sentences.\n\nThe second paragraph.",
            "authors": ("Ana Petrović",),
            **{key: value for key, value in changes.items() if key in content_fields},
        }
    )
    published = NOW - timedelta(hours=number)
    return Article(
        **{
            "id": uuid5(NAMESPACE_URL, f"https://source.example/{number}").urn,
            "seq": number,
            "version": 1,
            "state": State.LIVE,
            "kind": Kind.NEWS,
            "source": "source",
            "url": f"https://source.example/{number}",
            "content": content,
            "published": published,
            "updated": published,
            "first_seen": published,
            **{key: value for key, value in changes.items() if key not in content_fields},
        }
    )


def item(
    number=1,
    *,
    republish=Republish.FULL,
    topics=("asylum",),
    source_title="The Source",
    source_url="https://source.example/",
    source_feed="https://source.example/feed.xml",
    **changes,
):
    return FeedItem(article(number, **changes), topics, source_title, source_url, republish, source_feed)


def document(*items, **changes):
    return FeedDocument(
        **{
            "name": "asylum",
            "title": "Asylum",
            "description": "People who seek protection.",
            "language": "en",
            "items": tuple(items),
            "updated": max((i.article.updated for i in items if i.article.updated.tzinfo), default=None),
            **changes,
        }
    )
