"""Which articles are one story: precision and recall on a labelled set, and each rule by itself.

tests/data/stories.jsonl: invented news. `split` is "tune" (the rules and thresholds were found on it), "check" (written
then, scored, and used for one more round) or "held" (written after that and only scored; the rules that were added
since make stories apart, and were found on real feeds and by thought).
"""

import gzip
import itertools
import json
import time
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.alerts import stories
from syndicator.alerts.stories import WINDOW, Candidate, bands, choose, overlap, same_story, tell
from syndicator.model import Content

SET = [json.loads(line) for line in (Path(__file__).parent / "data/stories.jsonl").read_text("utf-8").splitlines()]
SPLITS = ["tune", "check", "held"]
SHARED = Path(__file__).parents[2] / "shared" / "data"
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)

STORY = """\
A barge carrying 300 tonnes of gravel sank in the harbour of Lissant on Monday after striking the eastern mole in fog, and \
divers were sent down to look for leaking fuel.

Both members of the crew, Ole Tamm and his nephew Jaan, swam to the steps and were given dry clothes by the harbour master.

The barge was on her way from Sallow to a building site in Velden. She lies upright in nine metres of water and will be \
raised next week by a crane from Osterby, the port company said, at the expense of her owners.

It was the third accident at the mole in two years. Pilots have asked for a second light since 2019."""


def told(text=STORY, title="Gravel barge sinks in Lissant harbour", *, source="Wire", hours=0.0):
    return tell(Content(title, text), source=source, published=NOON + timedelta(hours=hours))


@cache
def of_the_set(split):
    rows = [row for row in SET if row["split"] == split]
    return [
        (
            row,
            tell(
                Content(row["title"], row["text"]),
                source=row["source"],
                published=datetime.fromisoformat(row["published"]),
            ),
        )
        for row in rows
    ]


@cache
def judged(split):
    """The pairs of a split as (one id, other id): those that are one story, and those that we take for one."""
    pairs = list(itertools.combinations(of_the_set(split), 2))
    one_story = {(a["id"], b["id"]) for (a, _), (b, _) in pairs if a["story"] == b["story"]}
    taken = {(a["id"], b["id"]) for (a, one), (b, other) in pairs if same_story(one, other)}
    return one_story, taken


def recall(found, wanted):
    return len(found & wanted) / len(wanted)


# ---- the labelled set


def test_the_labelled_set_is_large_enough_to_mean_something():
    assert len(SET) >= 300
    assert len({row["id"] for row in SET}) == len(SET)
    assert len({row["story"] for row in SET}) >= 150
    assert all(len(judged(split)[0]) >= 50 for split in SPLITS)


@pytest.mark.parametrize(("split", "floor"), [("tune", 0.93), ("check", 0.88), ("held", 0.88)])
def test_no_two_stories_are_taken_for_one_and_few_tellings_of_one_are_missed(split, floor):
    one_story, taken = judged(split)
    assert taken - one_story == set()
    assert recall(taken, one_story) >= floor


@pytest.mark.parametrize(("split", "floor"), [("tune", 0.97), ("check", 0.91), ("held", 0.96)])
def test_articles_put_into_stories_as_they_come_are_never_mixed_up(split, floor):
    candidates, joined = [], {}
    for row, article in sorted(of_the_set(split), key=lambda pair: pair[1].published):
        story = choose(article, candidates)
        if story is None:
            story = row["id"]
            candidates.append(Candidate(story, article))
        joined[row["id"]] = story
    together = {
        (a["id"], b["id"])
        for (a, _), (b, _) in itertools.combinations(of_the_set(split), 2)
        if joined[a["id"]] == joined[b["id"]]
    }
    assert together <= judged(split)[0]
    assert recall(together, judged(split)[0]) >= floor


@pytest.mark.parametrize("split", SPLITS)
def test_the_bands_cost_no_story(split, monkeypatch):
    _, taken = judged(split)
    monkeypatch.setattr(stories, "bands", lambda _: (1,))
    assert {
        (a["id"], b["id"])
        for (a, one), (b, other) in itertools.combinations(of_the_set(split), 2)
        if same_story(one, other)
    } == taken


def test_a_lookup_by_bands_finds_few_others():
    index = defaultdict(set)
    everything = [article for split in SPLITS for _, article in of_the_set(split)]
    for number, article in enumerate(everything):
        for band in bands(article):
            index[band].add(number)
    found = [len(set().union(*(index[band] for band in bands(article)))) for article in everything]
    assert sum(found) / len(found) < 8


# ---- one story


REWRITTEN = STORY.replace("sank in", "has gone down in").replace("were given dry clothes by", "got dry clothes from")
PARAGRAPHS = STORY.split("\n\n")


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(told(title="Fuel fears as barge goes down", source="Post"), id="another headline"),
        pytest.param(told(REWRITTEN, source="Post"), id="a small rewriting"),
        pytest.param(told("\n\n".join(PARAGRAPHS[:2]), source="Post"), id="shortened"),
        pytest.param(told(PARAGRAPHS[0], source="Post"), id="its first sentence"),
        pytest.param(
            told("Anglers on the mole heard a crack.\n\n" + STORY, source="Post"), id="a local paragraph on top"
        ),
        pytest.param(
            told(STORY.replace("300 tonnes", "340 tonnes"), source="Post", hours=6), id="a newer figure on the same day"
        ),
        pytest.param(
            told("LISSANT (Wire) - " + STORY + "\n\n© Wire. Sign up to our newsletter.", source="Post"),
            id="a dateline and a footer",
        ),
        pytest.param(told(STORY.upper().replace("MONDAY", "Monday"), source="Post"), id="in capitals"),
        pytest.param(
            told(STORY.replace(" ", "\u00a0").replace("Jaan", "Jáan"), source="Post"), id="other blanks and accents"
        ),
        pytest.param(told(source="Post", hours=47), id="a plain copy two days later"),
    ],
)
def test_these_are_one_story(other):
    assert same_story(told(), other)
    assert same_story(other, told())


def test_serbian_copy_in_cyrillic_and_in_latin_is_one_story():
    latin = "Teretni brod natovaren šljunkom potonuo je u ponedeljak u luci Lisant posle udara u istočni lukobran. Članovi posade, Ole Tam i njegov sestrić Jan, doplivali su do obale. Brod leži na dubini od devet metara i biće izvađen sledeće nedelje."
    cyrillic = "Теретни брод натоварен шљунком потонуо је у понедељак у луци Лисант после удара у источни лукобран. Чланови посаде, Оле Там и његов сестрић Јан, допливали су до обале. Брод лежи на дубини од девет метара и биће извађен следеће недеље."
    assert same_story(told(latin, "Potonuo brod"), told(cyrillic, "Потонуо брод", source="Дневник"))


def test_a_headline_without_a_text_is_the_story_of_the_same_headline():
    title = "Gravel barge sinks after striking mole in Lissant"
    assert same_story(told("", title), told("", title, source="Post"))
    assert same_story(told("", title), told(STORY, title, source="Post"))


# ---- two stories

FORM = """\
A {age}-year-old man has been arrested after a break-in at a jeweller's shop in {town} on {day}.

Officers were called to the shop at about 4am following reports of an alarm. Nobody was hurt.

The man remains in custody for questioning. Anyone who was in the area and saw anything out of the ordinary, or who has \
footage from a doorbell or a car, is asked to come forward. Information can also be given without leaving a name."""
FIGURES = """\
{count} people crossed the strait in small boats today, taking the total for the year to {total}, officials say.

The government has promised to break up the gangs behind the crossings, and has sent more officers to the beaches where the \
boats are launched. The opposition says that the plan is not working and that more ships are needed. The highest number on one \
day was reached two years ago, in fine weather, when the sea was calm for almost a week."""
NEWS_ON_OLD_COPY = "\n\n".join(
    [
        "The owners of a barge that went to the bottom have been fined for sailing without a lookout, a court clerk said.",
        *PARAGRAPHS[1:],
    ]
)
ARABIC = "ألقت الشرطة القبض على رجل في مدينة {town} بعد سرقة محل للمجوهرات في ساعة مبكرة من الصباح. وقالت الشرطة إن الرجل لا يزال قيد الاحتجاز للاستجواب وإن أحدا لم يصب بأذى. وطلبت من كل من كان في المنطقة ورأى شيئا غير عادي أن يتصل بها في أقرب وقت ممكن."
HAN = "警方周二凌晨在{town}逮捕了一名涉嫌抢劫珠宝店的男子。警方表示该男子仍被拘留接受讯问，事件中无人受伤。警方呼吁当时在附近并目睹异常情况的民众尽快与警方联系。"
OFFER = (
    "A room with a view of the harbour is to let in Velden from the beginning of June. Please write to Messrs Tamm for an "
    "appointment. The rent is {price} crowns a month, paid in advance, and cats are welcome."
)
LINES = (
    "Police are looking for two men in dark coats who took a tray of wedding rings in broad daylight and "
    "made off on a tandem in {town}."
)
LOW_TIDE = " " + " ".join(f"at low tide the {it} could be seen from the steps." for it in ("hull", "mast", "rudder"))
HIGH_TIDE = " " + " ".join(
    f"nobody who was asked had ever known such a {it} before." for it in ("fog", "calm", "night")
)
TEASER = (
    "Hear from our correspondents what lies behind the headlines, every weekday evening in the Lissant Post podcast."
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            told(FORM.format(age=34, town="Velden", day="Monday")),
            told(FORM.format(age=34, town="Kelmar", day="Monday")),
            id="a form, another town",
        ),
        pytest.param(
            told(FORM.format(age=34, town="Velden", day="Monday")),
            told(FORM.format(age=34, town="Velden", day="Sunday")),
            id="a form, another day",
        ),
        pytest.param(
            told(FIGURES.format(count=212, total="9,114")),
            told(FIGURES.format(count=87, total="9,201"), hours=24),
            id="the next day's figures",
        ),
        pytest.param(
            told(), told(NEWS_ON_OLD_COPY, source="Post", hours=5), id="news of the same day on old background"
        ),
        pytest.param(
            told(),
            told(
                STORY.replace(
                    "sank in the harbour of Lissant on Monday after",
                    "lay in the harbour of Lissant on Monday for a day after",
                ),
                hours=30,
            ),
            id="a rewriting of the next day",
        ),
        pytest.param(
            told(),
            told(STORY.replace("300 tonnes", "340 tonnes"), hours=30),
            id="a copy of the next day with another figure",
        ),
        pytest.param(
            told(OFFER.format(price=1750)), told(OFFER.format(price=1900), hours=1), id="two offers of the same day"
        ),
        pytest.param(
            told(LINES.format(town="Velden"), "Wedding rings stolen"),
            told(LINES.format(town="Kelmar"), "Wedding rings stolen", source="Post"),
            id="a teaser, another town",
        ),
        pytest.param(
            told(PARAGRAPHS[0] + LOW_TIDE),
            told(PARAGRAPHS[0] + HIGH_TIDE, source="Post"),
            id="only the opening in common",
        ),
        pytest.param(told(), told(hours=WINDOW / timedelta(hours=1) + 1), id="outside the window"),
        pytest.param(
            told(title="Harbour notes: number 7"), told(title="Harbour notes: number 8"), id="numbers of a series"
        ),
        pytest.param(
            told(ARABIC.format(town="فلدن")),
            told(ARABIC.format(town="كلمار")),
            id="a form in a script without capitals",
        ),
        pytest.param(
            told(HAN.format(town="维尔登市")), told(HAN.format(town="凯尔马市")), id="a form in a script without blanks"
        ),
        pytest.param(
            told(TEASER, "Why the fish have gone", source="Post"),
            told(TEASER, "The price of bread", source="Echo"),
            id="a teaser of every day",
        ),
        pytest.param(
            told("A barge sank in Lissant harbour.", "Barge sinks in Lissant"),
            told("A barge sank in Lissant harbour.", "Barge sinks in Lissant", source="Post"),
            id="too short to tell",
        ),
        pytest.param(
            told("", "Man dies in crash on A12"),
            told("", "Man dies in crash on A12", source="Post"),
            id="a short headline alone",
        ),
        pytest.param(
            told("", "Two people taken to hospital after fire in flat"),
            told("", "Two people taken to hospital after fire in flat", source="Post"),
            id="a headline that names nothing",
        ),
        pytest.param(
            told("", "Gravel barge sinks after striking mole in Lissant"),
            told("", "Gravel barge sinks after striking mole in Lissant"),
            id="one source's headline twice",
        ),
        pytest.param(
            told("", "Gravel barge sinks after striking mole in Lissant"),
            told("", "Gravel barge sinks after striking mole in Lissant", source="Post", hours=20),
            id="a headline alone on the next day",
        ),
        pytest.param(
            told(PARAGRAPHS[0], "Barge sinks in harbour"),
            told(
                PARAGRAPHS[0] + "\n\n" + FORM.format(age=51, town="Velden", day="Monday"),
                "Monday in brief",
                source="Post",
            ),
            id="a teaser and a round-up of teasers",
        ),
        pytest.param(told(""), told("", source="Post", title=""), id="nothing at all"),
    ],
)
def test_these_are_two_stories_even_if_they_share_a_band(one, other, monkeypatch):
    monkeypatch.setattr(stories, "bands", lambda _: (1,))
    assert not same_story(one, other)
    assert not same_story(other, one)


def test_what_no_lookup_could_find_is_not_one_story(monkeypatch):
    assert same_story(told(), told(source="Post"))
    monkeypatch.setattr(stories, "bands", lambda record: (len(record.source), len(record.source) + 10))
    assert not same_story(told(), told(source="Radio"))


def test_records_of_two_versions_are_never_one_story(monkeypatch):
    assert set(bands(told())).isdisjoint(bands(replace(told(), version=stories.SIGNATURE_VERSION + 1)))
    monkeypatch.setattr(stories, "bands", lambda _: (1,))
    assert not same_story(told(), replace(told(), version=stories.SIGNATURE_VERSION + 1))


# ---- choosing


def test_an_article_joins_the_story_it_shares_most_with():
    short, whole = Candidate("short", told("\n\n".join(PARAGRAPHS[:2]))), Candidate("whole", told(REWRITTEN, hours=1))
    other = Candidate("other", told(FORM.format(age=34, town="Velden", day="Monday")))
    assert choose(told(REWRITTEN, source="Post", hours=2), [other, short, whole]) == "whole"
    assert choose(told(source="Post", hours=2), [other]) is None
    assert choose(told(source="Post", hours=2), []) is None


def test_of_equal_stories_it_joins_the_oldest_whatever_their_order():
    candidates = [Candidate("b", told(hours=1)), Candidate("a", told(hours=1)), Candidate("z", told(hours=0))]
    assert {choose(told(source="Post", hours=2), order) for order in itertools.permutations(candidates)} == {"z"}


# ---- what is kept


def test_the_kept_values_never_change():
    """They stand in people's stores: a change here needs another SIGNATURE_VERSION."""
    record = tell(
        Content("Barge 7 sinks off Lissant", "A Café in Velden, Београд: 3,000 crowns. O'Brien’s 東京"),
        source="Wire",
        published=NOON,
    )
    assert stories.SIGNATURE_VERSION == 1
    assert record.title == (3864762335, 1790921346, 858956107, 0, 3699007499)
    assert record.words[:5] == (3904355907, 1337818896, 1609338446, 2982498232, 94597348)
    assert record.words[5:] == (506358684, 3157889239, 2669835012, 715588173, 2430601375)
    assert (record.names, record.figures) == ((6, 8, 9), (1, 10))
    assert bands(record) == (450368399,)
    text, title = " ".join(f"w{number}" for number in range(60)), "Barge 7 sinks off the coast of Lissant"
    assert bands(told(text, title)) == (
        83697743,
        168792024,
        190029336,
        225526560,
        247637675,
        648739441,
        6061913535,
    )


def test_a_summary_is_read_where_there_is_no_text():
    assert tell(Content("T", "", summary=STORY), source="Wire", published=NOON).words == told().words


def test_a_record_is_small():
    record = told(STORY * 1000, "word " * 1000)
    assert (len(record.words), len(record.title)) == (256, 24)
    assert len(bands(record)) < 60
    assert all(0 <= band < 1 << 33 for band in bands(record))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("spam " * 500_000, id="one word repeated"),
        pytest.param("x" * 3_000_000, id="no blanks"),
        pytest.param("😀" * 1_000_000, id="emoji"),
        pytest.param("東京" * 1_000_000, id="CJK"),
        pytest.param("a.'" * 1_000_000, id="joints"),
        pytest.param("e\u0301\u200b" * 1_000_000, id="marks"),
        pytest.param("\ud800 word \udfff" * 10, id="lone surrogates"),
        pytest.param(".\n" * 1_000_000 + STORY, id="punctuation"),
    ],
)
def test_hostile_text_takes_no_time(text):
    started = time.process_time()
    one, other = (tell(Content(text, text, summary=text), source=source, published=NOON) for source in ("Wire", "Post"))
    assert len(one.words) <= 256
    same_story(one, other)
    choose(one, [Candidate("a", other)])
    assert time.process_time() - started < 1


# ---- properties

words = st.sampled_from([f"{a}{b}" for a in "bdfgklmnprst" for b in ("a", "e", "i", "o", "u", "an", "el", "or")])
texts = st.lists(words, max_size=150).map(" ".join)


@given(
    before=texts,
    shared=st.lists(words, min_size=19, max_size=60).map(" ".join),
    after=texts,
    other_before=texts,
    other_after=texts,
)
def test_texts_that_share_19_words_in_a_row_share_a_band(before, shared, after, other_before, other_after):
    one, other = told(f"{before} {shared} {after}"), told(f"{other_before} {shared} {other_after}")
    within = 256 - len(shared.split())
    if max(len(before.split()), len(other_before.split())) <= within:
        assert not set(bands(one)).isdisjoint(bands(other))


@given(text=st.text(max_size=400), title=st.text(max_size=60), cut=st.integers(0, 400), hours=st.floats(0, 60))
def test_the_relation_is_symmetric_and_goes_by_bands_for_any_text(text, title, cut, hours):
    one, other = told(text, title), told(text[:cut], title, source="Post", hours=hours)
    assert same_story(one, other) == same_story(other, one)
    assert 0 <= overlap(one, other) <= 1
    if same_story(one, other):
        assert not set(bands(one)).isdisjoint(bands(other))


# ---- real feeds

# Read by eye, each pair one story: a column that its source published three times, a press statement under two
# headlines, and an article that stands in the collection in two versions.
READ = {
    ("rss-29 2", "rss-29 6"),
    ("rss-29 2", "rss-29 20"),
    ("rss-29 6", "rss-29 20"),
    ("rss-29 0", "rss-29 23"),
    ("d00373", "d00463"),
}


@pytest.mark.skipif(
    not (SHARED / "articles.jsonl.gz").exists(), reason="the shared articles are not beside this checkout"
)
def test_of_1700_real_items_only_those_become_one_story_that_are():
    from syndicator.sources.feed import parse_feed

    items = {}
    for path in sorted((SHARED / "feeds").iterdir()):
        if path.suffix != ".tsv":
            for number, entry in enumerate(parse_feed(path.read_bytes(), None, "https://feeds.example/feed").entries):
                items[f"{path.stem} {number}"] = (path.stem, entry.content)
    labelled = (SHARED / "tagging-dev.jsonl").read_text("utf-8").splitlines()
    for line in [*labelled, *gzip.decompress((SHARED / "articles.jsonl.gz").read_bytes()).decode().splitlines()]:
        row = json.loads(line)
        items[row["id"]] = (row["id"], Content(row["title"], row["text"]))
    records = {key: tell(content, source=source, published=NOON) for key, (source, content) in items.items()}
    index = defaultdict(list)
    for key, record in records.items():
        for band in bands(record):
            index[band].append(key)
    pairs = {pair for keys in index.values() for pair in itertools.combinations(keys, 2)}
    assert len(records) > 1600
    assert {pair for pair in pairs if same_story(records[pair[0]], records[pair[1]])} == READ
