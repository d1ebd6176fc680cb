"""Which words a text holds, what counts as the same word, and where each stands."""

import pickle
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.query import Analyser, Document
from syndicator.query.folding import fold, fold_name
from syndicator.query.tokens import fold_text

ENGLISH = Analyser("en")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Café", "CAFE"),
        ("cafe\u0301", "café"),
        ("Београд", "Beograd"),
        ("Ђоковић", "Djokovic"),
        ("Đoković", "Djokovic"),
        ("Чачак", "Čačak"),
        ("Љубљана", "Ljubljana"),
        ("Џеп", "džep"),
        ("Ќосев", "Kjosev"),
        ("Straße", "STRASSE"),
        ("İstanbul", "istanbul"),
        ("ﬁre", "fire"),
        ("ＡＢＣ", "abc"),
        ("Łódź", "Lodz"),
        ("Ærø", "Aero"),
        ("ёлка", "елка"),
        ("Ἀθῆναι", "αθηναι"),
        ("أحمد", "احمد"),
        ("im\u00admi\u200bgration", "immigration"),
        ("Starmer's", "Starmer"),
        ("Starmer’s", "Starmer"),
        ("Starmerʼs", "Starmer"),
        ("O’Brien", "O'Brien"),
        ("O'Brien", "OBrien"),
        ("Qur’an", "Quran"),
        ("U.K.", "UK"),
        ("U.K.’s", "UK"),
        ("U.S.A", "USA"),
        ("3,000", "3000"),
        ("£1,234,567", "1234567"),
        ("ﾊﾞｽ", "バス"),
        ("葛\U000e0100", "葛"),
        ("asylum-seeker", "asylum seeker"),
        ("l’asile", "l asile"),
        ("AT&T", "AT T"),
    ],
)
def test_they_are_the_same_words(one, other):
    assert fold_text(one) == fold_text(other)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        ("— … !!! 🙂", ()),
        ("asylum-seekers' hotel", ("asylum", "seekers", "hotel")),
        ("don't", ("dont",)),
        ("rock'n'roll", ("rocknroll",)),
        ("l'asile qu'il", ("l", "asile", "qu", "il")),
        ("'quoted' words", ("quoted", "words")),
        ("U.K.and", ("uk", "and")),
        ("J.Smith end.Start", ("j", "smith", "end", "start")),
        ("3.5bn 1.2.3 10,20", ("3.5bn", "1", "2", "3", "10", "20")),
        ("½ ①", ("1⁄2", "1")),
        ("snake_case #tag @name", ("snake", "case", "tag", "name")),
        ("東京都。", ("東", "京", "都")),
        ("สวัสดี", ("ส", "วั", "ส", "ดี")),
        ("हिन्दी भाषा", ("हिन्दी", "भाषा")),
        ("한국어 뉴스", ("한국어", "뉴스")),
        ("G20 COVID-19", ("g20", "covid", "19")),
        ("Россия йод", ("rossiя", "йod")),
    ],
)
def test_the_words_of_a_text(text, words):
    assert fold_text(text) == words


@given(st.text(max_size=30))
def test_folding_again_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(st.text(st.characters(categories=["L", "Nd", "Zs", "P", "Mn", "Cf"]), max_size=60))
def test_every_word_stands_where_it_is_said_to(text):
    body = ENGLISH.analyse(Document("", text)).body
    for word, start, end in zip(body.words, body.starts, body.ends, strict=True):
        if word:
            assert 0 <= start < end <= len(text)
            assert fold_text(text[start:end]) == (word,)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "hotels", "Hotel"),
        ("en-GB", "migrating", "migrate"),
        ("sr", "Београду", "Beograd"),
        ("hr", "migranti", "migranata"),
        ("ru", "мигранты", "мигрантов"),
        ("ru", "Москвы", "Москва"),
        ("fr", "réfugiés", "refugie"),
        ("de", "Flüchtlinge", "Fluchtling"),
    ],
)
def test_forms_of_a_word_have_one_stem(language, one, other):
    analyser = Analyser(language)
    assert analyser.stems(one) == analyser.stems(other)


def test_a_language_without_a_stemmer_has_every_form_for_its_own_stem():
    assert Analyser("xx").stems("hotels Hotel") == ("hotels", "hotel")


def test_analysers_of_one_language_are_equal_and_travel_between_processes():
    assert pickle.loads(pickle.dumps(ENGLISH)) == ENGLISH
    assert hash(Analyser("en")) == hash(ENGLISH)
    assert Analyser("sr") != ENGLISH


@pytest.mark.parametrize(
    ("text", "lead"),
    [
        ("one", ["one"]),
        ("one\n\ntwo\n\nthree", ["one", "two"]),
        ("one\n \n\n\ntwo\n\n\nthree", ["one", "two"]),
        ("\n\n\n\none\n\ntwo\n\nthree", ["one", "two"]),
        ("one\ntwo\n\nthree\n\nfour", ["one", "two", "three"]),
        ("", []),
    ],
)
def test_the_lead_is_the_first_two_paragraphs(text, lead):
    article = ENGLISH.analyse(Document("Title", text))
    assert article.body.words[article.text_start : article.lead_end] == lead


@pytest.mark.parametrize(
    ("one", "other"),
    [("BBC News", "bbc  news"), ("Dépêche", "depeche"), ("Политика", "Politika"), ("C++ Weekly!", "c++ weekly!")],
)
def test_names_are_compared_folded(one, other):
    assert fold_name(one) == fold_name(other)


def test_names_keep_their_punctuation():
    assert fold_name("#1") != fold_name("1")


@pytest.mark.parametrize(
    "piece",
    ["a", "a.", "a'", "1,000", "e\u0301\u0323", "\u0301", "東", "a\u00ad", "word ", ".", "\n\n", "x\n", "'s ", "1.5"],
)
def test_a_megabyte_of_anything_takes_time_in_proportion(piece):
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        start = time.process_time()
        Analyser("en").analyse(Document("", text))
        return time.process_time() - start

    # Generous: a quadratic step would take minutes, not a few times the ratio of the sizes.
    assert seconds(300_000) < 40 * max(seconds(30_000), 0.02)
