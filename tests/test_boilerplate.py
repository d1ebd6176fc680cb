"""What stands around an article goes; no sentence of the article does."""

import time

import pytest

from syndicator.sources.boilerplate import strip, strip_html

BODY = [
    "Ministers met officials from three Balkan capitals on Monday to talk about returns.",
    "No agreement was signed, but both sides said that work would go on in the new year.",
    "Charities asked for the text of the plan to be published before Parliament votes on it.",
]

GOES_AT_THE_END = [
    # comments
    [
        "COMMENTS",
        "Comments are moderated and generally will be posted if they are on-topic and not abusive.",
        "For more information, please see our Comments FAQ",
    ],
    ["Comments are closed."],
    ["Comments on this article are now closed."],
    ["Comments"],
    ["Comments (14)"],
    ["14 comments"],
    ["Leave a comment below."],
    ["What do you think? Join the conversation in the comments."],
    ["What do you think? Let us know in the comments below!"],
    ["Have your say"],
    ["You must be logged in to post a comment."],
    ["Log in or register to join the discussion"],
    ["Leave a Reply", "Your email address will not be published. Required fields are marked *"],
    ["COMMENTS", "Reader comments are checked before they appear, so please be patient with us."],
    ["COMMENTS", "Please keep your remarks polite. Comments may be edited for length."],
    ["Comments (2)", "Dave: I knew this would happen, and I said so last year.", "Ana: Rubbish."],
    ["Schreiben Sie einen Kommentar"],
    ["Laissez un commentaire"],
    ["Deja un comentario"],
    ["Komentari (23)", "Pera: Bravo, samo tako nastavite, svaka čast na ovom tekstu."],
    ["Оставите коментар"],
    ["Ostavite komentar."],
    # sharing and following
    ["Share this article"],
    ["Share on Facebook"],
    ["Click to share on X (Opens in new window)"],
    ["Facebook Twitter WhatsApp Email"],
    ["Share | Tweet | Pin it | Print"],
    ["Follow us on Facebook, X and Instagram."],
    ["Follow BBC News on Facebook, on X and on Instagram for the latest pictures and stories."],
    ["Follow @newsroom on X"],
    ["Folgen Sie uns auf Facebook"],
    ["Pratite nas na Facebook i Instagram"],
    ["Пратите нас на Фејсбуку и Твитеру"],
    # newsletters
    ["Sign up to our daily newsletter."],
    ["Sign up for our free weekly Politics newsletter to get the week in one e-mail"],
    ["Subscribe now"],
    ["Get the best of the week delivered straight to your inbox every Friday."],
    ["Download our free app from the App Store."],
    # the way to the full text
    ["Continue reading..."],
    ["Read more →"],
    ["Read the full story at the Evening Example"],
    ["Opširnije"],
    ["The post UK looks at hubs. What next? appeared first on Example News."],
    ["Der Beitrag Rückführungszentren erschien zuerst auf Beispielblatt."],
    ["L’article Accord sur les retours est apparu en premier sur Exemple."],
    ["Чланак Договор о повратку се појавио прво на Пример."],
    # related stories
    [
        "Related articles",
        "Channel crossings pass last year's total",
        "What is a return hub?",
        "Inside the Albania camps",
    ],
    ["More on this story", "Who pays for the hotels?"],
    ["Read more: Who pays for the hotels?"],
    ["Pročitajte još: Ko plaća hotele?"],
    ["Topics", "Immigration and asylum", "Albania"],
    ["Sign up to our daily newsletter.", "Related", "What is a return hub?"],
    # rights, cookies, adverts
    ["© 2026 Example News Ltd. All rights reserved."],
    [
        "Copyright 2026 The Example Press. All rights reserved. This material may not be published, broadcast, rewritten or redistributed."
    ],
    ["We use cookies to give you the best experience on our website."],
    ["Cookie policy"],
    ["ADVERTISEMENT"],
    ["Share this story", "Follow us on X", "Comments are closed."],
]


@pytest.mark.parametrize("tail", GOES_AT_THE_END, ids=lambda tail: tail[0][:40])
def test_boilerplate_after_the_article_goes(tail):
    assert strip([*BODY, *tail]) == BODY


KEPT_AT_THE_END = [
    "Officials share concerns about the cost.",
    "Officials share concerns",
    "Comments are moderated by a team of forty in Manila, the report found.",
    "Comments by the minister were not welcomed in Sarajevo.",
    "The newspaper closed its comments section in May after threats to its staff.",
    "Cookies may be read by any site that shares the advertiser's code, the regulator said.",
    "The site uses cookies to follow readers, according to the complaint.",
    "“We use cookies to remember what you have read,” a spokeswoman said.",
    "She asked readers to follow the court's advice on Facebook posts.",
    "Police asked people to share the picture on Facebook and to call 101.",
    "Readers can sign up for the consultation until March.",
    "Subscribers to the newsletter were told a day earlier.",
    "Copyright law would not allow it, the judges said.",
    "The copyright belongs to the estate.",
    "He would read more about it in the papers the next day.",
    "“Read more,” the teacher told them.",
    "The Advertisement Standards Authority will rule in June.",
    "Related parties must be named in the accounts.",
    "Please see the judge first, the usher said.",
    "For more than a year nothing was heard of the plan.",
    "Join the queue at dawn, and you may be home by night, says Ismet, a driver.",
    "Get the train to work and see for yourself, she said.",
    "A third group, which follows us on our way home, has not been named.",
    "Like us, on Saturdays they stay at home.",
    "The post office appeared first on the list of closures.",
    "What do you think?",
    "Keep calm and carry on, as the poster has it.",
    "Final score: Partizan 2, Radnički 1",
    "Sarajevo",
]


@pytest.mark.parametrize("last", KEPT_AT_THE_END)
def test_a_sentence_of_the_article_stays(last):
    assert strip([*BODY, last]) == [*BODY, last]


@pytest.mark.parametrize(
    "article",
    [
        # A report on comment policy, which has its words in the headline, the body and the end.
        ["Comments policy of large papers", "Comments are closed on most stories at night.", BODY[0]],
        # Sub-headings that have sentences below them are the article's own.
        [BODY[0], "Discussion", BODY[1]],
        [BODY[0], "Comments", "The minister's comments came a day after the vote in Tirana.", BODY[1]],
        [BODY[0], "Read more", "Reading is what children no longer do, the study says.", BODY[1]],
        [BODY[0], "More on this story", "It began in 2022, when the Rwanda plan was announced.", BODY[1]],
        # Boilerplate in the middle of prose is left where it stands.
        [BODY[0], "Comments are closed.", BODY[1]],
        # A list of short lines is no proof of anything.
        [BODY[0], "Tirana", "Belgrade", "Sarajevo"],
        ["Frost", "Share", "an old field", "a crow"],
        # Comments with a count above the story are a button, not its end.
        ["UK looks at hubs", "Comments (31)", *BODY],
    ],
    ids=lambda article: article[1][:30],
)
def test_an_article_that_looks_like_boilerplate_stays_whole(article):
    assert strip(article) == article


@pytest.mark.parametrize(
    "lead",
    [
        ["Share", "Tweet"],
        ["Facebook Twitter WhatsApp"],
        ["Skip to content"],
        ["Advertisement"],
        ["5 min read"],
        ["Comments (12)"],
        ["Share on Facebook", "Sign up to our newsletter"],
    ],
    ids=lambda lead: lead[0],
)
def test_boilerplate_before_the_article_goes(lead):
    assert strip([*lead, *BODY]) == BODY


@pytest.mark.parametrize(
    "interlude",
    [
        "ADVERTISEMENT",
        "Story continues below advertisement",
        "READ MORE: Small boats, big sums",
        "Lire aussi : Le plan",
        "Related: What is a hub?",
    ],
)
def test_lone_interludes_go_from_the_middle(interlude):
    assert strip([BODY[0], interlude, BODY[1]]) == BODY[:2]


@pytest.mark.parametrize(
    "sentence",
    [
        "Related: the word has two senses, and the court used both. " * 6,
        "Watch and wait: that is the advice.",
        "Read more books, he said.",
        "See also: Ana Hadžić, Ben Cole and the others who helped.",
    ],
)
def test_prose_that_begins_like_an_interlude_stays(sentence):
    assert strip([BODY[0], sentence, BODY[1]]) == [BODY[0], sentence, BODY[1]]


@pytest.mark.parametrize("link", ["Read more", "Continue reading…", "Read more »", "Weiterlesen →"])
def test_a_read_more_link_is_cut_off_the_last_paragraph(link):
    assert strip([BODY[0], f"{BODY[1]} {link}"]) == BODY[:2]


@pytest.mark.parametrize("last", ["The sign on the door said read more", "Children should keep reading."])
def test_words_of_the_last_sentence_are_not_cut_off(last):
    assert strip([BODY[0], last]) == [BODY[0], last]


def test_text_that_is_all_boilerplate_becomes_empty():
    assert strip(["Comments"]) == []
    assert strip([]) == []


def test_stripping_twice_is_stripping_once():
    for tail in GOES_AT_THE_END:
        once = strip([*BODY, *tail])
        assert strip(once) == once


HTML_BODY = f"<p>{BODY[0]}</p><p>{BODY[1]}</p>"


@pytest.mark.parametrize(
    "tail",
    [
        '<p>The post <a href="https://example.org/a">UK &amp; hubs</a> appeared first on <a href="https://example.org/">Example</a>.</p>',
        '\n<p><a href="https://example.org/a">Continue reading...</a></p>\n',
        '<a href="https://example.org/a">Read more</a>',
        '<h3>Related</h3><ul><li><a href="https://example.org/b">What is a hub?</a></li><li><a href="https://example.org/c">Who pays</a></li></ul>',
        "<p>Share this article</p><p>Follow us on X</p>",
    ],
)
def test_html_loses_its_trailing_blocks(tail):
    assert strip_html(HTML_BODY + tail) == HTML_BODY


@pytest.mark.parametrize(
    "markup",
    [
        "",
        "plain text, no tags",
        HTML_BODY,
        '<p>He said: <a href="https://example.org/">Read more</a></p>',
        'He told them to <a href="https://example.org/">Read more</a>',
        HTML_BODY + '<p><img src="https://example.org/a.png"></p>',
        HTML_BODY + "<div><div><p>Comments are closed.</p></div></div>",
        HTML_BODY + "<ul><li>Tirana</li><li>Belgrade</li></ul>",
        HTML_BODY + "<ul><li>Share<ul><li>x</li></ul></li></ul>",
        "</p>",
        "<pre>Read more</p>",
    ],
)
def test_html_that_is_the_article_or_not_understood_stays(markup):
    assert strip_html(markup) == markup


def test_time_stays_linear_on_hostile_text():
    hostile = [
        "follow " + "a " * 240 + "on facebook",
        "the post " + "appeared first on " * 25,
        "share on " + "x, x and x & x " * 30,
        "x" * 2_000_000,
        *["Comments (1"] * 20_000,
    ]
    began = time.process_time()
    strip(hostile)
    strip_html("<p" * 200_000 + "</p>")
    strip_html("<p>Share</p>" * 50_000)
    assert time.process_time() - began < 2
