"""The matcher: one article against all saved queries.

Every query hangs on its rarest necessary atoms (`anchors`), and every atom is filed under one token. An article
looks up its own tokens, so only queries that share a rare word with it are ever looked at; those are verified on
their plans, and each atom is resolved once, however many queries ask for it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from syndicator.query.analysis import Analysed, Analyser, Tokens
from syndicator.query.anchors import Frequency, cover, rarest
from syndicator.query.atoms import Atom, Form, Name, Run, Where
from syndicator.query.compiler import compile_query
from syndicator.query.evaluate import Match, reasons
from syndicator.query.plan import Any, Facts, Leaf, Plan, leaves
from syndicator.query.syntax import Query

K = TypeVar("K")

_CACHE_SIZE = 1 << 16


class Matcher(Generic[K]):
    """Saved queries by key, ready for articles of one analysis.

    `frequency` says how many articles have a token (a stem or a folded word). It decides the speed, never the
    result. Not safe to change while another thread matches.
    """

    def __init__(self, queries: Mapping[K, Query], analyser: Analyser, frequency: Frequency | None = None) -> None:
        self._analyser = analyser
        self._frequency = frequency
        self._plans: dict[K, Plan] = {}
        self._hung: dict[Atom, _Hung[K]] = {}
        self._several: set[K] = set()
        self._body = _Files()
        self._authors = _Files()
        self._names: dict[Where, dict[str, Name]] = {Where.SOURCE: {}, Where.TOPIC: {}, Where.LANG: {}}
        for key, query in queries.items():
            self.add(key, query)

    def __len__(self) -> int:
        return len(self._plans)

    def __contains__(self, key: object) -> bool:
        return key in self._plans

    def add(self, key: K, query: Query) -> None:
        """Take a query in, instead of what the key had before."""
        if key in self._plans:
            self.remove(key)
        plan = compile_query(query, self._analyser)
        anchors = cover(plan, self._frequency)
        assert anchors is not None, f"parse accepted a query without an anchor: {query}"
        self._plans[key] = plan
        for atom in anchors.atoms:
            if atom not in self._hung:
                self._hung[atom] = _Hung([], [], [])
                self._file(atom)
            self._hung[atom].add(key, plan)
        if len(anchors.atoms) > 1:
            self._several.add(key)

    def remove(self, key: K) -> None:
        """Forget a query.

        Raises: KeyError if there is none of that key.
        """
        plan = self._plans.pop(key)
        self._several.discard(key)
        # Which of its atoms it hangs on is not kept: that would cost more memory than looking costs time.
        for atom in {leaf.atom for leaf in leaves(plan)}:
            hung = self._hung.get(atom)
            if hung is not None and hung.remove(key) and hung.is_empty():
                del self._hung[atom]
                self._unfile(atom)

    def match(self, article: Analysed) -> list[Match[K]]:
        """All queries that match, each with its reasons, in no particular order."""
        facts = Facts(article)
        return [Match(key, reasons(self._plans[key], facts)) for key in self._matching(facts)]

    def matching(self, article: Analysed) -> list[K]:
        """The keys of all queries that match, in no particular order."""
        return self._matching(Facts(article))

    def _matching(self, facts: Facts) -> list[K]:
        found: list[K] = []
        for atom in self._asked(facts):
            if facts[atom]:
                hung = self._hung[atom]
                found += hung.sure
                for key, plan in zip(hung.keys, hung.plans, strict=True):
                    if plan.holds(facts):
                        found.append(key)
        if self._several:
            # What hangs on several atoms may have been found at each.
            found = list(dict.fromkeys(found))
        return found

    def _asked(self, facts: Facts) -> Iterator[Atom]:
        """The filed atoms that the article may have."""
        article = facts.article
        for atom in self._body.asked(article.body):
            if atom.where is Where.ANYWHERE and len(atom.tokens) == 1:
                facts[atom] = True  # it was found by that very word
            yield atom
        yield from self._authors.asked(article.authors)
        named = ((Where.SOURCE, article.sources), (Where.TOPIC, article.topics), (Where.LANG, article.languages))
        for where, names in named:
            filed = self._names[where]
            yield from (filed[name] for name in filed.keys() & names.keys())

    def _file(self, atom: Atom) -> None:
        if isinstance(atom, Name):
            self._names[atom.where][atom.name] = atom
        else:
            self._files(atom).add(atom, self._frequency)

    def _unfile(self, atom: Atom) -> None:
        if isinstance(atom, Name):
            del self._names[atom.where][atom.name]
        else:
            self._files(atom).remove(atom)

    def _files(self, atom: Run) -> "_Files":
        return self._authors if atom.where is Where.AUTHOR else self._body


@dataclass(frozen=True, slots=True, eq=False)
class _Hung(Generic[K]):
    """What hangs on one atom: queries that match if it is there, and the others with their plans."""

    sure: list[K]
    keys: list[K]
    plans: list[Plan]

    def add(self, key: K, plan: Plan) -> None:
        """Hang a query."""
        if _is_its_anchors(plan):
            self.sure.append(key)
        else:
            self.keys.append(key)
            self.plans.append(plan)

    def remove(self, key: K) -> bool:
        """Take a query off; whether it was there."""
        if key in self.sure:
            self.sure.remove(key)
        elif key in self.keys:
            place = self.keys.index(key)
            del self.keys[place], self.plans[place]
        else:
            return False
        return True

    def is_empty(self) -> bool:
        """Whether nothing hangs here."""
        return not self.sure and not self.keys


def _is_its_anchors(plan: Plan) -> bool:
    """Whether any one of its anchors is all it asks for: a word, or words joined by OR."""
    return isinstance(plan, Leaf) or (isinstance(plan, Any) and all(_is_its_anchors(child) for child in plan.children))


class _Files:
    """Runs filed by token: by a stem, by a folded word, or by the beginning of one."""

    def __init__(self) -> None:
        self._stems: dict[str, tuple[Run, ...]] = {}
        self._words: dict[str, tuple[Run, ...]] = {}
        self._beginnings: dict[str, tuple[Run, ...]] = {}
        self._lengths: tuple[int, ...] = ()
        self._begun: dict[str, tuple[Run, ...]] = {}  # a word of articles: the runs for its beginnings

    def add(self, run: Run, frequency: Frequency | None) -> None:
        """File a run under its rarest token."""
        drawer = self._drawer(run)
        token = run.tokens[0] if drawer is self._beginnings else rarest(run, frequency)
        drawer[token] = (*drawer.get(token, ()), run)
        if drawer is self._beginnings:
            self._beginnings_changed()

    def remove(self, run: Run) -> None:
        """Take a run out, whichever of its tokens it is under."""
        drawer = self._drawer(run)
        for token in set(run.tokens):
            left = tuple(other for other in drawer.get(token, ()) if other is not run)
            if left:
                drawer[token] = left
            else:
                drawer.pop(token, None)
        if drawer is self._beginnings:
            self._beginnings_changed()

    def asked(self, tokens: Tokens) -> Iterator[Run]:
        """The runs filed under some token of these, each once."""
        for stem in self._stems.keys() & tokens.stem_at.keys():
            yield from self._stems[stem]
        for word in self._words.keys() & tokens.word_at.keys():
            yield from self._words[word]
        if self._beginnings:
            begun: dict[Run, None] = {}
            for word in tokens.word_at:
                runs = self._begun.get(word)
                if runs is None:
                    runs = self._begin(word)
                if runs:
                    begun.update(dict.fromkeys(runs))
            yield from begun

    def _begin(self, word: str) -> tuple[Run, ...]:
        if len(self._begun) >= _CACHE_SIZE:
            self._begun.clear()
        starts = (word[:length] for length in self._lengths if length <= len(word))
        runs = self._begun[word] = tuple(run for start in starts for run in self._beginnings.get(start, ()))
        return runs

    def _drawer(self, run: Run) -> dict[str, tuple[Run, ...]]:
        if run.form is Form.STEM:
            return self._stems
        if run.form is Form.BEGINNING and len(run.tokens) == 1:
            return self._beginnings
        return self._words

    def _beginnings_changed(self) -> None:
        self._begun.clear()
        self._lengths = tuple({len(beginning) for beginning in self._beginnings})
