"""The query language: one parser, one analysis, one meaning, for topics, alerts and searches alike.

    query = parse("asylum -football")
    article = Analyser("en").analyse(Document(title, text))
    match = evaluate(query, article)

docs/query-language.md is its page. The modules in reading order: `lexer`, `parser`, `syntax` (what is written);
`folding`, `tokens`, `analysis` (what is read); `atoms`, `compiler`, `plan`, `evaluate` (what matches);
`anchors`, `matcher` (all saved queries at once); `fts` (all stored articles at once); `describe`, `explain`;
`builder` (a form in place of the language).
"""

from syndicator.query.analysis import ANALYSIS_VERSION, Analysed, Analyser
from syndicator.query.builder import Boxes, boxes_of, written
from syndicator.query.describe import describe
from syndicator.query.document import Document
from syndicator.query.evaluate import Match, evaluate, matches
from syndicator.query.explain import Explanation, explain
from syndicator.query.failures import failures
from syndicator.query.fts import COLUMNS, FtsQuery, FtsRow, create_fts, index_row, to_fts
from syndicator.query.matcher import Matcher
from syndicator.query.parser import MAX_BYTES, parse
from syndicator.query.syntax import Query

__all__ = [
    "ANALYSIS_VERSION",
    "COLUMNS",
    "MAX_BYTES",
    "Analysed",
    "Analyser",
    "Boxes",
    "Document",
    "Explanation",
    "FtsQuery",
    "FtsRow",
    "Match",
    "Matcher",
    "Query",
    "boxes_of",
    "create_fts",
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
