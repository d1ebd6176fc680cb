"""The query language: one parser, one analysis, one meaning, for topics, alerts and searches alike.

    query = parse("asylum -football")
    article = Analyser("en").analyse(Document(title, text))
    match = evaluate(query, article)

docs/query-language.md is its page. The modules in reading order: `lexer`, `parser`, `syntax` (what is written);
`folding`, `tokens`, `analysis` (what is read); `atoms`, `compiler`, `plan`, `evaluate` (what matches);
`anchors`, `matcher` (all saved queries at once); `rows`, `fts`, `indexed` (all stored articles at once); `describe`,
`explain`; `builder` (a form in place of the language).
"""

from syndicator.query.analysis import ANALYSIS_VERSION, Analysed, Analyser
from syndicator.query.builder import Boxes, boxes_of, written
from syndicator.query.describe import Titles, describe
from syndicator.query.document import Document
from syndicator.query.evaluate import Match, evaluate, matches
from syndicator.query.explain import Explanation, explain
from syndicator.query.failures import failures
from syndicator.query.fts import Count, FtsQuery, to_fts
from syndicator.query.indexed import Indexed
from syndicator.query.matcher import Matcher
from syndicator.query.parser import MAX_BYTES, parse
from syndicator.query.rows import COLUMNS, FtsRow, create_fts, create_terms, index_row
from syndicator.query.syntax import Query

__all__ = [
    "ANALYSIS_VERSION",
    "COLUMNS",
    "MAX_BYTES",
    "Analysed",
    "Analyser",
    "Boxes",
    "Count",
    "Document",
    "Explanation",
    "FtsQuery",
    "FtsRow",
    "Indexed",
    "Match",
    "Matcher",
    "Query",
    "Titles",
    "boxes_of",
    "create_fts",
    "create_terms",
    "describe",
    "evaluate",
    "explain",
    "failures",
    "index_row",
    "matches",
    "parse",
    "to_fts",
    "written",
]
