"""An FTS5 index in memory, as the store has one, for tests that ask it without a store."""

import sqlite3
from contextlib import closing

from syndicator.query import COLUMNS, create_fts, create_terms, index_row


def opened():
    """A connection with an empty index; to be used in a `with`."""
    connection = sqlite3.connect(":memory:")
    connection.execute(create_fts("fts"))
    connection.execute(create_terms("terms", "fts"))
    return closing(connection)


def filled(connection, articles):
    """The index with just these analysed articles, numbered from 0."""
    connection.execute("DELETE FROM fts")
    marks = ", ".join("?" * len(COLUMNS))
    for number, article in enumerate(articles):
        values = (number, *index_row(article))
        connection.execute(f"INSERT INTO fts(rowid, {', '.join(COLUMNS)}) VALUES (?, {marks})", values)


def proposed(connection, wanted) -> set[int]:
    """The articles that an FtsQuery proposes: found by its expression, and passed by its counts."""
    rows = {row for (row,) in connection.execute("SELECT rowid FROM fts WHERE fts MATCH ?", (wanted.expression,))}
    for count in wanted.counts:
        chosen, values = count.rows("terms")
        rows &= {row for (row,) in connection.execute(chosen, values)}
    return rows
