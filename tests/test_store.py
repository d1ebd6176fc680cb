"""The store: one database, its schema's history, its locks, its rows."""

import multiprocessing
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from syndicator.errors import StoreBusyError, StoreError, StoreTooNewError
from syndicator.identity import article_id
from syndicator.ingest import decide
from syndicator.model import Content, Entry, Republish, SourceState, State, Validators
from syndicator.query import Analyser
from syndicator.store import SourceRow, Store
from syndicator.store.migrations import migrations
from syndicator.store.sources import LEASE

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
WAIT = timedelta(days=8)
URL = "https://news.example/boats"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "syndicator.db"


@pytest.fixture
def store(path):
    with closing(Store.open(path, Analyser("en"))) as opened:
        yield opened


def entry(text="Forty people crossed.", *, title="Boats", guid="g1", url=URL, **more):
    return Entry(Content(title, text), guid=guid, url=url, **more)


def put(store, *entries, source="bbc", now=NOW):
    with store.transaction():
        known = store.batches.snapshot(source, entries)
        applied = store.batches.apply(decide(source, entries, known, now), now)
        return [*applied.new, *applied.changed]


def rows(path, sql):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


# The file


def test_the_database_is_for_its_owners_eyes(path, store):
    put(store, entry())
    assert {
        each.stat().st_mode & 0o777
        for each in path.parent.glob("syndicator.db*")
        if each.suffix in {".db", ".db-wal", ".db-shm"}
    } == {0o600}


def test_every_table_of_ours_is_strict_and_foreign_keys_hold(path, store):
    tables = rows(path, "SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND schema = 'main'")
    loose = {name for name, strict in tables if not strict}
    assert {name for name in loose if not name.startswith(("sqlite_", "_sqlite_"))} == set()
    assert rows(path, "PRAGMA journal_mode") == [("wal",)]
    with pytest.raises(sqlite3.IntegrityError), store.transaction():
        store._db.execute("INSERT INTO appearances VALUES ('bbc', 'x', 4711, 'f', NULL, 't', '[]', 0, NULL)")


def test_a_database_of_a_newer_program_is_refused_and_untouched(path, store):
    store.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('syndicator', 'm9999_later', '')"
        )
    with pytest.raises(StoreTooNewError, match=r"newer Syndicator.*m9999_later"):
        Store.open(path, Analyser("en"))


def test_an_older_database_is_backed_up_and_migrated(path, monkeypatch):
    with monkeypatch.context() as older:
        older.setattr(migrations, "_migrations", migrations._migrations[:1])
        with closing(Store.open(path, Analyser("en"))) as store:
            store.sources.configure([SourceRow("bbc", "https://bbc.example/rss", "BBC", Republish.SUMMARY)], NOW)
    with closing(Store.open(path, Analyser("en"))) as store:
        assert [state.name for state in store.sources.all()] == ["bbc"]
        assert put(store, entry())
    (backup,) = path.parent.glob("syndicator.db.backup-*")
    assert rows(backup, "SELECT name FROM sources") == [("bbc",)]
    assert rows(backup, "SELECT count(*) FROM sqlite_master WHERE name = 'articles'") == [(0,)]


def test_a_database_that_is_up_to_date_is_not_backed_up(path):
    for _ in range(2):
        Store.open(path, Analyser("en")).close()
    assert list(path.parent.glob("*.backup-*")) == []


def test_a_file_that_is_no_database_is_a_clear_error(path):
    path.write_bytes(b"not a database, but long enough to have a header" * 100)
    with pytest.raises(StoreError, match=r"syndicator.db: .*Is it a Syndicator database"):
        Store.open(path, Analyser("en"))


def test_a_place_that_can_not_be_written_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match=r"Check \[store\] path"):
        Store.open(tmp_path / "file" / "syndicator.db", Analyser("en"))


def open_and_close(path):
    Store.open(path, Analyser("en")).close()


def test_processes_that_open_a_new_store_together_all_succeed(path):
    context = multiprocessing.get_context("spawn")
    together = [context.Process(target=open_and_close, args=(path,)) for _ in range(4)]
    for process in together:
        process.start()
    for process in together:
        process.join(60)
    assert [process.exitcode for process in together] == [0] * 4


def test_a_sound_database_has_no_problems(store):
    put(store, entry())
    assert store.problems() == []


def test_a_row_that_points_nowhere_is_a_problem(store):
    put(store, entry())
    store._db.execute("PRAGMA foreign_keys = OFF")
    store._db.execute("UPDATE appearances SET article = 4711")
    assert store.problems() == ["row None of appearances points to a missing row of articles"]


def test_a_second_instance_is_refused_by_the_first_ones_name(store):
    with store.instance_lock(), pytest.raises(StoreBusyError, match=r"another Syndicator.*process \d+"):
        store.instance_lock().__enter__()
    with store.instance_lock():
        pass


def test_a_transaction_that_fails_leaves_nothing(store):
    with pytest.raises(RuntimeError, match="stop"), store.transaction():
        put(store, entry())
        raise RuntimeError("stop")
    assert store.articles.find(URL) == []


def test_a_savepoint_fails_alone(store):
    with store.transaction():
        put(store, entry())
        with pytest.raises(RuntimeError, match="stop"), store.savepoint():
            put(store, entry(guid="g2", url=URL + "2"))
            raise RuntimeError("stop")
    assert len(store.articles.find(URL)) == 1
    assert store.articles.find(URL + "2") == []


# Articles and versions


def test_every_field_of_an_article_comes_back_as_it_went_in(store):
    content = Content(
        title="Čamci",
        text="One.\n\nTwo — “three”.",
        html="<p>One.</p>",
        summary="In short",
        authors=("A. Writer", "B"),
        language="sr",
        categories=("News",),
        image="https://i.example/1.jpg",
    )
    (stored,) = put(store, Entry(content, guid="g", url=URL, published=NOW - timedelta(hours=3)))
    assert stored.content == content
    assert stored.id == article_id(URL)
    assert (stored.version, stored.state, stored.source, stored.url) == (1, State.LIVE, "bbc", URL)
    assert stored.published == stored.updated == NOW - timedelta(hours=3)
    assert stored.first_seen == NOW


def test_an_edit_is_a_new_version_with_the_next_seq_and_a_later_time(store):
    (first,) = put(store, entry())
    (second,) = put(store, entry("Fifty crossed."))
    assert (second.id, second.version) == (first.id, 2)
    assert second.seq > first.seq
    assert second.updated > first.updated
    assert second.published == first.published
    assert [v.content.text for v in store.articles.history(first.id)] == ["Forty people crossed.", "Fifty crossed."]


def test_versions_move_forward_though_the_clock_went_back(store):
    (first,) = put(store, entry())
    (second,) = put(store, entry("Fifty crossed."), now=NOW - timedelta(days=1))
    assert second.updated > first.updated


def test_a_seq_is_never_given_twice(path, store):
    (first,) = put(store, entry())
    store._db.execute("PRAGMA foreign_keys = OFF")
    for table in ("appearances", "articles", "versions"):
        store._db.execute(f"DELETE FROM {table}")
    (second,) = put(store, entry(guid="g2", url=URL + "2"))
    assert second.seq > first.seq


def test_articles_are_found_by_id_by_its_start_and_by_url(store):
    (article,) = put(store, entry())
    put(store, entry(guid="g2", url=URL + "2", title="Other"))
    for reference in (article.id, article.id[9:17], URL, URL + "?utm_source=x"):
        assert [found.id for found in store.articles.find(reference)] == [article.id]
    assert store.articles.find("zzz") == []
    assert store.articles.find("%") == []


def test_what_retires_is_forgotten_but_never_comes_back_as_new(store):
    old = entry(published=NOW - timedelta(days=400))
    put(store, old, now=NOW - timedelta(days=399))
    assert store.articles.retire(NOW - timedelta(days=365)) == 1
    assert store.articles.find(URL)[0].content.text == ""
    assert put(store, old) == []
    assert store.articles.retire(NOW - timedelta(days=365)) == 0


# Sources


def configured(store, *names):
    store.sources.configure([SourceRow(n, f"https://{n}.example/", n, Republish.SUMMARY) for n in names], NOW)


def claimed(store, now=NOW, owner="me", limit=10, names=None):
    return [
        state.name
        for state in store.sources.claim(
            owner, now, limit, longest_wait=WAIT, names=names or ("a", "b", "c", "leased", "waiting")
        )
    ]


def settled(name, **more):
    return SourceState(name=name, **({"due": NOW + timedelta(hours=1)} | more))


def test_a_claimed_source_is_nobody_elses_until_its_lease_ends(store):
    configured(store, "a", "b", "c")
    assert claimed(store, limit=2) == ["a", "b"]
    assert claimed(store, owner="other") == ["c"]
    assert claimed(store, NOW + LEASE) == ["a", "b", "c"]


def test_a_settled_source_is_due_when_it_says(store):
    configured(store, "a")
    claimed(store)
    store.sources.settle(settled("a"))
    assert claimed(store) == []
    assert claimed(store, NOW + timedelta(hours=1)) == ["a"]


def test_a_lease_and_a_due_time_from_before_the_clock_was_set_back_count_as_over(store):
    configured(store, "leased", "waiting")
    claimed(store, limit=1)
    store.sources.settle(settled("waiting"))
    assert claimed(store, NOW - timedelta(days=30)) == ["leased", "waiting"]


def test_what_a_worker_hands_back_is_free_at_once(store):
    configured(store, "a", "b")
    claimed(store, owner="one", limit=1)
    claimed(store, owner="two", limit=1)
    store.sources.hand_back("one")
    assert claimed(store) == ["a"]
    store.sources.hand_back()
    assert claimed(store) == ["a", "b"]


def test_everything_learnt_of_a_source_is_kept(store):
    configured(store, "a")
    state = settled(
        "a",
        validators=Validators(b'W/"\xe9"', b"Fri, weird", "https://a.example/final"),
        moved_to="https://new.example/",
        body_hash="ab",
        interval=timedelta(minutes=90),
        ttl=timedelta(hours=3),
        skip_hours=frozenset({1, 2}),
        skip_days=frozenset({6}),
        failures=2,
        last_attempt=NOW,
        last_success=NOW,
        first_success=NOW,
        last_error="refused",
        home="https://a.example/",
        title="The A",
    )
    store.sources.settle(state)
    assert store.sources.all() == [state]


def test_a_source_that_moves_in_config_starts_anew(store):
    configured(store, "a")
    store.sources.settle(settled("a", validators=Validators(b'"x"'), gone=True))
    store.sources.configure([SourceRow("a", "https://elsewhere.example/", "a", Republish.SUMMARY)], NOW)
    (state,) = store.sources.all()
    assert (state.validators, state.gone, state.due) == (Validators(), False, NOW)


def test_a_source_that_leaves_config_sleeps_and_wakes_with_what_it_knew(store):
    configured(store, "a", "b")
    store.sources.settle(settled("b", validators=Validators(b'"x"')))
    configured(store, "a")
    assert [state.name for state in store.sources.all()] == ["a"]
    assert claimed(store, NOW + timedelta(days=1)) == ["a"]
    configured(store, "a", "b")
    assert store.sources.all()[1].validators == Validators(b'"x"')


def test_configure_tells_whether_feeds_would_show_it(store):
    row = SourceRow("a", "https://a.example/", "A", Republish.SUMMARY)
    assert store.sources.configure([row], NOW)
    assert not store.sources.configure([row], NOW)
    assert store.sources.configure([SourceRow("a", "https://a.example/", "A", Republish.LINK)], NOW)
